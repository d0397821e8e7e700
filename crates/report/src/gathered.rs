//! Incidents gathered by the groups that they are in. Reports are of hundreds of thousands of them, each in several groups:
//! a name is kept once and is a number from then on.

use model::{FixedMap, IncidentBrief};
use topology::Topology;

use crate::groups::values;
use crate::question::{GroupBy, Named};

/// What is of one group stands together.
pub(crate) struct Gathered<'a, T> {
    names: Names<'a>,
    places: FixedMap<Vec<u32>, usize>,
    groups: Vec<(Vec<u32>, Vec<T>)>,
}

/// Of each kind of group asked for, periods left out, the values that an incident has: it is in every combination.
pub(crate) struct Within(Vec<Vec<u32>>);

impl<'a, T: Copy> Gathered<'a, T> {
    pub(crate) fn new() -> Gathered<'a, T> {
        Gathered { names: Names::new(), places: FixedMap::new(), groups: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn within(
        &mut self,
        incident: &'a IncidentBrief,
        by: &[GroupBy],
        services: &'a Named,
        topology: Option<&'a Topology>,
    ) -> Within {
        let kinds = by.iter().filter(|by| !by.is_period());
        Within(kinds.map(|by| self.names.numbers(values(incident, *by, services, topology))).collect())
    }

    pub(crate) fn put(&mut self, within: &Within, incident: T) {
        within.each(&mut |group| self.group(group).push(incident));
    }

    /// A group of which there is a row even where nothing is in it.
    pub(crate) fn ensure(&mut self, group: &[&'a str]) {
        let group: Vec<u32> = group.iter().map(|name| self.names.number(name)).collect();
        self.group(&group);
    }

    fn group(&mut self, group: &[u32]) -> &mut Vec<T> {
        let place = self.places.get(group).copied().unwrap_or_else(|| {
            let place = self.groups.len();
            self.places.insert(group.to_vec(), place);
            self.groups.push((group.to_vec(), Vec::new()));
            place
        });
        &mut self.groups[place].1
    }

    /// Each group by its names, sorted by them, and what is in it.
    pub(crate) fn sorted(&self) -> Vec<(Vec<&'a str>, &[T])> {
        let mut groups: Vec<_> =
            self.groups.iter().map(|(group, members)| (self.names.of(group), members.as_slice())).collect();
        groups.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        groups
    }
}

impl Within {
    /// How many groups it is in.
    pub(crate) fn count(&self) -> usize {
        self.0.iter().fold(1, |count, values| count.saturating_mul(values.len()))
    }

    fn each(&self, put: &mut impl FnMut(&[u32])) {
        combined(&self.0, &mut Vec::with_capacity(self.0.len()), put);
    }
}

fn combined(kinds: &[Vec<u32>], group: &mut Vec<u32>, put: &mut impl FnMut(&[u32])) {
    let Some((values, others)) = kinds.split_first() else { return put(group) };
    for value in values {
        group.push(*value);
        combined(others, group, put);
        group.pop();
    }
}

/// Each name once, numbered as they came.
struct Names<'a> {
    all: Vec<&'a str>,
    numbers: FixedMap<&'a str, u32>,
}

impl<'a> Names<'a> {
    fn new() -> Names<'a> {
        Names { all: Vec::new(), numbers: FixedMap::new() }
    }

    fn number(&mut self, name: &'a str) -> u32 {
        let Names { all, numbers } = self;
        *numbers.get_or_insert_with(name, || {
            all.push(name);
            all.len() as u32 - 1
        })
    }

    /// Of these, each once.
    fn numbers(&mut self, names: impl Iterator<Item = &'a str>) -> Vec<u32> {
        let mut numbers: Vec<u32> = names.map(|name| self.number(name)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn of(&self, numbers: &[u32]) -> Vec<&'a str> {
        numbers.iter().filter_map(|number| self.all.get(*number as usize)).copied().collect()
    }
}
