-- What the engine wants from behind its horizon and has not been given yet, each domain's in order.

CREATE TABLE owed (
  domain TEXT NOT NULL,
  nth INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (domain, nth)
) STRICT, WITHOUT ROWID;
