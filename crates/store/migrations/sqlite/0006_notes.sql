-- Which rows each of a partition's last commits changed, for processes that show what others commit: the place of a note
-- is used again once as many commits as are remembered have come after it.

CREATE TABLE noted (
  place INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  previous BLOB NOT NULL,
  alerts BLOB NOT NULL,
  incidents BLOB NOT NULL,
  problems BLOB NOT NULL,
  outages BLOB NOT NULL,
  names TEXT NOT NULL
) STRICT;
