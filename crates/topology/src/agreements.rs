//! What is wrong with agreements: what is sound is kept, what is not is a fault. docs/measures.md section 7.

use std::collections::BTreeSet;

use model::item::{AgreedTarget, Agreement, CalendarDef};
use model::limits::AGREED_TARGET_MAX;
use model::{Cmdb, FixedMap, Span};

use crate::check::{ALWAYS, firsts};
use crate::fault::{AgreementFault, Fault, FaultKind};

/// What is sound of them, in the order of the file.
pub(crate) fn agreements(
    cmdb: &Cmdb,
    ids: &FixedMap<&str, u32>,
    calendars: &[CalendarDef],
    faults: &mut Vec<Fault>,
) -> Vec<Agreement> {
    let twice = |agreement| FaultKind::Agreement { agreement, fault: AgreementFault::Duplicate };
    let said = firsts(&cmdb.agreements, |agreement| &agreement.id, twice, faults);
    if said.is_empty() {
        return said;
    }
    let suppliers = cmdb.items.iter().filter_map(|item| item.supplier.as_deref()).collect();
    let known = Known { cmdb, ids, calendars, suppliers };
    let sound = |mut agreement: Agreement| {
        let wrong = known.wrong(&agreement);
        let id = &agreement.id;
        faults.extend(wrong.iter().cloned().map(|fault| {
            let agreement = id.clone();
            Fault::of_file(FaultKind::Agreement { agreement, fault })
        }));
        if wrong.iter().any(AgreementFault::leaves_it_out) {
            return None;
        }
        agreement.calendar.take_if(|calendar| !known.has_calendar(calendar));
        agreement.targets.retain_mut(|target| {
            [&mut target.respond, &mut target.restore].into_iter().for_each(|span| {
                span.take_if(|length| !is_sound(*length));
            });
            target.respond.is_some() || target.restore.is_some()
        });
        Some(agreement)
    };
    said.into_iter().filter_map(sound).collect()
}

struct Known<'c> {
    cmdb: &'c Cmdb,
    ids: &'c FixedMap<&'c str, u32>,
    calendars: &'c [CalendarDef],
    suppliers: BTreeSet<&'c str>,
}

impl Known<'_> {
    fn wrong(&self, agreement: &Agreement) -> Vec<AgreementFault> {
        let mut wrong = Vec::new();
        if agreement.id.trim().is_empty() {
            wrong.push(AgreementFault::EmptyId);
        }
        let Agreement { service, team, supplier, .. } = agreement;
        let parties = usize::from(service.is_some()) + usize::from(team.is_some()) + usize::from(supplier.is_some());
        if parties != 1 {
            wrong.push(AgreementFault::Parties { count: parties });
        }
        if let Some(service) = service {
            match self.ids.contains_key(service.as_str()) {
                false => wrong.push(AgreementFault::UnknownService { service: service.clone() }),
                true if !self.is_service(service.as_str()) => {
                    wrong.push(AgreementFault::NoService { item: service.clone() });
                }
                true => {}
            }
        }
        if let Some(supplier) = supplier.as_deref().filter(|supplier| !self.suppliers.contains(supplier)) {
            wrong.push(AgreementFault::UnknownSupplier { supplier: supplier.into() });
        }
        if let Some(calendar) = agreement.calendar.as_deref().filter(|calendar| !self.has_calendar(calendar)) {
            wrong.push(AgreementFault::UnknownCalendar { calendar: calendar.into() });
        }
        if agreement.targets.is_empty() {
            wrong.push(AgreementFault::NoTargets);
        }
        wrong.extend(agreement.targets.iter().flat_map(wrong_target));
        wrong
    }

    fn is_service(&self, id: &str) -> bool {
        let items = self.cmdb.items.iter().filter(|item| item.id.as_str() == id);
        let classes = &self.cmdb.classes;
        let serves =
            |class: &str| class == "service" || classes.iter().any(|known| *known.id == *class && known.service);
        items.take(1).any(|item| serves(&item.class))
    }

    fn has_calendar(&self, id: &str) -> bool {
        id == ALWAYS || self.calendars.iter().any(|calendar| *calendar.id == *id)
    }
}

fn wrong_target(target: &AgreedTarget) -> Vec<AgreementFault> {
    let priority = target.priority;
    let lengths = [("respond", target.respond), ("restore", target.restore)];
    let unsound = |(field, length): (&'static str, Option<Span>)| {
        let value = length.filter(|length| !is_sound(*length))?;
        Some(AgreementFault::Target { priority, field, value })
    };
    let mut wrong: Vec<AgreementFault> = lengths.into_iter().filter_map(unsound).collect();
    match (target.respond, target.restore) {
        (None, None) => wrong.push(AgreementFault::EmptyTarget { priority }),
        (Some(respond), Some(restore)) if respond > restore => {
            wrong.push(AgreementFault::RespondLonger { priority, respond, restore });
        }
        _ => {}
    }
    wrong
}

fn is_sound(target: Span) -> bool {
    target > Span::ZERO && target <= AGREED_TARGET_MAX
}
