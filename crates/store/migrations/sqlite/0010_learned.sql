-- What fired together before: how often a party began, and how often two began together.
CREATE TABLE learned (
  domain TEXT NOT NULL,
  party TEXT NOT NULL,
  other TEXT NOT NULL,
  count INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (domain, party, other)
) STRICT, WITHOUT ROWID;
