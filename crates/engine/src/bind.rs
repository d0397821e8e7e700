//! Bind: from the names an event gives to the configuration item it is about.

use std::collections::BTreeSet;
use std::collections::btree_map::Entry;

use model::event::AlertEvent;
use model::reason::Binding;
use model::source::Coverage;
use model::step::Subject;
use model::{AlertId, CiId, IncidentId, Reason, SourceName};

use crate::desk::Desk;
use crate::state::Member;

impl Desk<'_> {
    /// The item an event is about, by the graph in force.
    pub(crate) fn bind(&self, event: &AlertEvent) -> (Option<CiId>, Binding) {
        self.identify(&event.ci_names, event.environment.as_deref())
    }

    fn identify(&self, names: &[Box<str>], environment: Option<&str>) -> (Option<CiId>, Binding) {
        let (item, binding) = self.graph().identify(names, environment, self.now);
        (item.map(|item| self.graph().id(item).clone()), binding)
    }

    /// A source has spoken of an item: it covers it from now on.
    pub(crate) fn cover(&mut self, ci: &CiId, source: &SourceName) {
        let since = self.now;
        let Entry::Vacant(unknown) = self.state.covered.entry((ci.clone(), source.clone())) else { return };
        unknown.insert(since);
        self.mark_covered(ci);
        self.out.coverage.push(Coverage { ci: ci.clone(), source: source.clone(), since });
    }

    /// A new version of the graph: open alerts that it can bind, or can bind no more, are bound anew. Their incidents.
    pub(crate) fn rebind(&mut self) -> BTreeSet<IncidentId> {
        let mut concerned = BTreeSet::new();
        let open: Vec<AlertId> = self.state.open_alerts.iter().copied().collect();
        for id in open {
            let Some(alert) = self.state.alerts.get(&id) else { continue };
            let names: Vec<Box<str>> = match &alert.ci {
                Some(ci) if self.item(ci).is_some() => continue,
                Some(ci) => vec![ci.as_str().into()],
                None => alert.names.clone(),
            };
            let (ci, binding) = self.identify(&names, alert.environment.as_deref());
            if ci == alert.ci {
                continue;
            }
            concerned.extend(alert.episodes.iter().filter_map(|episode| episode.incident));
            self.set_binding(id, ci, binding, names);
        }
        concerned
    }

    fn set_binding(&mut self, id: AlertId, ci: Option<CiId>, binding: Binding, names: Vec<Box<str>>) {
        let before = self.state.alerts.get(&id).and_then(|alert| alert.ci.clone());
        if let Some(before) = &before {
            self.take_off(before, id);
            self.outages_dirty(before, self.now);
        }
        if let Some(ci) = &ci {
            self.put_on(ci, id);
        }
        let Some(alert) = self.alert_mut(id) else { return };
        alert.names = if ci.is_some() { Vec::new() } else { names };
        alert.ci = ci.clone();
        alert.binding = binding.clone();
        let source = alert.source.clone();
        let starts: Vec<_> = alert.episodes.iter().map(|episode| (episode.start, episode.incident)).collect();
        // Their rows name the item.
        let moved: Vec<Member> = alert.episodes.iter().map(|episode| (id, episode.id)).collect();
        self.state.touched.episodes.extend(moved);
        if let Some(ci) = ci {
            self.cover(&ci, &source);
        }
        self.decide(Subject::Alert(id), Reason::Bound { binding });
        for (start, incident) in starts {
            self.alert_dirty(id, start);
            if let Some(incident) = incident {
                self.state.touched.unsettled.insert(incident);
            }
        }
    }
}
