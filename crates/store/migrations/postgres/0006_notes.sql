-- Which rows each of a partition's last commits changed, for processes that show what others commit: the place of a note
-- is used again once as many commits as are remembered have come after it.

CREATE TABLE noted (
  place bigint PRIMARY KEY,
  seq bigint NOT NULL,
  previous bytea NOT NULL,
  alerts bytea NOT NULL,
  incidents bytea NOT NULL,
  problems bytea NOT NULL,
  outages bytea NOT NULL,
  names text COLLATE "C" NOT NULL
);
