//! From what the fold makes of an alert to its episodes as they are known: each keeps its id, its incident and its
//! marks as long as anything of it is left.

use model::alert::{Alert, EndedBy, Episode, SeverityStep};
use model::{AlertId, EpisodeId, Severity, Timestamp, limits};

use crate::fold::Folded;

/// What became different.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Delta {
    pub(crate) opened: Vec<EpisodeId>,
    /// Were open, or unknown, and are over.
    pub(crate) ended: Vec<EpisodeId>,
    /// Were over and are open again.
    pub(crate) resumed: Vec<EpisodeId>,
    /// Another start, end or severity.
    pub(crate) moved: Vec<EpisodeId>,
    /// Turned out to be part of another.
    pub(crate) absorbed: Vec<(Episode, EpisodeId)>,
    /// Turned out never to have been.
    pub(crate) vanished: Vec<Episode>,
    /// The earliest instant at which what holds is different.
    pub(crate) from: Option<Timestamp>,
    /// All of which anything is different, receipts and promises included: their rows are written.
    pub(crate) written: Vec<EpisodeId>,
}

impl Delta {
    /// Nothing is different that anybody would see.
    pub(crate) fn is_empty(&self) -> bool {
        let Delta { opened, ended, resumed, moved, absorbed, vanished, from, written: _ } = self;
        [opened, ended, resumed, moved].into_iter().all(Vec::is_empty)
            && absorbed.is_empty()
            && vanished.is_empty()
            && from.is_none()
    }

    fn differs_from(&mut self, at: Timestamp) {
        self.from = Some(self.from.map_or(at, |from| from.min(at)));
    }
}

/// Replaces the alert's episodes by what the fold says, and tells what that changed.
pub(crate) fn reconcile(alert: &mut Alert, folded: Vec<Folded>, open_at: Severity, receipt: Timestamp) -> Delta {
    let mut delta = Delta::default();
    let taken: Vec<EpisodeId> = alert.episodes.iter().map(|episode| episode.id).collect();
    let known = alert.episodes.split_off(alert.finals());
    let mut claimed: Vec<Vec<Episode>> = folded.iter().map(|_| Vec::new()).collect();
    for episode in known {
        match home(&episode, &folded).and_then(|at| claimed.get_mut(at)) {
            Some(claims) => claims.push(episode),
            None => {
                delta.differs_from(episode.start);
                delta.vanished.push(episode);
            }
        }
    }
    for (folded, mut claims) in folded.into_iter().zip(claimed) {
        claims.sort_by_key(|episode| (episode.first_received_at, episode.id));
        let mut claims = claims.into_iter();
        let episode = match claims.next() {
            Some(known) => update(known, folded, open_at, &mut delta),
            None => {
                let id = unused_id(alert.id, &folded, receipt, &taken);
                begin(id, folded, open_at, receipt, &mut delta)
            }
        };
        delta.absorbed.extend(claims.map(|gone| (gone, episode.id)));
        alert.episodes.push(episode);
    }
    delta
}

/// The folded episode that holds the start of a known one, else the first that overlaps it.
fn home(known: &Episode, folded: &[Folded]) -> Option<usize> {
    let end = |folded: &Folded| folded.end.map_or(Timestamp::MAX, |(end, _)| end);
    let holds_start =
        |folded: &Folded| folded.start == known.start || (folded.start <= known.start && known.start < end(folded));
    let overlaps = |folded: &Folded| folded.start <= known.end.unwrap_or(Timestamp::MAX) && known.start <= end(folded);
    folded.iter().position(holds_start).or_else(|| folded.iter().position(overlaps))
}

/// What one batch says may move an episode away from the start it was named by, and begin another there.
fn unused_id(alert: AlertId, folded: &Folded, receipt: Timestamp, taken: &[EpisodeId]) -> EpisodeId {
    let derive = |nth: i64| {
        EpisodeId::derive(|hash| {
            hash.bytes(&alert.bytes()).instant(folded.start).instant(folded.first_received_at).instant(receipt);
            if nth > 0 {
                hash.number(nth);
            }
        })
    };
    let mut nth = 0;
    loop {
        let id = derive(nth);
        if !taken.contains(&id) {
            return id;
        }
        nth += 1;
    }
}

fn begin(id: EpisodeId, folded: Folded, open_at: Severity, receipt: Timestamp, delta: &mut Delta) -> Episode {
    delta.differs_from(folded.start);
    delta.written.push(id);
    if folded.end.is_some() {
        delta.ended.push(id)
    } else {
        delta.opened.push(id)
    }
    let too_old = folded.end.is_some_and(|(end, _)| receipt - end > limits::LATE_HORIZON);
    Episode {
        id,
        start: folded.start,
        end: folded.end.map(|end| end.0),
        ended_by: folded.end.map(|end| end.1),
        deadline: folded.deadline,
        counting_since: counting_since(&folded, open_at),
        preexisting: folded.fired && folded.first_received_at - folded.start > limits::PREEXISTING_AFTER,
        severities: folded.severities,
        first_received_at: folded.first_received_at,
        ended_received_at: folded.ended_received_at,
        incident: None,
        joining: None,
        suppressed: None,
        counts_from: None,
        too_old,
        false_positive: false,
        unlinked_from: None,
    }
}

fn update(mut known: Episode, mut folded: Folded, open_at: Severity, delta: &mut Delta) -> Episode {
    let end = judged_already(&known, &folded).or(folded.end);
    if let Some((end, _)) = end {
        cut_at(&mut folded.severities, end);
    }
    let (was_open, is_open) = (known.is_open(), end.is_none());
    if known.start != folded.start {
        delta.differs_from(known.start.min(folded.start));
    }
    if known.end != end.map(|end| end.0) {
        delta.differs_from([known.end, end.map(|end| end.0)].into_iter().flatten().min().unwrap_or(known.start));
    }
    if known.severities != folded.severities {
        delta.differs_from(first_difference(&known, &folded));
    }
    let moved = known.start != folded.start
        || known.severities != folded.severities
        || (!was_open && !is_open && known.end != end.map(|end| end.0))
        || (known.counting_since.is_none() && counting_since(&folded, open_at).is_some());
    match (was_open, is_open) {
        (true, false) => delta.ended.push(known.id),
        (false, true) => delta.resumed.push(known.id),
        _ if moved => delta.moved.push(known.id),
        _ => {}
    }
    let before = instants(&known);
    let steps_differ = known.severities != folded.severities;
    known.counting_since = counting_since(&folded, open_at);
    known.start = folded.start;
    known.end = end.map(|end| end.0);
    known.ended_by = end.map(|end| end.1);
    known.deadline = if is_open { folded.deadline } else { None };
    known.first_received_at = known.first_received_at.min(folded.first_received_at);
    known.ended_received_at = match (is_open, folded.end) {
        (true, _) => None,
        (false, Some(_)) => folded.ended_received_at,
        (false, None) => known.ended_received_at,
    };
    known.severities = folded.severities;
    // It goes on: whatever its end was taken for, it is no history.
    known.too_old &= !is_open;
    if steps_differ || before != instants(&known) {
        delta.written.push(known.id);
    }
    known
}

/// All that an update changes, but for the severities.
fn instants(episode: &Episode) -> impl PartialEq + use<> {
    let Episode { start, end, ended_by, deadline, first_received_at, ended_received_at, counting_since, .. } = episode;
    let receipts = (*first_received_at, *ended_received_at);
    (*start, *end, *ended_by, *deadline, receipts, *counting_since, episode.too_old)
}

/// What would have held after the end never did. The first step is the episode's own and stays.
pub(crate) fn cut_at(severities: &mut Vec<SeverityStep>, end: Timestamp) {
    let kept = severities.iter().skip(1).take_while(|step| step.at < end).count() + 1;
    severities.truncate(kept);
}

/// An end that the clock judged stays judged until a later promise moves it.
fn judged_already(known: &Episode, folded: &Folded) -> Option<(Timestamp, EndedBy)> {
    let judged = matches!(known.ended_by, Some(EndedBy::Expiry | EndedBy::Timeout));
    let deadline = folded.deadline.filter(|(at, _)| judged && folded.end.is_none() && known.end == Some(*at))?;
    Some(deadline)
}

fn first_difference(known: &Episode, folded: &Folded) -> Timestamp {
    let pairs = known.severities.iter().zip(&folded.severities);
    let same = pairs.take_while(|(a, b)| a == b).count();
    let at = |steps: &[SeverityStep]| steps.get(same).map(|step| step.at);
    [at(&known.severities), at(&folded.severities)].into_iter().flatten().min().unwrap_or(known.start)
}

/// Only a firing makes an episode count: a lone clear is an outage, and wakes nobody.
fn counting_since(folded: &Folded, open_at: Severity) -> Option<Timestamp> {
    let first = folded.severities.iter().find(|step| step.severity >= open_at);
    first.filter(|_| folded.fired).map(|step| step.at)
}
