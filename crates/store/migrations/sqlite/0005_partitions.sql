-- Each partition has a writer of its own, with a head of its own: row 1 is the head of whoever writes the whole store, row
-- n + 2 that of partition n. People's numbers are one sequence for all of them.

CREATE TABLE numbering (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  incident INTEGER NOT NULL,
  problem INTEGER NOT NULL
) STRICT;
INSERT INTO numbering SELECT 1, incident_number, problem_number FROM head;

CREATE TABLE heads (
  id INTEGER PRIMARY KEY CHECK (id >= 1),
  epoch INTEGER NOT NULL,
  commits INTEGER NOT NULL,
  hash BLOB NOT NULL,
  clock INTEGER NOT NULL,
  timeline INTEGER NOT NULL,
  audit INTEGER NOT NULL,
  hot_logged INTEGER NOT NULL,
  outputs INTEGER NOT NULL
) STRICT;
-- Outputs had the place of their commit in theirs, which would lead out of the whole store's sequence: those that wait
-- are numbered from 1 on, by way of numbers that none has, and what comes now comes after.
UPDATE output SET id = -nth FROM (SELECT id AS was, row_number() OVER (ORDER BY id) AS nth FROM output) AS placed
  WHERE id = was;
UPDATE output SET id = -id;
INSERT INTO heads SELECT id, epoch, commits, hash, clock, timeline, audit, hot_logged, (SELECT count(*) FROM output)
  FROM head;
DROP TABLE head;
ALTER TABLE heads RENAME TO head;

ALTER TABLE domain ADD COLUMN head INTEGER NOT NULL DEFAULT 1;
CREATE INDEX audit_newest ON audit (at, seq);
