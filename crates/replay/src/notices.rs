//! What senders of recorded events would have been told: what was taken otherwise than it was said, or may be a slip.

use std::collections::BTreeMap;

use model::event::Event;
use model::reason::Binding;
use model::{CiId, Timestamp};
use topology::Graph;
use wire::{Input, Notice};

/// One kind of notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noticed {
    pub count: u64,
    /// The place of the first event that has it, from nought.
    pub first: usize,
    /// What is said of that one.
    pub text: String,
}

/// Of each kind, by its code.
pub type Notices = BTreeMap<&'static str, Noticed>;

/// An event as it was read, and where it stands.
pub(crate) struct Heard<'h> {
    pub(crate) place: usize,
    pub(crate) receipt: Timestamp,
    pub(crate) input: &'h Input,
    /// Which of an alert's names its sender wrote as its `ci`.
    pub(crate) own_ci: Option<usize>,
}

/// Counts what is remarkable about an event: what its decoding found, its instants, and the items it names.
pub(crate) fn note(notices: &mut Notices, heard: &Heard<'_>, found: Vec<Notice>, graph: &Graph) {
    for notice in found {
        count(notices, heard.place, notice.code(), || notice);
    }
    let Input::Event(event) = heard.input else { return };
    if let Event::Alert(alert) = event {
        for notice in wire::doubted(alert, heard.receipt) {
            count(notices, heard.place, notice.code(), || notice);
        }
    }
    for ci in unknown(event, heard, graph) {
        // What is like it is looked for only where that is told.
        count(notices, heard.place, UNKNOWN_ITEM, || unknown_item(ci, heard.receipt, graph));
    }
}

const UNKNOWN_ITEM: &str = "unknown_item";

fn count(notices: &mut Notices, place: usize, code: &'static str, notice: impl FnOnce() -> Notice) {
    let first = || Noticed { count: 0, first: place, text: notice().to_string() };
    notices.entry(code).or_insert_with(first).count += 1;
}

/// The names of no item that it was sent with. Where there is no CMDB at all, no `ci` of an alert is wrong.
fn unknown<'h>(event: &'h Event, heard: &Heard<'_>, graph: &Graph) -> Vec<&'h str> {
    if let Event::Alert(alert) = event {
        let own = heard.own_ci.and_then(|own| alert.ci_names.get(own)).filter(|_| !graph.is_empty());
        let unbound = |name: &str| {
            let environment = alert.environment.as_deref();
            matches!(graph.identify(&[name], environment, heard.receipt).1, Binding::Unbound)
        };
        let own = own.map(|name| &**name).filter(|name| graph.find(name).is_none() && unbound(name));
        return own.into_iter().collect();
    }
    let named: &[CiId] = match event {
        Event::Change(change) => &change.cis,
        Event::Maintenance(window) => &window.cis,
        Event::RecoveryPoint(point) => std::slice::from_ref(&point.ci),
        Event::Exercise(exercise) => std::slice::from_ref(&exercise.ci),
        Event::Alert(_) | Event::Heartbeat(_) => &[],
    };
    named.iter().map(CiId::as_str).filter(|ci| graph.find(ci).is_none()).collect()
}

fn unknown_item(ci: &str, at: Timestamp, graph: &Graph) -> Notice {
    let by_alias = graph.identify(&[ci], None, at).0.map(|item| graph.id(item).as_str());
    let near = rules::ids_meant(ci, by_alias, graph.items().map(|(_, item)| item.id.as_str()));
    Notice::UnknownItem { said: ci.into(), near }
}
