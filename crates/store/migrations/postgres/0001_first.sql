-- Instants are microseconds since 1970, UTC; ids are sixteen bytes; `body` is the JSON of the model's type.
-- Text is compared byte by byte (COLLATE "C"), as everywhere in Watchfire: pages are cut in that order.
-- What was said and what was decided is partitioned by month, so that it goes a month at a time; a month's partition is
-- made when its first row comes.

CREATE TABLE head (
  id bigint PRIMARY KEY CHECK (id = 1),
  epoch bigint NOT NULL,
  commits bigint NOT NULL,
  hash bytea NOT NULL,
  clock bigint NOT NULL,
  incident_number bigint NOT NULL,
  problem_number bigint NOT NULL,
  timeline bigint NOT NULL,
  audit bigint NOT NULL,
  hot_logged bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO head VALUES (1, 0, 0, '\x00000000000000000000000000000000', 0, 0, 0, 0, 0, 0);

CREATE TABLE committed (
  seq bigint PRIMARY KEY,
  epoch bigint NOT NULL,
  previous bytea NOT NULL,
  hash bytea NOT NULL,
  digest bytea NOT NULL,
  clock bigint NOT NULL,
  events bigint NOT NULL,
  opened bigint NOT NULL,
  repeated bigint NOT NULL,
  escalated bigint NOT NULL,
  cleared bigint NOT NULL,
  reopened bigint NOT NULL,
  suppressed bigint NOT NULL,
  stale bigint NOT NULL,
  rejected bigint NOT NULL,
  recorded bigint NOT NULL,
  told bigint NOT NULL,
  dead_letters bigint NOT NULL
);

CREATE TABLE position (
  slot text COLLATE "C" PRIMARY KEY,
  next bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE ledger (
  slot text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL CHECK (start < stop),
  seq bigint NOT NULL,
  gap bigint NOT NULL,
  PRIMARY KEY (slot, start)
);
CREATE INDEX ledger_oldest ON ledger (seq);

CREATE TABLE domain (
  name text COLLATE "C" PRIMARY KEY,
  clock bigint NOT NULL
);

CREATE TABLE alert (
  id bytea NOT NULL PRIMARY KEY,
  domain text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  severity bigint NOT NULL,
  ci text COLLATE "C",
  environment text COLLATE "C",
  suppressed bigint NOT NULL,
  changed_at bigint NOT NULL,
  search text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL
);
CREATE INDEX alert_newest ON alert (changed_at, id);
CREATE INDEX alert_of_item ON alert (ci) WHERE ci IS NOT NULL;

CREATE TABLE alert_hot (
  alert bytea NOT NULL PRIMARY KEY,
  total bigint NOT NULL,
  first_received_at bigint NOT NULL,
  last_received_at bigint NOT NULL,
  repeated bigint,
  repeated_start bigint,
  repeated_words bigint,
  repeated_received_at bigint,
  repeated_ends_at bigint
) WITH (fillfactor = 70);

CREATE TABLE episode (
  alert bytea NOT NULL,
  id bytea NOT NULL,
  alert_name text COLLATE "C" NOT NULL,
  ci text COLLATE "C",
  incident bytea,
  start bigint NOT NULL,
  stop bigint,
  ended_by text COLLATE "C",
  received_at bigint NOT NULL,
  counting_since bigint,
  counts_from bigint,
  suppressed bigint NOT NULL,
  too_old bigint NOT NULL,
  preexisting bigint NOT NULL,
  false_positive bigint NOT NULL,
  steps text COLLATE "C" NOT NULL,
  needed bigint NOT NULL,
  rest text COLLATE "C" NOT NULL,
  PRIMARY KEY (alert, id)
);
CREATE INDEX episode_needed ON episode (needed, alert, id) WHERE needed = 1;
CREATE INDEX episode_of_incident ON episode (incident) WHERE incident IS NOT NULL;
CREATE INDEX episode_of_item ON episode (ci, start) WHERE ci IS NOT NULL;

CREATE TABLE remembered (
  alert bytea NOT NULL,
  instant bigint NOT NULL,
  start bigint NOT NULL,
  words bigint NOT NULL,
  own_instant bigint NOT NULL,
  undated bigint NOT NULL,
  severity bigint NOT NULL,
  effect text COLLATE "C",
  first_received_at bigint NOT NULL,
  last_received_at bigint NOT NULL,
  ends_at bigint,
  PRIMARY KEY (alert, instant, start, words)
);

CREATE TABLE statement (
  alert bytea NOT NULL,
  instant bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  severity bigint NOT NULL,
  start bigint,
  effect text COLLATE "C",
  received_at bigint NOT NULL,
  PRIMARY KEY (alert, instant, kind, severity)
) PARTITION BY RANGE (instant);
CREATE INDEX statement_oldest ON statement (received_at);

CREATE TABLE incident (
  id bytea NOT NULL PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  domain text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  priority bigint NOT NULL,
  team text COLLATE "C",
  problem bytea,
  parent bytea,
  opened_at bigint NOT NULL,
  until bigint,
  needed_until bigint,
  search text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL
);
CREATE INDEX incident_needed ON incident (needed_until, id);
CREATE INDEX incident_newest ON incident (opened_at, id);
CREATE INDEX incident_until ON incident (until, id);
CREATE INDEX incident_of_problem ON incident (problem) WHERE problem IS NOT NULL;

CREATE TABLE recurrence (
  incident bytea NOT NULL,
  ci text COLLATE "C" NOT NULL,
  signature text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  opened_at bigint NOT NULL,
  PRIMARY KEY (incident, ci, signature)
);
CREATE INDEX recurrence_newest ON recurrence (opened_at);

CREATE TABLE about (
  subject bytea NOT NULL,
  role text COLLATE "C" NOT NULL,
  ci text COLLATE "C" NOT NULL,
  PRIMARY KEY (subject, role, ci)
);
CREATE INDEX about_item ON about (ci, role, subject);

CREATE TABLE problem (
  id bytea NOT NULL PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  domain text COLLATE "C" NOT NULL,
  state text COLLATE "C" NOT NULL,
  ci text COLLATE "C",
  opened_at bigint NOT NULL,
  search text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL
);
CREATE INDEX problem_newest ON problem (opened_at, id);

CREATE TABLE outage (
  id bytea NOT NULL PRIMARY KEY,
  service text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint,
  state text COLLATE "C" NOT NULL,
  planned bigint NOT NULL,
  incident bytea,
  domain text COLLATE "C" NOT NULL
);
CREATE INDEX outage_of_service ON outage (service, start, id);
CREATE INDEX outage_until ON outage (stop, id);

CREATE TABLE silence (
  id bytea NOT NULL,
  domain text COLLATE "C" NOT NULL,
  stop bigint NOT NULL,
  updated_at bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (id, domain)
);
CREATE INDEX silence_until ON silence (stop);

CREATE TABLE maintenance (
  id bytea NOT NULL,
  domain text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL,
  deleted bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (id, domain)
);
CREATE INDEX maintenance_until ON maintenance (stop);

CREATE TABLE change_record (
  id bytea NOT NULL,
  domain text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  received_at bigint NOT NULL,
  search text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (id, domain)
);
CREATE INDEX change_newest ON change_record (at, id, domain);
CREATE INDEX change_received ON change_record (received_at);

CREATE TABLE source (
  name text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (name, domain)
);

CREATE TABLE coverage (
  ci text COLLATE "C" NOT NULL,
  source text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  since bigint NOT NULL,
  PRIMARY KEY (ci, source, domain)
);

CREATE TABLE source_gap (
  source text COLLATE "C" NOT NULL,
  domain text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL,
  PRIMARY KEY (source, domain, start)
);

CREATE TABLE recovery_point (
  ci text COLLATE "C" NOT NULL,
  instant bigint NOT NULL,
  completed_at bigint NOT NULL,
  as_of bigint,
  verified bigint NOT NULL,
  received_at bigint NOT NULL,
  PRIMARY KEY (ci, instant, completed_at)
);

CREATE TABLE exercise (
  ci text COLLATE "C" NOT NULL,
  held_at bigint NOT NULL,
  recovery bigint,
  recovery_point bigint,
  passed bigint NOT NULL,
  every bigint,
  received_at bigint NOT NULL,
  PRIMARY KEY (ci, held_at)
);

CREATE TABLE timeline (
  seq bigint NOT NULL,
  at bigint NOT NULL,
  subject bytea NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (seq, at)
) PARTITION BY RANGE (at);
CREATE INDEX timeline_of_subject ON timeline (subject, seq);

CREATE TABLE outbox (
  id bytea NOT NULL PRIMARY KEY,
  at bigint NOT NULL,
  kind text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  notify bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  attempts bigint NOT NULL,
  next_at bigint NOT NULL,
  progress text COLLATE "C",
  error text COLLATE "C"
);
CREATE INDEX outbox_due ON outbox (state, next_at, id);
CREATE INDEX outbox_oldest ON outbox (state, at, id);

CREATE TABLE dead_letter (
  id bytea NOT NULL PRIMARY KEY,
  source text COLLATE "C" NOT NULL,
  format text COLLATE "C" NOT NULL,
  origin text COLLATE "C" NOT NULL,
  reason text COLLATE "C" NOT NULL,
  received_at bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  size bigint NOT NULL,
  raw bytea NOT NULL
);
CREATE INDEX dead_letter_newest ON dead_letter (received_at, id);

CREATE TABLE audit (
  seq bigint PRIMARY KEY,
  at bigint NOT NULL,
  person text COLLATE "C" NOT NULL,
  action text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  detail text COLLATE "C" NOT NULL
);

CREATE TABLE receipt (
  token text COLLATE "C" PRIMARY KEY,
  answer text COLLATE "C" NOT NULL,
  at bigint NOT NULL
);
CREATE INDEX receipt_oldest ON receipt (at);

CREATE TABLE topology (
  version bigint PRIMARY KEY,
  start bigint NOT NULL,
  body text COLLATE "C" NOT NULL
);

CREATE TABLE count_hour (
  hour bigint NOT NULL,
  domain text COLLATE "C" NOT NULL,
  events bigint NOT NULL,
  opened bigint NOT NULL,
  repeated bigint NOT NULL,
  escalated bigint NOT NULL,
  cleared bigint NOT NULL,
  reopened bigint NOT NULL,
  suppressed bigint NOT NULL,
  stale bigint NOT NULL,
  rejected bigint NOT NULL,
  recorded bigint NOT NULL,
  told bigint NOT NULL,
  PRIMARY KEY (hour, domain)
);

-- What repeats move goes to the end of this log, a row for each commit, and into `alert_hot` once there is enough of it.
CREATE TABLE hot_log (
  seq bigint PRIMARY KEY,
  entries bigint NOT NULL,
  body bytea NOT NULL
);

-- What the engine wants from behind its horizon and has not been given yet, each domain's in order.
CREATE TABLE owed (
  domain text COLLATE "C" NOT NULL,
  nth bigint NOT NULL,
  body text COLLATE "C" NOT NULL,
  PRIMARY KEY (domain, nth)
);
