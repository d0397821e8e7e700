-- Each partition has a writer of its own, with a head of its own: row 1 is the head of whoever writes the whole store, row
-- n + 2 that of partition n. People's numbers are one sequence for all of them.

CREATE TABLE numbering (
  id bigint PRIMARY KEY CHECK (id = 1),
  incident bigint NOT NULL,
  problem bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO numbering SELECT 1, incident_number, problem_number FROM head;

ALTER TABLE head DROP COLUMN incident_number, DROP COLUMN problem_number;
ALTER TABLE head DROP CONSTRAINT head_id_check, ADD CHECK (id >= 1);
ALTER TABLE head ADD COLUMN outputs bigint NOT NULL DEFAULT 0;
-- Outputs had the place of their commit in theirs, which would lead out of the whole store's sequence: those that wait
-- are numbered from 1 on, by way of numbers that none has, and what comes now comes after.
UPDATE output SET id = -nth FROM (SELECT id AS was, row_number() OVER (ORDER BY id) AS nth FROM output) AS placed
  WHERE id = was;
UPDATE output SET id = -id;
UPDATE head SET outputs = (SELECT count(*) FROM output);

ALTER TABLE domain ADD COLUMN head bigint NOT NULL DEFAULT 1;
CREATE INDEX audit_newest ON audit (at, seq);
-- A partition loads its domains' alerts alone, however many others there are.
CREATE INDEX alert_of_domain ON alert (domain, id);
