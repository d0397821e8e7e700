//! The items of a graph, packed: what most have in common is stored once, what few have is stored aside.
//!
//! A [`ConfigurationItem`] as files say it costs some 600 bytes with its relations; a row here costs 72 and its text. The full
//! item is put together when first asked for and then kept, so that a graph of a million items of which a thousand
//! are ever looked at stays small.

use std::collections::BTreeMap;

use model::item::{CalendarDef, Class, Objectives};
use model::{CiId, Cmdb, ConfigurationItem, Domain, Timestamp};

use crate::check;
use crate::fault::Fault;

pub(crate) struct Items {
    pub(crate) rows: Box<[Row]>,
    /// Those the file defines, then those that items merely name.
    pub(crate) classes: Vec<Class>,
    pub(crate) classes_defined: usize,
    pub(crate) calendars: Vec<CalendarDef>,
    environments: Vec<Box<str>>,
    owners: Vec<Owner>,
    domains: Vec<Domain>,
    extras: Vec<Extra>,
}

pub(crate) struct Row {
    pub(crate) id: CiId,
    pub(crate) name: Option<Box<str>>,
    pub(crate) aliases: Box<[Box<str>]>,
    pub(crate) class: u32,
    pub(crate) environment: u32,
    owner: u32,
    domain: u32,
    /// One more than the place in `extras`; 0 for none.
    extra: u32,
    pub(crate) criticality: u8,
}

/// Who answers for an item: few, of whom each has many.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
struct Owner {
    team: Option<Box<str>>,
    supplier: Option<Box<str>>,
}

/// What services have and most items have not.
#[derive(Clone, PartialEq, Default)]
struct Extra {
    objectives: Objectives,
    users: Option<u64>,
    live_since: Option<Timestamp>,
    retired_at: Option<Timestamp>,
}

pub(crate) struct ItemsBuilder {
    rows: Vec<Row>,
    classes: Vec<Class>,
    classes_defined: usize,
    class_numbers: BTreeMap<Box<str>, u32>,
    pub(crate) calendars: Vec<CalendarDef>,
    environments: Interner<Box<str>>,
    owners: Interner<Owner>,
    domains: Interner<Domain>,
    extras: Vec<Extra>,
}

impl Items {
    pub(crate) fn class(&self, at: usize) -> &Class {
        &self.classes[self.rows[at].class as usize]
    }

    pub(crate) fn environment(&self, at: usize) -> &str {
        &self.environments[self.rows[at].environment as usize]
    }

    pub(crate) fn environment_number(&self, environment: &str) -> Option<u32> {
        self.environments.iter().position(|known| **known == *environment).map(|at| at as u32)
    }

    pub(crate) fn team(&self, at: usize) -> Option<&str> {
        self.owner(at).team.as_deref()
    }

    pub(crate) fn supplier(&self, at: usize) -> Option<&str> {
        self.owner(at).supplier.as_deref()
    }

    pub(crate) fn users(&self, at: usize) -> Option<u64> {
        self.extra(at)?.users
    }

    pub(crate) fn domain(&self, at: usize) -> &Domain {
        &self.domains[self.rows[at].domain as usize]
    }

    /// `live_since` and `retired_at`.
    pub(crate) fn life(&self, at: usize) -> (Option<Timestamp>, Option<Timestamp>) {
        self.extra(at).map_or((None, None), |extra| (extra.live_since, extra.retired_at))
    }

    /// The item as files say it, but for its relations and groups.
    pub(crate) fn unpack(&self, at: usize) -> ConfigurationItem {
        let row = &self.rows[at];
        let extra = self.extra(at).cloned().unwrap_or_default();
        ConfigurationItem {
            id: row.id.clone(),
            class: self.class(at).id.clone(),
            name: row.name.clone(),
            environment: self.environment(at).into(),
            criticality: row.criticality,
            team: self.team(at).map(Into::into),
            supplier: self.supplier(at).map(Into::into),
            users: extra.users,
            aliases: row.aliases.to_vec(),
            domain: self.domain(at).clone(),
            relations: Vec::new(),
            groups: Vec::new(),
            objectives: extra.objectives,
            live_since: extra.live_since,
            retired_at: extra.retired_at,
        }
    }

    fn owner(&self, at: usize) -> &Owner {
        &self.owners[self.rows[at].owner as usize]
    }

    fn extra(&self, at: usize) -> Option<&Extra> {
        self.extras.get(self.rows[at].extra.checked_sub(1)? as usize)
    }
}

impl ItemsBuilder {
    /// With the CMDB's classes and calendars.
    pub(crate) fn new(cmdb: &Cmdb, items: usize, faults: &mut Vec<Fault>) -> ItemsBuilder {
        use crate::fault::FaultKind::{DuplicateCalendar, DuplicateClass};
        let classes = check::firsts(&cmdb.classes, |class| &class.id, |class| DuplicateClass { class }, faults);
        let calendars =
            check::firsts(&cmdb.calendars, |def| &def.id, |calendar| DuplicateCalendar { calendar }, faults);
        check::calendars(&calendars, faults);
        ItemsBuilder {
            rows: Vec::with_capacity(items),
            classes_defined: classes.len(),
            class_numbers: classes.iter().zip(0..).map(|(class, at)| (class.id.clone(), at)).collect(),
            classes,
            calendars,
            environments: Interner::default(),
            owners: Interner::default(),
            domains: Interner::default(),
            extras: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, item: &ConfigurationItem, faults: &mut Vec<Fault>) {
        check::life(item, faults);
        let is_calendar = |id: &str| self.calendars.iter().any(|calendar| *calendar.id == *id);
        let extra = Extra {
            objectives: check::objectives(item, is_calendar, faults),
            users: item.users,
            live_since: item.live_since,
            retired_at: item.retired_at,
        };
        let row = Row {
            id: item.id.clone(),
            name: item.name.clone(),
            aliases: check::aliases(item, faults),
            class: self.class(&item.class),
            environment: self.environments.number(&item.environment),
            owner: self.owners.number(&Owner { team: item.team.clone(), supplier: item.supplier.clone() }),
            domain: self.domains.number(&item.domain),
            extra: self.extra(extra),
            criticality: check::criticality(item, faults),
        };
        self.rows.push(row);
    }

    pub(crate) fn finish(self) -> Items {
        Items {
            rows: self.rows.into_boxed_slice(),
            classes: self.classes,
            classes_defined: self.classes_defined,
            calendars: self.calendars,
            environments: self.environments.values,
            owners: self.owners.values,
            domains: self.domains.values,
            extras: self.extras,
        }
    }

    fn class(&mut self, id: &str) -> u32 {
        if let Some(number) = self.class_numbers.get(id) {
            return *number;
        }
        let number = self.classes.len() as u32;
        self.classes.push(Class::implied(id));
        self.class_numbers.insert(id.into(), number);
        number
    }

    fn extra(&mut self, extra: Extra) -> u32 {
        if extra == Extra::default() {
            return 0;
        }
        self.extras.push(extra);
        self.extras.len() as u32
    }
}

/// Numbers for few distinct values, in the order they first came.
pub(crate) struct Interner<T> {
    numbers: BTreeMap<T, u32>,
    pub(crate) values: Vec<T>,
}

impl<T> Default for Interner<T> {
    fn default() -> Interner<T> {
        Interner { numbers: BTreeMap::new(), values: Vec::new() }
    }
}

impl<T: Ord + Clone> Interner<T> {
    pub(crate) fn number(&mut self, value: &T) -> u32 {
        if let Some(number) = self.numbers.get(value) {
            return *number;
        }
        let number = self.values.len() as u32;
        self.numbers.insert(value.clone(), number);
        self.values.push(value.clone());
        number
    }
}
