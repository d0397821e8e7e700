//! Domains side by side in one store: what one writes has no name that another's has.

use std::collections::BTreeSet;

use engine::{Batch, Expiry, Input, Pipeline, Policy, Received, Snapshot, State, step};
use model::event::Event;
use model::fact::Silence;
use model::limits::LATE_HORIZON;
use model::outage::OutageState;
use model::{Domain, Fingerprint, Interval, Matcher, OutageId, OutboxId, ProblemId, SilenceId, Span, Step, Timestamp};
use testkit::{Says, clear, clock, firing};

const DAYS: i64 = 4;

/// What a domain's engine makes of a rule that fires once a day, of a source that is silent in the end.
fn lived(domain: &str) -> Vec<Step> {
    let domain = Domain::from(domain);
    let topology = testkit::topology("shop{service} -> db-7");
    let policy = Policy::new([Pipeline { expiry: Expiry::Source, ..Pipeline::standard("default") }]);
    let mut state = State::new(domain.clone());
    let mut decide = |at: Timestamp, says: Option<Says>| {
        let input = says.map_or(Input::Tick, |says| {
            let mut alert = says.alert();
            alert.domain = domain.clone();
            alert.fingerprint = Fingerprint::of_dedup_key(&domain, "mon", "disk/db-7");
            Input::Event(Event::from(alert))
        });
        step(&mut state, &topology, &policy, &Batch { inputs: vec![Received { at, input }] })
    };
    let mut steps = Vec::new();
    for day in 0..DAYS {
        let at = clock("10:00:00") + Span::from_days(day);
        steps.push(decide(at, Some(firing("disk/db-7").starts(at).ends(at + Span::MINUTE))));
        let over = at + Span::from_minutes(10);
        let end = (day + 1 < DAYS).then(|| clear("disk/db-7").starts(at).ends(over));
        steps.push(decide(over, end));
        steps.push(decide(at + Span::from_hours(3), None));
    }
    steps
}

/// I9 and I13 hold of each domain by itself.
#[test]
fn outages_problems_and_messages_of_two_domains_have_names_of_their_own() {
    let (ours, theirs) = (lived("default"), lived("acme"));
    let outages = |steps: &[Step]| -> BTreeSet<OutageId> {
        steps.iter().flat_map(|step| &step.outages).map(|outage| outage.id).collect()
    };
    let problems = |steps: &[Step]| -> BTreeSet<ProblemId> {
        steps.iter().flat_map(|step| &step.problems).map(|problem| problem.id).collect()
    };
    let told = |steps: &[Step]| -> BTreeSet<OutboxId> {
        steps.iter().flat_map(|step| &step.outbox).map(|message| message.id).collect()
    };
    assert_eq!((outages(&ours).len(), problems(&ours).len()), (DAYS as usize, 1), "the rule fires and recurs");
    assert!(outages(&ours).is_disjoint(&outages(&theirs)));
    assert!(problems(&ours).is_disjoint(&problems(&theirs)));
    assert!(told(&ours).is_disjoint(&told(&theirs)));
    assert_eq!(told(&ours).len(), told(&theirs).len());
}

/// Stores have rows of that domain from before there were others.
#[test]
fn an_outage_of_the_default_domain_is_called_as_it_always_was() {
    let at = clock("10:00:00");
    let first = lived("default").iter().flat_map(|step| step.outages.clone()).next().expect("the service is down");
    let always = OutageId::derive(|hash| {
        hash.text("shop").instant(at).text(OutageState::Down.as_str()).number(0).instant(at);
    });
    assert_eq!(first.id, always);
}

fn silence(name: &str, comment: &str, from: Timestamp, to: Timestamp) -> Silence {
    Silence {
        id: SilenceId::derive(|hash| {
            hash.text(name);
        }),
        matchers: Matcher::parse("alertname=disk").into_iter().collect(),
        interval: Interval::or_empty(from, to),
        by: "ann".into(),
        comment: comment.into(),
        updated_at: from,
    }
}

/// A domain has rows only of what came after it was born, and those say what it was told last.
#[test]
fn what_is_everybodys_is_laid_under_what_a_domain_has_itself() {
    let now = clock("10:00:00") + LATE_HORIZON;
    let lasts = (now - Span::HOUR, now + Span::HOUR);
    let everybodys = Snapshot {
        silences: vec![
            silence("a", "theirs", lasts.0, lasts.1),
            silence("b", "theirs", lasts.0, lasts.1),
            silence("gone", "theirs", clock("08:00:00"), clock("09:00:00")),
        ],
        ..Snapshot::default()
    };
    let own = vec![silence("a", "own", lasts.0, now), silence("c", "own", lasts.0, lasts.1)];
    let mut born = Snapshot { domain: Domain::from("acme"), clock: now, silences: own, ..Snapshot::default() };
    born.lay_under(&everybodys);
    let comments = |name: &str| {
        let id = silence(name, "", now, now).id;
        born.silences.iter().filter(|known| known.id == id).map(|known| &*known.comment).collect::<Vec<&str>>()
    };
    assert_eq!(["a", "b", "c", "gone"].map(comments), [vec!["own"], vec!["theirs"], vec!["own"], vec![]]);
}
