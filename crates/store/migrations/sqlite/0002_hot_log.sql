-- What repeats move goes to the end of this log, a row for each commit, and into `alert_hot` once there is enough of it.

CREATE TABLE hot_log (
  seq INTEGER PRIMARY KEY,
  entries INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

ALTER TABLE head ADD COLUMN hot_logged INTEGER NOT NULL DEFAULT 0;
