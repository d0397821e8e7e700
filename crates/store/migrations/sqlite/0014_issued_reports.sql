-- Reports that were issued, each as it was: none of these rows is ever changed or removed.
CREATE TABLE issued_report (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,
  line TEXT NOT NULL,
  changes TEXT NOT NULL,
  answer TEXT NOT NULL,
  csv TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX issued_report_once ON issued_report (name, start, revision);
CREATE INDEX issued_report_newest ON issued_report (issued_at, id);
