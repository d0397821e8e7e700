-- What a report says of its completeness: dead letters by the hour, as events are counted; positions that were lost, with the
-- instant at which that was noticed; and since when the two are kept in a store that is older than they.
CREATE TABLE dead_letter_hour (
  hour INTEGER NOT NULL,
  head INTEGER NOT NULL,
  letters INTEGER NOT NULL,
  PRIMARY KEY (hour, head)
) STRICT, WITHOUT ROWID;
CREATE TABLE lost_range (
  slot TEXT NOT NULL,
  start INTEGER NOT NULL,
  stop INTEGER NOT NULL,
  at INTEGER,
  PRIMARY KEY (slot, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX lost_range_at ON lost_range (at);
CREATE TABLE kept_since (
  what TEXT PRIMARY KEY,
  since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO lost_range SELECT slot, start, stop, NULL FROM ledger WHERE gap = 1;
INSERT INTO kept_since SELECT 'completeness', (clock / 3600000000 + 1) * 3600000000
  FROM (SELECT max(clock) AS clock FROM head WHERE commits > 0) WHERE clock IS NOT NULL;
