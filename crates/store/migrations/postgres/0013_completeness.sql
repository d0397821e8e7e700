-- What a report says of its completeness: dead letters by the hour, as events are counted; positions that were lost, with the
-- instant at which that was noticed; and since when the two are kept in a store that is older than they.
CREATE TABLE dead_letter_hour (
  hour bigint NOT NULL,
  head bigint NOT NULL,
  letters bigint NOT NULL,
  PRIMARY KEY (hour, head)
);
CREATE TABLE lost_range (
  slot text COLLATE "C" NOT NULL,
  start bigint NOT NULL,
  stop bigint NOT NULL,
  at bigint,
  PRIMARY KEY (slot, start)
);
CREATE INDEX lost_range_at ON lost_range (at);
CREATE TABLE kept_since (
  what text COLLATE "C" PRIMARY KEY,
  since bigint NOT NULL
);
INSERT INTO lost_range SELECT slot, start, stop, NULL FROM ledger WHERE gap = 1;
INSERT INTO kept_since SELECT 'completeness', (clock / 3600000000 + 1) * 3600000000
  FROM (SELECT max(clock) AS clock FROM head WHERE commits > 0) AS last WHERE clock IS NOT NULL;
