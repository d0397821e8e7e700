//! The services of an incident as four lists: down, degraded, at risk, watched and healthy. Of what is over they say how
//! it was at its worst.

use model::outage::ItemState;
use wire::v1;

use super::drawing::address;
use crate::incidents::map::{IncidentMap, MapService};
use crate::pages::told;

/// Services that a list names.
const NAMED_MAX: usize = 24;

#[derive(Debug)]
pub(crate) struct Hurt {
    pub(crate) heading: &'static str,
    pub(crate) class: &'static str,
    pub(crate) services: Vec<HurtService>,
    pub(crate) more: usize,
    /// What is said where there is none.
    pub(crate) none: &'static str,
}

#[derive(Debug)]
pub(crate) struct HurtService {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) criticality: u8,
    pub(crate) note: String,
    pub(crate) since: Option<v1::Instant>,
}

/// Four lists, and the names of services in reach that nobody watches.
pub(super) fn lists(map: &IncidentMap, over: bool) -> (Vec<Hurt>, Vec<String>) {
    let state = |service: &MapService| if over { service.worst.unwrap_or_default() } else { service.now };
    let of = |wanted: ItemState| {
        let those = map.services.iter().filter(|service| state(service) == wanted);
        those.map(|service| told_of(service, over)).collect::<Vec<_>>()
    };
    let healthy = map
        .services
        .iter()
        .filter(|service| state(service) == ItemState::Up && (service.watched || service.worst.is_some()));
    let healthy = healthy.map(|service| told_of(service, over)).collect();
    let unwatched = map.services.iter().filter(|service| !service.watched && service.worst.is_none());
    let headings = if over {
        ["Were down", "Were degraded", "Were at risk", "Watched, stayed healthy"]
    } else {
        ["Down", "Degraded", "At risk", "Watched and healthy"]
    };
    let none = if over {
        ["None was.", "None was.", "None was.", "No other service depended on it."]
    } else {
        ["None is.", "None is.", "None is.", "No other service depends on it."]
    };
    let [down, degraded, at_risk, up] = headings;
    let [no_down, no_degraded, no_risk, no_up] = none;
    let lists = vec![
        list(down, ItemState::Down, of(ItemState::Down), no_down),
        list(degraded, ItemState::Degraded, of(ItemState::Degraded), no_degraded),
        list(at_risk, ItemState::AtRisk, of(ItemState::AtRisk), no_risk),
        list(up, ItemState::Up, healthy, no_up),
    ];
    (lists, unwatched.map(|service| service.name.clone()).collect())
}

fn list(heading: &'static str, state: ItemState, mut services: Vec<HurtService>, none: &'static str) -> Hurt {
    let more = services.len().saturating_sub(NAMED_MAX);
    services.truncate(NAMED_MAX);
    Hurt { heading, class: told::class(state), services, more, none }
}

fn told_of(service: &MapService, over: bool) -> HurtService {
    let note = match service.worst {
        Some(worst) if !over && service.now == ItemState::Up && worst != ItemState::Up => {
            format!("was {}, is back", told::state(worst))
        }
        Some(worst) if !over && worst > service.now => format!("was {}", told::state(worst)),
        _ if !over && service.state > service.now => {
            format!("{}, through another incident", told::state(service.state))
        }
        _ => String::new(),
    };
    HurtService {
        address: address(&service.id, true),
        name: service.name.clone(),
        criticality: service.criticality,
        note,
        since: service.since.filter(|_| !over && service.now != ItemState::Up),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(id: &str, worst: Option<ItemState>, now: ItemState, watched: bool) -> MapService {
        let (id, name) = (id.to_owned(), id.to_owned());
        MapService { id, name, criticality: 1, worst, now, state: now, since: None, watched }
    }

    fn map() -> IncidentMap {
        use ItemState::{Degraded, Down, Up};
        IncidentMap {
            id: "inc".to_owned(),
            number: None,
            topology_version: 1,
            cause: None,
            items: Vec::new(),
            links: Vec::new(),
            cut: false,
            steps: Vec::new(),
            services: vec![
                service("shop", Some(Down), Down, true),
                service("mail", Some(Down), Degraded, true),
                service("wiki", Some(Degraded), Up, true),
                service("blog", None, Up, true),
                service("fax", None, Up, false),
            ],
            services_cut: false,
        }
    }

    fn names(lists: &[Hurt]) -> Vec<Vec<(String, String)>> {
        let of = |list: &Hurt| list.services.iter().map(|one| (one.name.clone(), one.note.clone())).collect();
        lists.iter().map(of).collect()
    }

    fn pairs(said: &[(&str, &str)]) -> Vec<(String, String)> {
        said.iter().map(|(name, note)| ((*name).to_owned(), (*note).to_owned())).collect()
    }

    #[test]
    fn what_lasts_is_listed_as_it_is_now() {
        let (lists, unwatched) = lists(&map(), false);
        assert_eq!(
            names(&lists),
            [
                pairs(&[("shop", "")]),
                pairs(&[("mail", "was down")]),
                pairs(&[]),
                pairs(&[("wiki", "was degraded, is back"), ("blog", "")])
            ]
        );
        assert_eq!(unwatched, ["fax"], "nobody speaks of it: that is not health");
    }

    #[test]
    fn what_is_over_is_listed_as_it_was_at_its_worst() {
        let (lists, _) = lists(&map(), true);
        assert_eq!(
            names(&lists),
            [pairs(&[("shop", ""), ("mail", "")]), pairs(&[("wiki", "")]), pairs(&[]), pairs(&[("blog", "")])]
        );
    }
}
