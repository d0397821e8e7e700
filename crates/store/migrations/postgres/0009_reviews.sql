-- Declared major incidents: which of them still owe a review, or an action of it.
CREATE TABLE review (
  incident bytea NOT NULL PRIMARY KEY,
  domain text COLLATE "C" NOT NULL,
  opened_at bigint NOT NULL,
  owed bigint NOT NULL
);
CREATE INDEX review_newest ON review (opened_at, incident);
CREATE INDEX review_owed ON review (owed, opened_at, incident);
