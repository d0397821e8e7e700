-- What topics are told that carry every change: written with the change, gone once it is told.
CREATE TABLE output (
  id bigint PRIMARY KEY,
  at bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL
);
