-- Declared major incidents: which of them still owe a review, or an action of it.
CREATE TABLE review (
  incident BLOB NOT NULL PRIMARY KEY,
  domain TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  owed INTEGER NOT NULL
) STRICT;
CREATE INDEX review_newest ON review (opened_at, incident);
CREATE INDEX review_owed ON review (owed, opened_at, incident);
