-- For reports of others (BI tools, SQL at a prompt): instants as timestamps, ids as everywhere else, numbers as people
-- say them. They only show; what they show is docs/operations.md's, and stays.

CREATE FUNCTION bi_instant(micros bigint) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN timestamptz 'epoch' + micros * interval '1 microsecond';

CREATE FUNCTION bi_field(body text, name text) RETURNS timestamptz
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN timestamptz 'epoch' + (body::json ->> name)::bigint * interval '1 microsecond';

CREATE VIEW bi_incidents AS
SELECT
  'INC' || lpad(number::text, 7, '0') AS number,
  'inc_' || encode(id, 'hex') AS id,
  domain,
  state,
  body::json ->> 'priority' AS priority,
  team,
  body::json ->> 'assignee' AS assignee,
  body::json ->> 'title' AS title,
  body::json ->> 'environment' AS environment,
  body::json ->> 'detected_by' AS detected_by,
  body::json ->> 'major' AS major,
  body::json #>> '{causes,0,ci}' AS cause,
  body::json #>> '{causes,0,confidence}' AS confidence,
  bi_field(body, 'started_at') AS started_at,
  bi_field(body, 'detected_at') AS detected_at,
  bi_instant(opened_at) AS opened_at,
  bi_field(body, 'acknowledged_at') AS acknowledged_at,
  bi_field(body, 'restored_at') AS restored_at,
  bi_field(body, 'resolved_at') AS resolved_at,
  bi_field(body, 'closed_at') AS closed_at,
  'prb_' || encode(problem, 'hex') AS problem
FROM incident;

CREATE VIEW bi_incident_services AS
SELECT
  'inc_' || encode(incident.id, 'hex') AS incident,
  affected.value ->> 'id' AS service,
  affected.value ->> 'state' AS worst_state,
  affected.value ->> 'now' AS state_now,
  timestamptz 'epoch' + (affected.value ->> 'since')::bigint * interval '1 microsecond' AS since,
  (affected.value ->> 'criticality')::int AS criticality
FROM incident CROSS JOIN LATERAL json_array_elements(incident.body::json -> 'services') AS affected (value);

CREATE VIEW bi_problems AS
SELECT
  'PRB' || lpad(number::text, 7, '0') AS number,
  'prb_' || encode(id, 'hex') AS id,
  domain,
  state,
  ci,
  body::json ->> 'title' AS title,
  body::json ->> 'workaround' AS workaround,
  bi_instant(opened_at) AS opened_at
FROM problem;

CREATE VIEW bi_outages AS
SELECT
  'out_' || encode(id, 'hex') AS id,
  domain,
  service,
  state,
  planned = 1 AS planned,
  bi_instant(start) AS started_at,
  bi_instant(stop) AS ended_at,
  'inc_' || encode(incident, 'hex') AS incident
FROM outage;

CREATE VIEW bi_alerts AS
SELECT
  'alr_' || encode(id, 'hex') AS id,
  domain,
  source,
  state,
  (ARRAY['info', 'warning', 'minor', 'major', 'critical'])[severity + 1] AS severity,
  ci,
  environment,
  suppressed = 1 AS suppressed,
  body::json ->> 'summary' AS summary,
  body::json -> 'labels' AS labels,
  bi_instant(changed_at) AS changed_at
FROM alert;

CREATE VIEW bi_episodes AS
SELECT
  'alr_' || encode(alert, 'hex') AS alert,
  'epi_' || encode(id, 'hex') AS id,
  alert_name,
  ci,
  'inc_' || encode(incident, 'hex') AS incident,
  bi_instant(start) AS started_at,
  bi_instant(stop) AS ended_at,
  ended_by,
  bi_instant(received_at) AS received_at,
  suppressed = 1 AS suppressed,
  false_positive = 1 AS false_positive
FROM episode;

CREATE VIEW bi_timeline AS
SELECT
  seq,
  bi_instant(at) AS at,
  body::json -> 'subject' AS subject,
  body::json #>> '{reason,code}' AS reason,
  body::json -> 'reason' AS figures,
  body::json ->> 'by' AS by
FROM timeline;

CREATE VIEW bi_events_by_hour AS
SELECT
  bi_instant(hour) AS hour,
  domain, events, opened, repeated, escalated, cleared, reopened, suppressed, stale, rejected, recorded, told
FROM count_hour;
