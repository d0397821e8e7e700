-- The incidents, and the outages, of a day that is past, side by side: what reports over years read instead of their rows.
CREATE TABLE pack (
  kind TEXT NOT NULL,
  day INTEGER NOT NULL,
  least INTEGER NOT NULL,
  most INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (kind, day)
) STRICT;
