-- The incidents, and the outages, of a day that is past, side by side: what reports over years read instead of their rows.
CREATE TABLE pack (
  kind text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  least bigint NOT NULL,
  most bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (kind, day)
);
