//! The half of a file that says what is decided: order, expiry, the clocks of an incident, grouping, priority.

use engine::{Clears, Expiry, FlappingPolicy, JoinWindow, Order, Pipeline, PriorityMatrix, StormPolicy};
use model::incident::Priority;
use model::limits::JOIN_CAP;
use model::{PipelineName, Span};

use super::rule::SEVERITIES;
use crate::error::{Notice, Over};
use crate::reader::{Field, Fields, Reader};
use crate::yaml::Value;

pub(crate) const JOIN_WINDOW_KEYS: [&str; 2] = ["gap", "cap"];
pub(crate) const FLAPPING_KEYS: [&str; 3] = ["changes", "within", "steady"];
pub(crate) const STORM_KEYS: [&str; 2] = ["incidents", "within"];
pub(crate) const PRIORITY_KEYS: [&str; 1] = ["matrix"];

const ORDER: [(&str, Order); 2] = [("own", Order::Own), ("arrival", Order::Arrival)];
const EXPIRY: [(&str, Expiry); 2] = [("clock", Expiry::Clock), ("source", Expiry::Source)];
const CLEARS: [(&str, Clears); 2] = [("always", Clears::Always), ("never", Clears::Never)];
/// Once a service of criticality 1 is down nobody waits longer than this.
const GROUP_WAIT_CRITICAL_MAX: Span = Span::from_seconds(10);

impl Reader<'_> {
    pub(super) fn policy(&mut self, fields: &Fields<'_>, name: PipelineName) -> Pipeline {
        let mut policy = Pipeline::standard(name);
        self.statements(fields, &mut policy);
        self.clocks(fields, &mut policy);
        self.take(fields, "join_window", &mut policy.join_window, Reader::join_window);
        self.take(fields, "flapping", &mut policy.flapping, Reader::flapping);
        self.take(fields, "storm", &mut policy.storm, Reader::storm);
        self.take(fields, "max_alerts", &mut policy.max_alerts, |reader, field| reader.count(field, 1));
        self.take(fields, "rules", &mut policy.rules, Reader::rules);
        self.take(fields, "inhibit", &mut policy.inhibit, Reader::inhibit);
        if let Some(priority) = fields.get("priority").and_then(|field| self.fields(field, &PRIORITY_KEYS)) {
            self.take(&priority, "matrix", &mut policy.priority, Reader::matrix);
        }
        self.take(fields, "auto_declare", &mut policy.auto_declare, Reader::truth);
        self.without_effect(fields, &policy);
        policy
    }

    /// What was said and changes nothing, or hardly what was meant.
    fn without_effect(&mut self, fields: &Fields<'_>, policy: &Pipeline) {
        let at = |keys: &[&'static str]| {
            keys.iter().find_map(|key| fields.get(key).map(|field| (*key, field.node.at.in_file(self.file))))
        };
        // The default, written out, is no mistake.
        let usual = Pipeline::standard("");
        let (open_at, restore_at) = (policy.open_at.as_str(), policy.restore_at.as_str());
        let (reopen, close) = (policy.reopen_window, policy.close_after);
        let no_effect = [
            (
                policy.restore_at < policy.open_at,
                at(&["restore_at"]),
                format!("`{restore_at}` is milder than `open_at` (`{open_at}`), below which nothing counts"),
            ),
            (
                reopen > close,
                at(&["reopen_window"]),
                format!("an incident is closed after {close} (`close_after`), and what is closed is not reopened"),
            ),
            (
                policy.expiry == Expiry::Clock && policy.stale_limit != usual.stale_limit,
                at(&["stale_limit"]),
                "with `expiry: clock` nobody waits for a source that is silent".to_owned(),
            ),
            (
                policy.clears == Clears::Never && policy.recheck_after != usual.recheck_after,
                at(&["recheck_after"]),
                "of a source with `clears: never` a person's word is never doubted".to_owned(),
            ),
        ];
        let silent = policy.resolve_timeout.map(|timeout| (Over::Unrepeated, timeout + policy.quiet_period));
        let cleared = Some((Over::Cleared, policy.quiet_period));
        let before_told = [silent, cleared].into_iter().flatten().find(|(_, after)| *after < policy.group_wait);
        let too_late = before_told.zip(at(&["group_wait", "quiet_period"]));
        for (holds, said, because) in no_effect {
            if let Some((key, at)) = said.filter(|_| holds) {
                self.notices.push(Notice::NoEffect { at, key, because });
            }
        }
        if let Some(((over, over_after), (_, at))) = too_late {
            self.notices.push(Notice::ToldTooLate { at, group_wait: policy.group_wait, over, over_after });
        }
    }

    /// What an alert's statements mean.
    fn statements(&mut self, fields: &Fields<'_>, policy: &mut Pipeline) {
        self.take(fields, "order", &mut policy.order, |reader, field| reader.word(field, &ORDER));
        self.take(fields, "expiry", &mut policy.expiry, |reader, field| reader.word(field, &EXPIRY));
        self.take(fields, "stale_limit", &mut policy.stale_limit, Reader::span);
        self.take(fields, "clears", &mut policy.clears, |reader, field| reader.word(field, &CLEARS));
        self.take(fields, "resolve_timeout", &mut policy.resolve_timeout, |reader, field| match field.node.value {
            Value::Null => Some(None),
            _ => reader.positive_span(field).map(Some),
        });
        self.take(fields, "open_at", &mut policy.open_at, |reader, field| reader.word(field, &SEVERITIES));
        self.take(fields, "restore_at", &mut policy.restore_at, |reader, field| reader.word(field, &SEVERITIES));
    }

    fn clocks(&mut self, fields: &Fields<'_>, policy: &mut Pipeline) {
        for (key, place) in [
            ("group_wait", &mut policy.group_wait),
            ("quiet_period", &mut policy.quiet_period),
            ("reopen_window", &mut policy.reopen_window),
            ("recheck_after", &mut policy.recheck_after),
            ("close_after", &mut policy.close_after),
        ] {
            self.take(fields, key, place, Reader::span);
        }
        policy.group_wait_critical = policy.group_wait.min(GROUP_WAIT_CRITICAL_MAX);
        // Against the usual `close_after` too, where none is said.
        if let Some(said) = fields.get("quiet_period").filter(|_| policy.quiet_period > policy.close_after) {
            let (quiet_period, close_after) = (policy.quiet_period, policy.close_after);
            let what = format!(
                "`quiet_period` ({quiet_period}) is longer than `close_after` ({close_after}): \
                 shorten the one, or lengthen the other"
            );
            self.error(said.node.at, what);
        }
    }

    fn join_window(&mut self, field: Field<'_>) -> Option<JoinWindow> {
        let fields = self.fields(field, &JOIN_WINDOW_KEYS)?;
        let mut window = Pipeline::standard("").join_window;
        self.take(&fields, "gap", &mut window.gap, Reader::span);
        self.take(&fields, "cap", &mut window.cap, |reader, field| {
            let cap = reader.span(field)?;
            if cap <= JOIN_CAP { Some(cap) } else { reader.wrong(field, &format!("{JOIN_CAP} at most")) }
        });
        if window.gap > window.cap {
            let what = format!("`gap` ({}) is longer than `cap` ({}): shorten it", window.gap, window.cap);
            self.error(field.node.at, what);
        }
        Some(window)
    }

    fn flapping(&mut self, field: Field<'_>) -> Option<Option<FlappingPolicy>> {
        if is_off(field) {
            return Some(None);
        }
        let fields = self.fields_or_off(field, &FLAPPING_KEYS)?;
        let mut flapping = Pipeline::standard("").flapping?;
        self.take(&fields, "changes", &mut flapping.changes, |reader, field| reader.count(field, 2));
        self.take(&fields, "within", &mut flapping.within, Reader::positive_span);
        self.take(&fields, "steady", &mut flapping.steady, Reader::positive_span);
        Some(Some(flapping))
    }

    fn storm(&mut self, field: Field<'_>) -> Option<Option<StormPolicy>> {
        if is_off(field) {
            return Some(None);
        }
        let fields = self.fields_or_off(field, &STORM_KEYS)?;
        let mut storm = Pipeline::standard("").storm?;
        self.take(&fields, "incidents", &mut storm.incidents, |reader, field| reader.count(field, 2));
        self.take(&fields, "within", &mut storm.within, Reader::positive_span);
        Some(Some(storm))
    }

    fn fields_or_off<'n>(&mut self, field: Field<'n>, known: &[&str]) -> Option<Fields<'n>> {
        match field.node.value {
            Value::Map(_) => self.fields(field, known),
            _ => self.wrong(field, &format!("off, or a mapping with `{}`", known.join("`, `"))),
        }
    }

    fn matrix(&mut self, field: Field<'_>) -> Option<PriorityMatrix> {
        let rows = self.three(field, |reader, row| {
            let words = Priority::ALL.map(|priority| (priority.as_str(), priority));
            reader.three(row, |reader, cell| reader.word(cell, &words))
        });
        if let Some((graver, milder)) = rows.as_ref().and_then(inverted) {
            self.notices.push(Notice::Inverted { at: field.node.at.in_file(self.file), graver, milder });
        }
        rows.map(PriorityMatrix)
    }

    fn three<'n, T>(
        &mut self,
        field: Field<'n>,
        read: impl FnMut(&mut Self, Field<'n>) -> Option<T>,
    ) -> Option<[T; 3]> {
        match &field.node.value {
            Value::List(nodes) if nodes.len() == 3 => self.each(field, read)?.try_into().ok(),
            _ => self.wrong(field, "three rows (impact 1 to 3) of three priorities (urgency 1 to 3), P1 to P5"),
        }
    }
}

/// The first two neighbours of which the graver is called less urgent.
fn inverted(rows: &[[Priority; 3]; 3]) -> Option<(Priority, Priority)> {
    let along = rows.iter().flat_map(|[first, second, third]| [(*first, *second), (*second, *third)]);
    let [first, second, third] = rows;
    let down =
        [(first, second), (second, third)].into_iter().flat_map(|(above, below)| above.iter().copied().zip(*below));
    along.chain(down).find(|(graver, milder)| graver > milder)
}

/// `off`, which another reader of YAML may take for false.
fn is_off(field: Field<'_>) -> bool {
    match &field.node.value {
        Value::Text(said) => **said == *"off",
        Value::Bool(said) => !said,
        _ => false,
    }
}
