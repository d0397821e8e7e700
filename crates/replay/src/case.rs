//! Plays the small cases that stand beside pipelines, and says what came out otherwise than expected.

use engine::{Input, State};
use model::Domain;
use model::alert::Alert;
use model::incident::{Confidence, Incident};
use model::outage::ItemState;
use model::reason::Disposition;
use model::step::Answer;
use rules::PipelineSet;
use rules::case::{Case, Expected, ExpectedAlert, ExpectedIncident};
use runtime::{Domains, Item, ItemAnswer, Unreadable};
use store::Loaded;
use topology::{Graph, Topology};
use wire::Context;

/// Everything that is not as the case expects, each in a sentence; empty where all is.
pub fn play(case: &Case, pipelines: &PipelineSet) -> Vec<String> {
    let (graph, faults) = Graph::build_lenient(&case.cmdb, 1);
    let errors = faults.iter().filter(|fault| fault.is_error());
    let mut failures: Vec<String> = errors.map(|fault| format!("the case's cmdb: {fault}")).collect();
    let mut domains = Domains::restore(empty(), Topology::new(graph), pipelines.policy());
    let mut dispositions = Vec::new();
    for push in &case.pushes {
        let items = items_of(push, pipelines).into_iter().map(|item| (push.receipt, item)).collect();
        let (decided, items) = domains.decide(items);
        let mut answers = decided.answers.into_iter();
        for (_, item) in &items {
            dispositions.push(match item {
                Item::Unreadable(_) => Disposition::Rejected,
                Item::Event(_) | Item::Command(_) => disposition_of(answers.next()),
            });
        }
    }
    domains.decide_everywhere(case.until, &Input::Tick);
    if let Some(expected) = &case.expect.dispositions
        && *expected != dispositions
    {
        failures.push(format!("dispositions: expected {}, found {}", words(expected), words(&dispositions)));
    }
    if let Some(state) = domains.state_of(&Domain::default()) {
        judge(case, state, &mut failures);
    }
    failures
}

fn empty() -> Loaded {
    Loaded {
        epoch: 0,
        last_hash: store::GENESIS,
        commits: 0,
        clock: None,
        positions: Default::default(),
        topology: Vec::new(),
        owed: Vec::new(),
        domains: Default::default(),
        followed: Default::default(),
    }
}

fn items_of(push: &rules::case::Push, pipelines: &PipelineSet) -> Vec<Item> {
    let decoder = pipelines.decoder(push.format, &push.source);
    let context = Context { receipt: push.receipt, replay: false };
    let decoded = decoder.decode(push.format, &push.source, push.body.as_bytes(), &context);
    let unreadable = |why: String| {
        Item::Unreadable(Box::new(Unreadable {
            source: push.source.clone(),
            format: push.format.as_str().into(),
            why: why.into(),
            raw: push.body.as_bytes().into(),
            origin: None,
        }))
    };
    let refused = decoded.refused.map(|refused| unreadable(format!("{refused:?}")));
    let received = decoded.received.into_iter().map(|received| match received.result {
        Ok(wire::Input::Event(event)) => Item::Event(event),
        Ok(wire::Input::Command(command)) => Item::Command(command),
        Err(malformed) => unreadable(malformed.to_string()),
    });
    received.chain(refused).collect()
}

fn disposition_of(answer: Option<ItemAnswer>) -> Disposition {
    match answer {
        Some(ItemAnswer::Event(Answer::Event { disposition, .. })) => disposition,
        Some(ItemAnswer::Event(_) | ItemAnswer::Command(_) | ItemAnswer::DeadLetter(_)) | None => Disposition::Recorded,
    }
}

fn words(dispositions: &[Disposition]) -> String {
    let words: Vec<&str> = dispositions.iter().map(|disposition| disposition.as_str()).collect();
    format!("[{}]", words.join(", "))
}

fn judge(case: &Case, state: &State, failures: &mut Vec<String>) {
    let snapshot = state.snapshot();
    let alerts: Vec<&Alert> = snapshot.alerts.iter().collect();
    let incidents: Vec<&Incident> =
        snapshot.incidents.iter().filter(|incident| incident.merged_into.is_none()).collect();
    if let Some(expected) = &case.expect.alerts {
        compare("alerts", expected, &alerts, alert_differs, |alert| alert.summary.to_string(), failures);
    }
    if let Some(expected) = &case.expect.incidents {
        let differs = |wanted: &ExpectedIncident, found: &Incident| incident_differs(wanted, found, state);
        compare("incidents", expected, &incidents, differs, |incident| incident.title.to_string(), failures);
    }
}

/// Each expectation takes the first that fits it and is not taken; what fits nothing, and what is left, is a failure.
fn compare<E, T>(
    what: &str,
    expected: &Expected<E>,
    found: &[&T],
    differs: impl Fn(&E, &T) -> Option<String>,
    name: impl Fn(&T) -> String,
    failures: &mut Vec<String>,
) {
    let names = || found.iter().map(|one| name(one)).collect::<Vec<_>>().join("; ");
    match expected {
        Expected::Count(count) if *count != found.len() => {
            failures.push(format!("{what}: expected {count}, found {} ({})", found.len(), names()));
        }
        Expected::Count(_) => {}
        Expected::Each(wanted) => {
            let mut free: Vec<&T> = found.to_vec();
            for (nth, wanted) in wanted.iter().enumerate() {
                match free.iter().position(|one| differs(wanted, one).is_none()) {
                    Some(at) => drop(free.remove(at)),
                    None => {
                        let why: Vec<String> = free.iter().filter_map(|one| differs(wanted, one)).collect();
                        failures.push(format!("{what}[{nth}]: none fits ({})", why.join("; ")));
                    }
                }
            }
            if wanted.len() < found.len() {
                failures.push(format!("{what}: expected {}, found {} ({})", wanted.len(), found.len(), names()));
            }
        }
    }
}

fn alert_differs(wanted: &ExpectedAlert, found: &Alert) -> Option<String> {
    let mut differences = Differences::default();
    differences.contains("summary", wanted.summary_contains.as_deref(), &found.summary);
    for (label, value) in wanted.labels.iter() {
        differences.equal(label, Some(&Some(value)), &found.labels.get(label));
    }
    differences.equal("source", wanted.source.as_ref(), &found.source);
    differences.equal("ci", wanted.ci.as_ref(), &found.ci);
    differences.equal("state", wanted.state.as_ref(), &found.state());
    differences.equal("severity", wanted.severity.as_ref(), &found.severity());
    let effect = found.episodes.last().and_then(model::Episode::effect);
    differences.equal("effect", wanted.effect.as_ref(), &effect);
    differences.equal("episodes", wanted.episodes.as_ref(), &found.episodes.len());
    differences.text()
}

fn incident_differs(wanted: &ExpectedIncident, found: &Incident, state: &State) -> Option<String> {
    let mut differences = Differences::default();
    differences.contains("title", wanted.title_contains.as_deref(), &found.title);
    differences.equal("state", wanted.state.as_ref(), &found.state());
    differences.equal("priority", wanted.priority.as_ref(), &found.priority);
    let named =
        found.causes.first().filter(|cause| cause.confidence >= Confidence::Medium).map(|cause| cause.ci.clone());
    differences.equal("cause", wanted.cause.as_ref(), &named);
    let services: Vec<_> = found
        .services
        .iter()
        .filter(|service| service.state != ItemState::Up)
        .map(|service| (service.id.clone(), service.state))
        .collect();
    differences.equal("services", wanted.services.as_ref(), &services);
    differences.equal("alerts", wanted.alerts.as_ref(), &state.alerts_of_incident(found.id));
    differences.text()
}

#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, wanted: Option<&T>, found: &T) {
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            self.0.push(format!("{what} is {found:?}, not {wanted:?}"));
        }
    }

    fn contains(&mut self, what: &str, wanted: Option<&str>, found: &str) {
        if let Some(wanted) = wanted.filter(|wanted| !found.contains(*wanted)) {
            self.0.push(format!("{what} {found:?} does not contain {wanted:?}"));
        }
    }

    fn text(self) -> Option<String> {
        (!self.0.is_empty()).then(|| self.0.join(", "))
    }
}
