//! What came in over a report's window and what became of it: docs/measures.md section 15. The store counts it by whole
//! hours, in the transactions that took it.

use std::collections::BTreeMap;

use model::limits::GAPS_SHOWN_MAX;
use model::step::Counts;
use model::{Interval, Span};
use store::{LostRange, Store};
use wire::v1::{Completeness, Instant, IntakeGap, SourceSilence};

use crate::error::ReportError;
use crate::periods::{hour_of, next_hour};
use crate::question::Question;
use crate::text;
use crate::watch::silences;

/// Gaps below a table; JSON has more of them.
const GAPS_LISTED_MAX: usize = 10;

pub(crate) async fn completeness(store: &Store, question: &Question) -> Result<Completeness, ReportError> {
    let window = question.window()?;
    let now = next_hour(question.now + Span::MICROSECOND);
    let hours = Interval::or_empty(hour_of(window.start()), next_hour(window.end()).min(now));
    let intake = store.intake(hours).await?;
    let unkept = intake.kept_since.filter(|since| hours.start() < *since);
    let counted = Interval::or_empty(unkept.map_or(hours.start(), |since| since.min(hours.end())), hours.end());
    // Of hours that are yet to come nothing is said either.
    let is_known = !counted.is_empty() || (unkept.is_none() && hours.is_empty());
    let known = |count: u64| is_known.then_some(count);
    let Counts { events, rejected, .. } = intake.counts;
    let mut gaps: Vec<IntakeGap> = intake.lost.iter().map(gap).collect();
    let lost = gaps.iter().map(|gap| gap.count).sum();
    let mut silent = silent(store, question).await?;
    let listed = |all: usize| all.saturating_sub(GAPS_SHOWN_MAX) as u64;
    let more = listed(gaps.len()) + listed(silent.len());
    gaps.truncate(GAPS_SHOWN_MAX);
    silent.truncate(GAPS_SHOWN_MAX);
    Ok(Completeness {
        from: is_known.then_some(counted.start().into()),
        to: is_known.then_some(counted.end().into()),
        not_kept_before: unkept.map(Into::into),
        events_in: known(intake.events_in()),
        stored: known(events - rejected),
        dead_lettered: known(intake.dead_letters),
        rejected: known(rejected),
        dispositions: if is_known { dispositions(&intake.counts) } else { BTreeMap::new() },
        lost,
        gaps,
        silent,
        more,
    })
}

fn dispositions(counts: &Counts) -> BTreeMap<String, u64> {
    [
        ("opened", counts.opened),
        ("repeated", counts.repeated),
        ("escalated", counts.escalated),
        ("cleared", counts.cleared),
        ("reopened", counts.reopened),
        ("suppressed", counts.suppressed),
        ("stale", counts.stale),
        ("recorded", counts.recorded),
    ]
    .map(|(word, count)| (word.to_owned(), count))
    .into()
}

fn gap(lost: &LostRange) -> IntakeGap {
    IntakeGap {
        origin: lost.slot.to_string(),
        from: lost.start,
        to: lost.stop,
        count: lost.stop - lost.start,
        at: lost.at.map(Into::into),
    }
}

/// The oldest first.
async fn silent(store: &Store, question: &Question) -> Result<Vec<SourceSilence>, ReportError> {
    let over = question.elapsed();
    let mut silent = Vec::new();
    for (source, gaps) in silences(store, over, question.now).await? {
        let within = gaps.clip(over);
        silent.extend(within.iter().map(|part| SourceSilence {
            source: source.to_string(),
            from: part.start().into(),
            to: part.end().into(),
        }));
    }
    silent.sort_by(|a, b| (a.from, &a.source).cmp(&(b.from, &b.source)));
    Ok(silent)
}

/// In words, line by line: whether all that came is in the figures.
pub(crate) fn told(known: &Completeness) -> Vec<String> {
    let instant = |at: Instant| text::instant(at.0);
    let mut lines = Vec::new();
    match (known.events_in, known.stored, known.dead_lettered, known.rejected) {
        (Some(events), Some(stored), Some(dead), Some(rejected)) => {
            let rejected = if rejected > 0 { format!(" + {rejected} rejected") } else { String::new() };
            lines.push(format!("completeness: {events} events in = {stored} stored + {dead} dead-lettered{rejected}"));
        }
        _ => lines.push("completeness: not kept for this time".to_owned()),
    }
    if let Some(since) = known.not_kept_before {
        lines.push(format!("not kept before {}: what came earlier is not in these sums", instant(since)));
    }
    match known.lost {
        0 => lines.push("gaps: none".to_owned()),
        lost => lines.push(format!("gaps: {lost} records were lost before they could be read")),
    }
    let noticed = |at: Option<Instant>| at.map_or_else(|| "before that was kept".to_owned(), instant);
    let gaps = known.gaps.iter().map(|gap| {
        format!("  {} of {}, positions {} to {}, noticed {}", gap.count, gap.origin, gap.from, gap.to, noticed(gap.at))
    });
    let silent = known.silent.iter();
    let silent = silent.map(|one| format!("silent: {} from {} to {}", one.source, instant(one.from), instant(one.to)));
    let listed: Vec<String> = gaps.chain(silent).collect();
    let more = listed.len().saturating_sub(GAPS_LISTED_MAX) as u64 + known.more;
    lines.extend(listed.into_iter().take(GAPS_LISTED_MAX));
    lines.extend((more > 0).then(|| format!("  and {more} more")));
    lines
}
