-- Readers of source topics that are behind hold the time of the engines back that follow their log.
CREATE TABLE held (
  head bigint NOT NULL,
  reader text COLLATE "C" NOT NULL,
  behind bigint NOT NULL,
  said_at bigint NOT NULL,
  PRIMARY KEY (head, reader)
);
