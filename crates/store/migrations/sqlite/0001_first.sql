-- Instants are microseconds since 1970, UTC; ids are sixteen bytes; `body` is the JSON of the model's type.
-- Wide tables keep their rowid, so that a new row is appended; narrow ones are their own index.

CREATE TABLE head (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL,
  commits INTEGER NOT NULL,
  hash BLOB NOT NULL,
  clock INTEGER NOT NULL,
  incident_number INTEGER NOT NULL,
  problem_number INTEGER NOT NULL,
  timeline INTEGER NOT NULL,
  audit INTEGER NOT NULL
) STRICT;
INSERT INTO head VALUES (1, 0, 0, zeroblob(16), 0, 0, 0, 0, 0);

CREATE TABLE committed (
  seq INTEGER PRIMARY KEY,
  epoch INTEGER NOT NULL,
  previous BLOB NOT NULL,
  hash BLOB NOT NULL,
  digest BLOB NOT NULL,
  clock INTEGER NOT NULL,
  events INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  escalated INTEGER NOT NULL,
  cleared INTEGER NOT NULL,
  reopened INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  told INTEGER NOT NULL,
  dead_letters INTEGER NOT NULL
) STRICT;

CREATE TABLE position (
  slot TEXT PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger (
  slot TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL CHECK (start < stop),
  seq INTEGER NOT NULL,
  gap INTEGER NOT NULL,
  PRIMARY KEY (slot, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX ledger_oldest ON ledger (seq);

CREATE TABLE domain (
  name TEXT PRIMARY KEY,
  clock INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE alert (
  id BLOB NOT NULL PRIMARY KEY,
  domain TEXT NOT NULL,
  source TEXT NOT NULL,
  state TEXT NOT NULL,
  severity INTEGER NOT NULL,
  ci TEXT,
  environment TEXT,
  suppressed INTEGER NOT NULL,
  changed_at INTEGER NOT NULL,
  search TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX alert_newest ON alert (changed_at, id);
CREATE INDEX alert_of_item ON alert (ci) WHERE ci IS NOT NULL;

CREATE TABLE alert_hot (
  alert BLOB NOT NULL PRIMARY KEY,
  total INTEGER NOT NULL,
  first_received_at INTEGER NOT NULL,
  last_received_at INTEGER NOT NULL,
  repeated INTEGER,
  repeated_start INTEGER,
  repeated_words INTEGER,
  repeated_received_at INTEGER,
  repeated_ends_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE episode (
  alert BLOB NOT NULL,
  id BLOB NOT NULL,
  alert_name TEXT NOT NULL,
  ci TEXT,
  incident BLOB,
  start INTEGER NOT NULL,
  stop INTEGER,
  ended_by TEXT,
  received_at INTEGER NOT NULL,
  counting_since INTEGER,
  counts_from INTEGER,
  suppressed INTEGER NOT NULL,
  too_old INTEGER NOT NULL,
  preexisting INTEGER NOT NULL,
  false_positive INTEGER NOT NULL,
  steps TEXT NOT NULL,
  needed INTEGER NOT NULL,
  rest TEXT NOT NULL,
  PRIMARY KEY (alert, id)
) STRICT;
CREATE INDEX episode_needed ON episode (needed, alert, id) WHERE needed = 1;
CREATE INDEX episode_of_incident ON episode (incident) WHERE incident IS NOT NULL;
CREATE INDEX episode_of_item ON episode (ci, start) WHERE ci IS NOT NULL;

CREATE TABLE remembered (
  alert BLOB NOT NULL,
  instant INTEGER NOT NULL,
  start INTEGER NOT NULL,
  words INTEGER NOT NULL,
  own_instant INTEGER NOT NULL,
  undated INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  effect TEXT,
  first_received_at INTEGER NOT NULL,
  last_received_at INTEGER NOT NULL,
  ends_at INTEGER,
  PRIMARY KEY (alert, instant, start, words)
) STRICT, WITHOUT ROWID;

CREATE TABLE statement (
  alert BLOB NOT NULL,
  instant INTEGER NOT NULL,
  kind TEXT NOT NULL,
  severity INTEGER NOT NULL,
  start INTEGER,
  effect TEXT,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (alert, instant, kind, severity)
) STRICT, WITHOUT ROWID;
CREATE INDEX statement_oldest ON statement (received_at);

CREATE TABLE incident (
  id BLOB NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  domain TEXT NOT NULL,
  state TEXT NOT NULL,
  priority INTEGER NOT NULL,
  team TEXT,
  problem BLOB,
  parent BLOB,
  opened_at INTEGER NOT NULL,
  until INTEGER,
  needed_until INTEGER,
  search TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX incident_needed ON incident (needed_until, id);
CREATE INDEX incident_newest ON incident (opened_at, id);
CREATE INDEX incident_until ON incident (until, id);
CREATE INDEX incident_of_problem ON incident (problem) WHERE problem IS NOT NULL;

CREATE TABLE recurrence (
  incident BLOB NOT NULL,
  ci TEXT NOT NULL,
  signature TEXT NOT NULL,
  domain TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  PRIMARY KEY (incident, ci, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX recurrence_newest ON recurrence (opened_at);

CREATE TABLE about (
  subject BLOB NOT NULL,
  role TEXT NOT NULL,
  ci TEXT NOT NULL,
  PRIMARY KEY (subject, role, ci)
) STRICT, WITHOUT ROWID;
CREATE INDEX about_item ON about (ci, role, subject);

CREATE TABLE problem (
  id BLOB NOT NULL PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  domain TEXT NOT NULL,
  state TEXT NOT NULL,
  ci TEXT,
  opened_at INTEGER NOT NULL,
  search TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX problem_newest ON problem (opened_at, id);

CREATE TABLE outage (
  id BLOB NOT NULL PRIMARY KEY,
  service TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER,
  state TEXT NOT NULL,
  planned INTEGER NOT NULL,
  incident BLOB,
  domain TEXT NOT NULL
) STRICT;
CREATE INDEX outage_of_service ON outage (service, start, id);
CREATE INDEX outage_until ON outage (stop, id);

CREATE TABLE silence (
  id BLOB NOT NULL,
  domain TEXT NOT NULL,
  stop INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id, domain)
) STRICT;
CREATE INDEX silence_until ON silence (stop);

CREATE TABLE maintenance (
  id BLOB NOT NULL,
  domain TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id, domain)
) STRICT;
CREATE INDEX maintenance_until ON maintenance (stop);

CREATE TABLE change_record (
  id BLOB NOT NULL,
  domain TEXT NOT NULL,
  at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  search TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (id, domain)
) STRICT;
CREATE INDEX change_newest ON change_record (at, id, domain);
CREATE INDEX change_received ON change_record (received_at);

CREATE TABLE source (
  name TEXT NOT NULL,
  domain TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (name, domain)
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
  ci TEXT NOT NULL,
  source TEXT NOT NULL,
  domain TEXT NOT NULL,
  since INTEGER NOT NULL,
  PRIMARY KEY (ci, source, domain)
) STRICT, WITHOUT ROWID;

CREATE TABLE source_gap (
  source TEXT NOT NULL,
  domain TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  PRIMARY KEY (source, domain, start)
) STRICT, WITHOUT ROWID;

CREATE TABLE recovery_point (
  ci TEXT NOT NULL,
  instant INTEGER NOT NULL,
  completed_at INTEGER NOT NULL,
  as_of INTEGER,
  verified INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (ci, instant, completed_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE exercise (
  ci TEXT NOT NULL,
  held_at INTEGER NOT NULL,
  recovery INTEGER,
  recovery_point INTEGER,
  passed INTEGER NOT NULL,
  every INTEGER,
  received_at INTEGER NOT NULL,
  PRIMARY KEY (ci, held_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE timeline (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  subject BLOB NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX timeline_of_subject ON timeline (subject, seq);

CREATE TABLE outbox (
  id BLOB NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  notify INTEGER NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  progress TEXT,
  error TEXT
) STRICT;
CREATE INDEX outbox_due ON outbox (state, next_at, id);
CREATE INDEX outbox_oldest ON outbox (state, at, id);

CREATE TABLE dead_letter (
  id BLOB NOT NULL PRIMARY KEY,
  source TEXT NOT NULL,
  format TEXT NOT NULL,
  origin TEXT NOT NULL,
  reason TEXT NOT NULL,
  received_at INTEGER NOT NULL,
  state TEXT NOT NULL,
  size INTEGER NOT NULL,
  raw BLOB NOT NULL
) STRICT;
CREATE INDEX dead_letter_newest ON dead_letter (received_at, id);

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  person TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;

CREATE TABLE receipt (
  token TEXT PRIMARY KEY,
  answer TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_oldest ON receipt (at);

CREATE TABLE topology (
  version INTEGER PRIMARY KEY,
  start INTEGER NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TABLE count_hour (
  hour INTEGER NOT NULL,
  domain TEXT NOT NULL,
  events INTEGER NOT NULL,
  opened INTEGER NOT NULL,
  repeated INTEGER NOT NULL,
  escalated INTEGER NOT NULL,
  cleared INTEGER NOT NULL,
  reopened INTEGER NOT NULL,
  suppressed INTEGER NOT NULL,
  stale INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  told INTEGER NOT NULL,
  PRIMARY KEY (hour, domain)
) STRICT, WITHOUT ROWID;
