-- Readers of source topics that are behind hold the time of the engines back that follow their log.
CREATE TABLE held (
  head INTEGER NOT NULL,
  reader TEXT NOT NULL,
  behind INTEGER NOT NULL,
  said_at INTEGER NOT NULL,
  PRIMARY KEY (head, reader)
) STRICT;
