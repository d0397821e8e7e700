//! Grouping by time since the last event: of everything, of a component, of equal labels.

use std::collections::BTreeMap;

use model::{AlertId, Span, Timestamp};

use super::groups::{Components, Heard};

/// So long after its last alert was resolved Alertmanager forgets a group: its `group_interval`, by default.
const GROUP_INTERVAL: Span = Span::from_minutes(5);

/// The group of each firing, by its number.
type Groups = Vec<usize>;

pub(super) fn alone(heard: &[Heard]) -> Groups {
    let firings = heard.iter().map(|heard| heard.firing + 1).max().unwrap_or(0);
    (0..firings).collect()
}

pub(super) fn gap(heard: &[Heard], gap: Span) -> Groups {
    by_last_event(heard, gap, |_| Some(0))
}

/// What is bound to no item stands alone.
pub(super) fn component(heard: &[Heard], gap: Span, components: &Components) -> Groups {
    by_last_event(heard, gap, |heard| heard.item.map(|item| components.holding(item)))
}

/// A firing joins the group that its place had a firing event of, a repeat too, within `gap`; what has no place stands alone.
fn by_last_event(heard: &[Heard], gap: Span, place: impl Fn(&Heard) -> Option<usize>) -> Groups {
    let mut groups = Groups::new();
    let mut count = 0;
    let mut last: BTreeMap<usize, (usize, Timestamp)> = BTreeMap::new();
    let mut heard_of: Vec<Timestamp> = Vec::new();
    for heard in heard {
        let place = place(heard);
        if heard.begins {
            let known =
                place.and_then(|place| last.get(&place)).filter(|(group, _)| heard.at - heard_of[*group] <= gap);
            let group = known.map_or(count, |(group, _)| *group);
            count = count.max(group + 1);
            groups.push(group);
            heard_of.resize(count, heard.at);
            if let Some(place) = place {
                last.insert(place, (group, heard.at));
            }
        }
        if !heard.clears {
            heard_of[groups[heard.firing]] = heard.at;
        }
    }
    groups
}

pub(super) fn labels(heard: &[Heard], keys: &BTreeMap<AlertId, String>) -> Groups {
    struct Group {
        number: usize,
        firing: usize,
        emptied_at: Timestamp,
    }
    let mut groups = Groups::new();
    let mut count = 0;
    let mut open: BTreeMap<&str, Group> = BTreeMap::new();
    for heard in heard {
        let key = keys.get(&heard.alert).map(String::as_str).unwrap_or_default();
        let known = open.get(key).filter(|group| group.firing > 0 || heard.at - group.emptied_at <= GROUP_INTERVAL);
        if heard.begins && known.is_none() {
            open.insert(key, Group { number: count, firing: 0, emptied_at: heard.at });
            count += 1;
        }
        let Some(group) = open.get_mut(key) else { continue };
        if heard.begins {
            group.firing += 1;
            groups.push(group.number);
        }
        if heard.clears {
            group.firing = group.firing.saturating_sub(1);
            group.emptied_at = heard.at;
        }
    }
    groups
}
