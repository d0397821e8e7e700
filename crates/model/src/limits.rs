//! Every limit of the product: its name, its unit in the name, and what happens when it is reached.
//!
//! docs/operations.md lists them; `cargo xtask tidy` holds the two together.

use crate::time::Span;

/// A request body after decompression. More: `413`, nothing of it kept.
pub const BODY_BYTES_MAX: usize = 16 << 20;
/// Labels on one event. More: that event is rejected to the dead letters.
pub const LABELS_MAX: usize = 256;
/// A label's value. Longer: cut at a character, flagged in the event's notices.
pub const LABEL_VALUE_BYTES_MAX: usize = 8 << 10;
/// A label's name. Longer: that event is rejected to the dead letters.
pub const LABEL_NAME_BYTES_MAX: usize = 1 << 10;
/// A name: of an item, a domain, a source, a pipeline. Longer: its beginning and a digest of the whole stand for it.
pub const NAME_BYTES_MAX: usize = 512;
/// What an incident recurs by: the names of the alerts on its cause. Longer: its beginning and a digest of the whole.
pub const SIGNATURE_BYTES_MAX: usize = 1 << 10;
/// A record of the log that engines follow is begun anew before it grows beyond this; one item alone may be larger, and
/// then the topic has to take it (`max.message.bytes`).
pub const LOG_RECORD_BYTES_AIM: usize = 256 << 10;
/// Nesting of a JSON document. Deeper: unreadable, to the dead letters.
pub const JSON_DEPTH_MAX: usize = 32;
/// Events in one push. More: `413`, nothing of it kept.
pub const EVENTS_PER_PUSH_MAX: usize = 100_000;
/// A title. Longer: cut at a character.
pub const TITLE_CHARS_MAX: usize = 160;
/// Alerts with an open episode in one domain. A further one is still folded and measured; it joins no incident but one
/// that already holds it, and is suppressed with the reason `limit`.
pub const ALERTS_OPEN_MAX: usize = 2_000_000;
/// Statements an alert remembers. More: the oldest that say nothing new are folded together, counted.
pub const STATEMENTS_PER_ALERT_MAX: usize = 64;
/// Episodes shown with an alert. More: the newest; all of them are in the alert's history.
pub const EPISODES_SHOWN_MAX: usize = 64;
/// Bytes of pushes waiting for the engine. More: `503` with `Retry-After`.
pub const INTAKE_BYTES_MAX: usize = 64 << 20;
/// Bytes of request bodies that are on their way in or being read; a body that does not say its length counts as the
/// largest there may be. More: `503` with `Retry-After`.
pub const BODIES_BYTES_MAX: usize = 128 << 20;
/// Bytes of records and of the alerts that were read of them, kept so that the same bytes need not be read again. More:
/// what has not come for longest is read again when it comes.
pub const REMEMBERED_BYTES_MAX: usize = 64 << 20;
/// Events waiting for the engine. More: `503` with `Retry-After`.
pub const INTAKE_EVENTS_MAX: usize = 200_000;
/// Near misses kept with a correlation decision. More: the best are kept.
pub const NEAR_MISSES_MAX: usize = 5;
/// Causes kept with an incident. More: the best are kept.
pub const CAUSES_MAX: usize = 10;
/// Items a bounded walk of the topology visits. More: the walk stops and says so.
pub const WALK_ITEMS_MAX: usize = 20_000;
/// Alerting relatives of one kind that are asked whether a new episode belongs to their incident. More: those that began
/// nearest in time; of what has no beginning, such as a shared dependent, the first by id.
pub const RELATIVES_MAX: usize = 64;
/// Parties (items, and alerts on none) of which one remembers what they fired together with. One more: the one that
/// began longest ago is forgotten.
pub const LEARNED_PARTIES_MAX: usize = 50_000;
/// Of one party, those it fired together with. One more: the one it did so least often with is forgotten.
pub const LEARNED_PARTNERS_MAX: usize = 16;
/// Episodes that a new one without an item is compared with: so many on items, and as many on none. More: those that began
/// nearest in time.
pub const UNBOUND_COMPARED_MAX: usize = 256;
/// Partitions of the topic that engines share, each with a writer of its own in the store. A further one is refused.
pub const ENGINE_PARTITIONS_MAX: u32 = 4096;
/// How often an engine that cannot go on is made anew within [`ENGINE_BOUNCES_WITHIN`], while its partition stays its
/// process's. Once more: the process ends.
pub const ENGINE_BOUNCES_MAX: usize = 3;
/// An engine that was made anew longer ago than this has gone on.
pub const ENGINE_BOUNCES_WITHIN: Span = Span::from_minutes(10);
/// What an engine that follows a log decides in one step: the records of one such span of the log's time, counted from full
/// hours. More: a step of their own. What changed is listed by the span in which it did.
pub const LOG_STEP_SPAN: Span = Span::from_seconds(1);
/// Rows of one page of a list. More asked: this many given.
pub const PAGE_ROWS_MAX: usize = 1000;
/// Episodes of a store that a backtest holds in memory. More in the interval asked: refused, and nothing is played.
pub const HISTORY_EPISODES_MAX: u64 = 2_000_000;
/// Bytes of a topic's records that a backtest holds in memory. More from the instant asked: refused, and nothing is played.
pub const PAST_BYTES_MAX: usize = 1 << 30;
/// Rows of one report: services, or groups, times periods. More asked: refused, and nothing is computed.
pub const REPORT_ROWS_MAX: usize = 100_000;
/// A target of an agreement. Longer: refused.
pub const AGREED_TARGET_MAX: Span = Span::from_days(366);
/// How far ahead the clock of a target is followed while it stands still (no agreed hours, or on hold); four years hold a leap
/// day. Longer: it is taken never to run again.
pub const AGREED_HOURS_SOUGHT: Span = Span::from_days(1_461);
/// An item that was spoken of, and of which nothing was heard for so long: *CMDB health* lists it as stale.
pub const ITEM_STALE_AFTER: Span = Span::from_days(90);
/// Entries of one list of *CMDB health*. More: counted, not listed.
pub const HEALTH_LISTED_MAX: usize = 100;
/// Events of a body that a pipeline is tried with. More: refused, and nothing is tried.
pub const EVENTS_TRIED_MAX: usize = 50;
/// Periods that one report is cut into; more than ten years of days. More asked: refused, and nothing is computed.
pub const REPORT_PERIODS_MAX: usize = 4_000;
/// A period that is a length of time, not of the calendar. Shorter: refused.
pub const REPORT_STEP_MIN: Span = Span::from_seconds(1);
/// Items that one report is asked of by name. More: refused; one of all services has no such bound.
pub const REPORT_NAMES_MAX: usize = 10_000;
/// Services times days of the window that are over: 10 000 services over five years, or one over the whole calendar. More
/// asked: refused, and nothing is computed.
pub const REPORT_SERVICE_DAYS_MAX: u64 = 20_000_000;
/// Occurrences of maintenance windows in one report, those of each item that a window names. More: refused.
pub const REPORT_OCCURRENCES_MAX: usize = 1_000_000;
/// What the figures of one report came from, all together: stretches of time, outages, incidents, hours, points. More:
/// refused.
pub const REPORT_ORIGINS_MAX: usize = 1_000_000;
/// Reports that one process computes at once. One more waits.
pub const REPORTS_RUNNING_MAX: usize = 4;
/// Reports that wait for one of those to end. One more: `503` with `Retry-After`.
pub const REPORTS_WAITING_MAX: usize = 32;
/// How long a report waits for those before it. Longer: `503` with `Retry-After`.
pub const REPORT_WAIT_MAX: Span = Span::from_seconds(30);
/// Rows that a report's page of HTML shows; it says how many more there are, and CSV and JSON have them.
pub const REPORT_HTML_ROWS_MAX: usize = 10_000;
/// Rows that a chart of it shows: those that weigh most, of periods the last.
pub const REPORT_CHART_ROWS_MAX: usize = 24;
/// Error budgets of which it draws how they were used: those of which most is. More: in the table alone.
pub const REPORT_BURN_DOWNS_DRAWN_MAX: usize = 8;
/// Services of which `/metrics` shows figures, the most critical first. More: left out and counted.
pub const GAUGED_SERVICES_MAX: usize = 500;
/// So long after its end a day's incidents and outages are packed for reports: till then they still change.
pub const PACKED_AFTER: Span = Span::from_days(1);
/// Items of all graphs together that reports keep built, for the next that asks. More: those asked for longest ago are built
/// anew; the newest is kept, however large.
pub const GRAPHS_KEPT_ITEMS_MAX: usize = 1_000_000;

/// Past incidents of one kind (same cause, same complaints, both) that are looked at for those most like one. More: those
/// that were opened last.
pub const SIMILAR_LOOKED_AT_MAX: usize = 200;

/// Factors of a review, and actions of it. More: refused.
pub const REVIEW_ENTRIES_MAX: usize = 100;
/// Text of a review, all together. More: refused.
pub const REVIEW_BYTES_MAX: usize = 64 << 10;
/// How long after it was closed a declared major incident takes a review. Later: refused.
pub const REVIEW_KEPT: Span = Span::from_days(400);

/// How long a request body may take to arrive. Longer: `408`, nothing of it kept.
pub const BODY_WAIT_MAX: Span = Span::from_minutes(2);
/// An `at`, a `starts_at` or a clear's `ends_at` further ahead of its receipt: clamped to the receipt, the original kept.
pub const AHEAD_MAX: Span = Span::from_minutes(5);
/// How long before its receipt a firing may have begun without a word. Longer: taken as it is, with a notice.
pub const START_AGE_MAX: Span = Span::from_days(365);
/// How long time stands after a start for the readers of logs to say how far they are. Longer: it goes on without them.
pub const READERS_WAIT_MAX: Span = Span::from_seconds(10);
/// A reader of source topics that is behind, and says nothing more in the log that engines follow, holds their time back
/// for so long: by then others read what it read. Longer than a group takes to share out what a process had that died.
pub const BEHIND_LAPSES_AFTER: Span = Span::from_seconds(30);
/// How far back a late statement still changes what the engine decided; older ones are history and measures only.
pub const LATE_HORIZON: Span = Span::from_days(7);
/// What is heard this long after an incident was resolved still joins it, where its own times say that it belongs there.
pub const LATE_ARRIVAL: Span = Span::from_minutes(10);
/// A firing that began longer than this before its first receipt is `preexisting`: no sample of MTTD.
pub const PREEXISTING_AFTER: Span = Span::from_minutes(15);
/// A recurring maintenance window recurs for so long after its first occurrence: by then the calendar itself has come round.
/// A rule that gives nothing within it gives nothing at all, and is refused; what it gives later does not take place.
pub const RECURRENCE_REACH: Span = Span::from_days(146_097);
/// One occurrence of a recurring maintenance window. Longer: refused.
pub const OCCURRENCE_LENGTH_MAX: Span = Span::from_days(31);
/// How far after its first occurrence those of a window are looked through for some that overlap; four years hold a leap
/// day. What overlaps only later is not noted.
pub const OVERLAP_REACH: Span = Span::from_days(1_500);
/// Occurrences of one window that are cancelled or were ended early. More: refused.
pub const OCCURRENCES_SHORTENED_MAX: usize = 1000;
/// A recurrence rule. Longer: refused.
pub const RECURRENCE_RULE_BYTES_MAX: usize = 1 << 10;
/// Firings of an incident that was closed more than [`LATE_HORIZON`] ago and is called a false positive. More: refused.
pub const PAST_EPISODES_MAX: usize = 5_000;
/// Corrections that a report lists with what each moved. More: counted, and in the sum.
pub const CORRECTIONS_SHOWN_MAX: usize = 100;
/// So long after its end a scheduled report's period is closed: what comes later makes a revision.
pub const REPORT_GRACE: Span = Span::from_hours(1);
/// Periods of one schedule, the newest that are over, of which a report is issued where none was. Older ones: none is.
pub const REPORTS_CAUGHT_UP_MAX: usize = 12;
/// So long after its end an issued report is held against what is known now. After that: it stays as it is.
pub const REPORT_REVISED_WITHIN: Span = Span::from_days(400);
/// Cells that a revision lists as changed, each before and after. More: counted.
pub const REPORT_CHANGES_SHOWN_MAX: usize = 1_000;
/// Gaps, and as many silences of sources, that a report lists. More: counted.
pub const GAPS_SHOWN_MAX: usize = 100;
/// How long an `Idempotency-Key` is remembered.
pub const IDEMPOTENCY_KEEP: Span = Span::from_hours(24);
/// An incident by topology, time or likeness grows at most this long, whatever joins it.
pub const JOIN_CAP: Span = Span::from_hours(24);
/// Events that wait before a batch of them is decided ahead of the commit under way; fewer wait for its end.
pub const AHEAD_EVENTS_MIN: usize = 4_000;
/// Entries that the store's log of repeats comes to before the next commit lays it down in the narrow rows. More, and
/// each commit in between costs less; but whoever reads alerts reads the log, and the commit that lays it down takes
/// longer.
pub const HOT_LOG_ENTRIES_MAX: u64 = 32_768;
/// Commits of a partition of which the store remembers what rows they changed. More: the oldest are forgotten, and a process
/// that shows what others commit and is further behind loads everything anew.
pub const COMMITS_NOTED_MAX: u64 = 4096;
/// Events decided and committed together. A push is never divided, so a batch may exceed it by one push.
pub const BATCH_EVENTS_MAX: usize = 20_000;
