//! Every table: its columns in order, the first `key` of them its key.
//!
//! A current row holds its model type whole, as the JSON document `body`; beside it stand, typed, the columns that
//! questions ask about. Facts that are only ever asked about by column (outages, counts) have no document. An alert's
//! episodes and statements have rows of their own, so that one more costs as much as the first.
//! The DDL of each database is written by hand in `migrations/`; a test holds the two together.

#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    /// How many of the first columns are the key.
    pub(crate) key: usize,
    pub(crate) columns: &'static [Column],
}

#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) nullable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Int,
    Id,
    Bytes,
    Text,
}

impl Table {
    /// The place of a column. Names come from this crate's own text, never from outside.
    pub(crate) fn place(&self, column: &str) -> usize {
        self.columns
            .iter()
            .position(|candidate| candidate.name == column)
            .expect("a question names a column of its table")
    }

    pub(crate) fn column(&self, name: &str) -> &'static Column {
        &self.columns[self.place(name)]
    }

    pub(crate) fn key_columns(&self) -> impl Iterator<Item = &'static str> {
        self.columns.iter().take(self.key).map(|column| column.name)
    }
}

impl Column {
    pub(crate) fn odd_id(&self, bytes: &[u8]) -> sqlx::Error {
        sqlx::Error::Decode(format!("column {} holds an id of {} bytes", self.name, bytes.len()).into())
    }
}

macro_rules! nullable {
    () => {
        false
    };
    (null) => {
        true
    };
}

macro_rules! tables {
    ($($(#[$doc:meta])* $table:ident = $name:literal, key $key:literal { $($column:ident: $kind:ident $($null:ident)?),* $(,)? })*) => {
        $(
            $(#[$doc])*
            pub(crate) static $table: Table = Table {
                name: $name,
                key: $key,
                columns: &[$(Column { name: stringify!($column), kind: Kind::$kind, nullable: nullable!($($null)?) }),*],
            };
        )*
        /// All of them, in the order of this file.
        pub(crate) static ALL: &[&Table] = &[$(&$table),*];
    };
}

tables! {
    /// A row for each writer, which every commit of it reads and moves on.
    HEAD = "head", key 1 {
        id: Int, epoch: Int, commits: Int, hash: Id, clock: Int, timeline: Int, audit: Int, hot_logged: Int,
        outputs: Int,
    }
    /// The last numbers that people were given: one row, which commits that give some move on.
    NUMBERING = "numbering", key 1 { id: Int, incident: Int, problem: Int }
    /// One row for each commit: the chain of hashes, and what became of its events.
    COMMITTED = "committed", key 1 {
        seq: Int, epoch: Int, previous: Id, hash: Id, digest: Id, clock: Int,
        events: Int, opened: Int, repeated: Int, escalated: Int, cleared: Int, reopened: Int, suppressed: Int,
        stale: Int, rejected: Int, recorded: Int, told: Int, dead_letters: Int,
    }
    /// Which rows a commit of a partition changed, for those that show what others commit.
    NOTED = "noted", key 1 {
        place: Int, seq: Int, previous: Id, alerts: Bytes, incidents: Bytes, problems: Bytes, outages: Bytes, names: Text,
    }
    /// How far each source slot is committed.
    POSITION = "position", key 1 { slot: Text, next: Int }
    /// The ranges of each slot, as they were committed; they tile. `[I1]`
    LEDGER = "ledger", key 2 { slot: Text, start: Int, stop: Int, seq: Int, gap: Int }
    /// Each has one writer, whose head it names.
    DOMAIN = "domain", key 1 { name: Text, clock: Int, head: Int }
    /// What the engine wants from behind its horizon and has not been given yet.
    OWED = "owed", key 2 { domain: Text, nth: Int, body: Text }
    /// What holds the time of a writer that follows a log back, where something does.
    HELD = "held", key 2 { head: Int, reader: Text, behind: Int, said_at: Int }

    ALERT = "alert", key 1 {
        id: Id, domain: Text, source: Text, state: Text, severity: Int, ci: Text null, environment: Text null,
        suppressed: Int, changed_at: Int, search: Text, body: Text,
    }
    /// What repeats move, of the alerts that the engine remembers: narrow, because it is written most.
    ALERT_HOT = "alert_hot", key 1 {
        alert: Id, total: Int, first_received_at: Int, last_received_at: Int,
        repeated: Int null, repeated_start: Int null, repeated_words: Int null,
        repeated_received_at: Int null, repeated_ends_at: Int null,
    }
    /// What commits moved of narrow rows and is not laid down in them yet: a row for each commit.
    HOT_LOG = "hot_log", key 1 { seq: Int, entries: Int, body: Bytes }
    /// Every firing of an alert there ever was. `needed`: the engine still has it; `rest` holds what nobody asks for by
    /// column.
    EPISODE = "episode", key 2 {
        alert: Id, id: Id, alert_name: Text, ci: Text null, incident: Id null, start: Int, stop: Int null,
        ended_by: Text null, received_at: Int, counting_since: Int null, counts_from: Int null, suppressed: Int,
        too_old: Int, preexisting: Int, false_positive: Int, steps: Text, needed: Int, rest: Text,
    }
    /// What the engine remembers of what was said, an alert's statements side by side: its state is a fold of them.
    REMEMBERED = "remembered", key 4 {
        alert: Id, instant: Int, start: Int, words: Int, own_instant: Int, undated: Int, severity: Int, effect: Text null,
        first_received_at: Int, last_received_at: Int, ends_at: Int null,
    }
    /// What was said, as it came, for as long as it is kept.
    STATEMENT = "statement", key 4 {
        alert: Id, instant: Int, kind: Text, severity: Int, start: Int null, effect: Text null, received_at: Int,
    }

    INCIDENT = "incident", key 1 {
        id: Id, number: Int, domain: Text, state: Text, priority: Int, team: Text null, problem: Id null,
        parent: Id null, opened_at: Int, until: Int null, needed_until: Int null,
        search: Text, body: Text,
    }
    /// Incidents that were declared major, and whether they still owe a review or an action of it.
    REVIEW = "review", key 1 { incident: Id, domain: Text, opened_at: Int, owed: Int }
    /// Incidents as they count towards what recurs.
    RECURRENCE = "recurrence", key 3 { incident: Id, ci: Text, signature: Text, domain: Text, opened_at: Int }
    /// Which items a thing is about, and as what.
    ABOUT = "about", key 3 { subject: Id, role: Text, ci: Text }
    PROBLEM = "problem", key 1 {
        id: Id, number: Int, domain: Text, state: Text, ci: Text null, opened_at: Int, search: Text, body: Text,
    }
    OUTAGE = "outage", key 1 {
        id: Id, service: Text, start: Int, stop: Int null, state: Text, planned: Int, incident: Id null, domain: Text,
    }

    /// What reports over years read instead of rows: the incidents that opened on a day, or the outages that ended on it, and
    /// the first and last instant of any. Made from rows, and of them alone: a copy makes its own.
    PACK = "pack", key 2 { kind: Text, day: Int, least: Int, most: Int, body: Bytes }

    SILENCE = "silence", key 2 { id: Id, domain: Text, stop: Int, updated_at: Int, body: Text }
    MAINTENANCE = "maintenance", key 2 { id: Id, domain: Text, start: Int, stop: Int, deleted: Int, body: Text }
    CORRECTION = "correction", key 2 {
        id: Id, domain: Text, service: Text, start: Int, stop: Int, withdrawn: Int, body: Text,
    }
    CHANGE = "change_record", key 2 { id: Id, domain: Text, at: Int, received_at: Int, search: Text, body: Text }
    SOURCE = "source", key 2 { name: Text, domain: Text, body: Text }
    COVERAGE = "coverage", key 3 { ci: Text, source: Text, domain: Text, since: Int }
    LEARNED = "learned", key 3 { domain: Text, party: Text, other: Text, count: Int, at: Int }
    SOURCE_GAP = "source_gap", key 3 { source: Text, domain: Text, start: Int, stop: Int }
    RECOVERY_POINT = "recovery_point", key 3 {
        ci: Text, instant: Int, completed_at: Int, as_of: Int null, verified: Int, received_at: Int,
    }
    EXERCISE = "exercise", key 2 {
        ci: Text, held_at: Int, recovery: Int null, recovery_point: Int null, passed: Int, every: Int null,
        received_at: Int,
    }

    TIMELINE = "timeline", key 1 { seq: Int, at: Int, subject: Bytes, body: Text }
    OUTBOX = "outbox", key 1 {
        id: Id, at: Int, kind: Text, subject: Text, version: Int, notify: Int, state: Text, attempts: Int,
        next_at: Int, progress: Text null, error: Text null,
    }
    /// What is not told yet to topics that carry every change, in its order.
    OUTPUT = "output", key 1 { id: Int, at: Int, kind: Text, subject: Text, body: Text }
    DEAD_LETTER = "dead_letter", key 1 {
        id: Id, source: Text, format: Text, origin: Text, reason: Text, received_at: Int, state: Text, size: Int,
        raw: Bytes,
    }
    AUDIT = "audit", key 1 { seq: Int, at: Int, person: Text, action: Text, subject: Text, detail: Text }
    RECEIPT = "receipt", key 1 { token: Text, answer: Text, at: Int }
    TOPOLOGY = "topology", key 1 { version: Int, start: Int, body: Text }
    COUNT_HOUR = "count_hour", key 2 {
        hour: Int, domain: Text, events: Int, opened: Int, repeated: Int, escalated: Int, cleared: Int,
        reopened: Int, suppressed: Int, stale: Int, rejected: Int, recorded: Int, told: Int,
    }
    /// Dead letters by the hour of their receipt, those that each writer committed.
    DEAD_LETTER_HOUR = "dead_letter_hour", key 2 { hour: Int, head: Int, letters: Int }
    /// Positions that could not be read any more, as each loss was noticed; without the instant where that was not kept.
    LOST_RANGE = "lost_range", key 2 { slot: Text, start: Int, stop: Int, at: Int null }
    /// Since when something is kept, in a store that is older than it.
    KEPT_SINCE = "kept_since", key 1 { what: Text, since: Int }
    /// Reports as they were issued; nothing of it is ever written again.
    ISSUED_REPORT = "issued_report", key 1 {
        id: Id, name: Text, kind: Text, start: Int, stop: Int, revision: Int, issued_at: Int, line: Text, changes: Text,
        answer: Text, csv: Text,
    }
}
