-- Reports that were issued, each as it was: none of these rows is ever changed or removed.
CREATE TABLE issued_report (
  id bytea NOT NULL PRIMARY KEY,
  name text COLLATE "C" NOT NULL,
  kind text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL,
  revision bigint NOT NULL,
  issued_at bigint NOT NULL,
  line text COLLATE "C" NOT NULL,
  changes text COLLATE "C" NOT NULL,
  answer text COLLATE "C" NOT NULL,
  csv text COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX issued_report_once ON issued_report (name, start, revision);
CREATE INDEX issued_report_newest ON issued_report (issued_at, id);
