-- What people say of outages in place of alerts; and what was called a false positive is found without a look at the rest.
CREATE TABLE correction (
  id BLOB NOT NULL,
  domain TEXT NOT NULL,
  service TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id, domain)
) STRICT;
CREATE INDEX correction_until ON correction (stop);
CREATE INDEX episode_false_positive ON episode (alert, id) WHERE false_positive = 1;
