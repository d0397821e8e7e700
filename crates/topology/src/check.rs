//! What an item says of itself, value by value: what is sound is kept, what is not is a fault.

use model::item::{CalendarDef, Objectives, SloWindow};
use model::{CiId, Cmdb, ConfigurationItem, FixedMap, Span};

use crate::fault::{Fault, FaultKind};
use crate::names::hash;

/// The calendar that needs no definition.
pub(crate) const ALWAYS: &str = "24x7";
/// Taken where the criticality is no number from 1 to 4: the contract's default.
const CRITICALITY_DEFAULT: u8 = 3;

/// The entries with the first of each id, in order, and a fault for each further one.
pub(crate) fn firsts<T: Clone>(
    entries: &[T],
    id: impl Fn(&T) -> &str,
    fault: impl Fn(Box<str>) -> FaultKind,
    faults: &mut Vec<Fault>,
) -> Vec<T> {
    let mut kept: Vec<T> = Vec::new();
    for entry in entries {
        if kept.iter().any(|known| id(known) == id(entry)) {
            faults.push(Fault::of_file(fault(id(entry).into())));
        } else {
            kept.push(entry.clone());
        }
    }
    kept
}

pub(crate) fn calendars(calendars: &[CalendarDef], faults: &mut Vec<Fault>) {
    let never = calendars.iter().filter(|calendar| calendar.never_opens());
    faults.extend(never.map(|def| Fault::of_file(FaultKind::CalendarNeverOpens { calendar: def.id.clone() })));
}

/// The items by id: what has none, or one that is taken, is left out.
pub(crate) fn distinct_items<'a>(cmdb: &'a Cmdb, faults: &mut Vec<Fault>) -> Vec<&'a ConfigurationItem> {
    let mut items: Vec<&ConfigurationItem> = cmdb.items.iter().collect();
    items.sort_by(|a, b| a.id.cmp(&b.id));
    let mut last: Option<&CiId> = None;
    items.retain(|item| {
        let wrong = if item.id.as_str().trim().is_empty() {
            Some(FaultKind::EmptyId)
        } else {
            (last == Some(&item.id)).then_some(FaultKind::DuplicateItem)
        };
        last = Some(&item.id);
        faults.extend(wrong.clone().map(|kind| Fault::of(&item.id, kind)));
        wrong.is_none()
    });
    items
}

pub(crate) fn criticality(item: &ConfigurationItem, faults: &mut Vec<Fault>) -> u8 {
    if (1..=4).contains(&item.criticality) {
        return item.criticality;
    }
    faults.push(Fault::of(&item.id, FaultKind::Criticality { value: item.criticality }));
    CRITICALITY_DEFAULT
}

pub(crate) fn life(item: &ConfigurationItem, faults: &mut Vec<Fault>) {
    if let (Some(live_since), Some(retired_at)) = (item.live_since, item.retired_at)
        && retired_at <= live_since
    {
        faults.push(Fault::of(&item.id, FaultKind::NeverLive));
    }
}

pub(crate) fn aliases(item: &ConfigurationItem, faults: &mut Vec<Fault>) -> Box<[Box<str>]> {
    let sound: Box<[Box<str>]> = item.aliases.iter().filter(|alias| !alias.trim().is_empty()).cloned().collect();
    faults.extend((sound.len()..item.aliases.len()).map(|_| Fault::of(&item.id, FaultKind::EmptyAlias)));
    sound
}

pub(crate) fn objectives(
    item: &ConfigurationItem,
    is_calendar: impl Fn(&str) -> bool,
    faults: &mut Vec<Fault>,
) -> Objectives {
    let said = &item.objectives;
    let mut wrong = |kind| faults.push(Fault::of(&item.id, kind));
    let mut sound = said.clone();
    if let Some(value) = said.slo
        && !(value > 0.0 && value <= 1.0)
    {
        wrong(FaultKind::Slo { value });
        sound.slo = None;
    }
    if !(0.0..=1.0).contains(&said.degraded_weight) {
        wrong(FaultKind::DegradedWeight { value: said.degraded_weight });
        sound.degraded_weight = 0.0;
    }
    if let Some(SloWindow::Rolling(value)) = said.slo_window
        && value <= Span::ZERO
    {
        wrong(FaultKind::Duration { field: "slo_window", value });
        sound.slo_window = None;
    }
    // A recovery point objective of zero is a real one: nothing may be lost.
    let durations = [
        ("rto", &mut sound.rto, Span::MICROSECOND),
        ("rpo", &mut sound.rpo, Span::ZERO),
        ("mtpd", &mut sound.mtpd, Span::MICROSECOND),
        ("exercise_every", &mut sound.exercise_every, Span::MICROSECOND),
    ];
    for (field, duration, least) in durations {
        if let Some(value) = duration.take_if(|value| *value < least) {
            wrong(FaultKind::Duration { field, value });
        }
    }
    if let Some(calendar) = sound.calendar.take_if(|id| &**id != ALWAYS && !is_calendar(id)) {
        wrong(FaultKind::UnknownCalendar { calendar });
    }
    sound
}

/// Aliases that find nothing because another item has them as its id, or has them too.
pub(crate) fn alias_conflicts(items: &[&ConfigurationItem], ids: &FixedMap<&str, u32>, faults: &mut Vec<Fault>) {
    let mut claims: Vec<(u32, Claim<'_>)> = Vec::new();
    for item in items {
        for alias in &item.aliases {
            if ids.contains_key(&**alias) && **alias != *item.id.as_str() {
                faults.push(Fault::of(&item.id, FaultKind::AliasIsId { alias: alias.clone() }));
            }
            claims.push((hash(alias), (alias, &item.environment, &item.id)));
        }
    }
    // By hash first: a million texts are compared only where they may be equal.
    claims.sort_by_key(|(hash, _)| *hash);
    let mut shared: Vec<(Claim<'_>, &CiId)> = Vec::new();
    for alike in claims.chunk_by_mut(|(a, _), (b, _)| a == b).filter(|alike| alike.len() > 1) {
        alike.sort_unstable();
        for same in alike.chunk_by(|(_, (alias, at, _)), (_, (other, there, _))| (alias, at) == (other, there)) {
            let Some(((_, (_, _, first)), others)) = same.split_first() else { continue };
            shared.extend(others.iter().map(|(_, claim)| (*claim, *first)).filter(|((_, _, id), first)| id != first));
        }
    }
    shared.sort_unstable_by_key(|((alias, _, id), _)| (*id, *alias));
    shared.dedup();
    for ((alias, _, id), first) in shared {
        faults.push(Fault::of(id, FaultKind::AliasShared { alias: alias.into(), with: first.clone() }));
    }
}

/// An alias, the environment it is claimed in, the item that claims it.
type Claim<'a> = (&'a str, &'a str, &'a CiId);
