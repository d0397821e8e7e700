//! Random lives of a small company: faults, people, windows and silences in any mixture. Whatever happens, the
//! invariants hold after every step, batches may be cut anywhere, a restart changes nothing, and outages are those of
//! one sweep from scratch. `[I5]` `[I6]` `[I7]` `[I8]` `[I13]` `[I15]` `[I16]`

use engine::{Batch, Input, Policy, Received, State, step};
use model::alert::Alert;
use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::incident::{HoldFor, Major};
use model::{IncidentId, Severity, Span, Timestamp};
use proptest::prelude::*;
use testkit::{Says, SplitMix64, clear, clock, firing, shown};

use crate::budget::cases;
use crate::invariants::difference;
use crate::naming::Names;
use crate::policy::policy;
use crate::script::{What, correction_id, line};
use crate::sweeps::{Expected, from_scratch, on_record};
use crate::world::World;

const GRAPH: &str = "
    shop{service,crit=1} -> api -> db-1 storage
    mail{service,crit=2} -> db-2 storage
    portal{service} -[2 of 3]-> web-1 web-2 web-3
    portal ~> mail
    web-1 web-2 web-3 -> switch{network}";
/// The same company some time later: items have come and gone, and all of them have other places.
const LATER: &str = "
    billing{service,crit=1} -> db-1
    shop{service,crit=1} -> api -> db-1 cache
    mail{service,crit=3} -> db-2 cache
    portal{service} -[1 of 2]-> web-1 web-2
    web-1 web-2 -> switch{network}
    web-3 -> router";
const KEYS: [&str; 12] = [
    "down/storage",
    "slow/db-1",
    "full/db-1",
    "down/db-2",
    "errors/api",
    "errors/shop",
    "down/web-1",
    "down/web-2",
    "down/web-3",
    "lost/switch",
    "loose",
    "stray",
];

const SERVICES: [&str; 3] = ["shop", "mail", "portal"];
const STATES: [&str; 4] = ["up", "down", "degraded", "down planned"];

/// Pipelines that differ in what ends an episode, what orders it, and how long things are kept.
const POLICIES: [&str; 7] = [
    "close_after 2h\nstorm 2 in 1h",
    "expiry source",
    "resolve_timeout 10m",
    "expiry source\nresolve_timeout 10m",
    "order arrival\nflapping off\nstorm 3 in 10m",
    "clears never\nopen_at minor\nrestore_at major",
    "rule all match=alertname=~\"d.*\" window=30m\ninhibit source=alertname=lost target=alertname=down\nauto_declare yes",
];

/// Something that happens some seconds after what happened before.
#[derive(Clone, Debug)]
struct Happens {
    after: i64,
    what: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Fire {
        key: usize,
        severity: Severity,
        back: i64,
        promise: Option<i64>,
    },
    Clear {
        key: usize,
        back: i64,
        whole: bool,
    },
    Person {
        incident: usize,
        does: u8,
        other: usize,
    },
    Line(&'static str),
    /// Of the outage of this number, or of none.
    Correct {
        service: usize,
        back: i64,
        length: Option<i64>,
        state: usize,
        of: Option<usize>,
    },
    /// The correction that was said as this one.
    Withdraw {
        nth: usize,
    },
    Tick,
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let severity = proptest::sample::select(Severity::ALL.to_vec());
    let lines = proptest::sample::select(vec![
        "maintenance MW1 on web-1,web-2 10:20:00..10:50:00",
        "maintenance MW2 on storage 10:00:00..11:30:00",
        "end MW2",
        "maintenance MW3 on web-1,storage 10:05:00..10:25:00 rrule=FREQ=DAILY",
        "maintenance MW4 on web-2 09:50:00..11:10:00 rrule=FREQ=WEEKLY;BYDAY=FR,SA;COUNT=3 zone=America/New_York",
        "end MW3",
        "end MW3 occurrence",
        "end MW3 occurrence 1d10:05:00",
        "silence S1 alertname=down 10:00:00..10:40:00",
        "expire S1",
        "change CHG1 on storage started",
        "heartbeat mon every=60s",
        "resumed",
    ]);
    prop_oneof![
        10 => (0..KEYS.len(), severity, 0..600_i64, proptest::option::of(0..900_i64))
            .prop_map(|(key, severity, back, promise)| Kind::Fire { key, severity, back, promise }),
        8 => (0..KEYS.len(), 0..300_i64, any::<bool>()).prop_map(|(key, back, whole)| Kind::Clear { key, back, whole }),
        6 => (0..6_usize, 0..16_u8, 0..6_usize)
            .prop_map(|(incident, does, other)| Kind::Person { incident, does, other }),
        2 => lines.prop_map(Kind::Line),
        3 => (0..SERVICES.len(), 0..9000_i64, proptest::option::weighted(0.8, 1..5000_i64), 0..STATES.len(),
              proptest::option::of(0..4_usize))
            .prop_map(|(service, back, length, state, of)| {
                Kind::Correct { service, back, length, state, of }
            }),
        1 => (0..4_usize).prop_map(|nth| Kind::Withdraw { nth }),
        2 => Just(Kind::Tick),
    ]
}

fn any_life() -> impl Strategy<Value = Vec<Happens>> {
    let after = prop_oneof![2 => Just(0_i64), 6 => 0..90_i64, 2 => 0..2000_i64, 1 => 0..100_000_i64];
    proptest::collection::vec((after, any_kind()).prop_map(|(after, what)| Happens { after, what }), 1..40)
}

fn any_policy() -> impl Strategy<Value = Policy> {
    proptest::sample::select(POLICIES.to_vec()).prop_map(policy)
}

fn input(what: &Kind, at: Timestamp, names: &Names) -> Option<Input> {
    let incidents = names.incidents();
    let said = |text: &str| match line(&format!("{} {text}", shown(at)), names).what {
        What::Input(input) => Some(input),
        What::Cmdb(_) | What::Restart | What::Tick => None,
    };
    match what {
        Kind::Correct { service, back, length, state, of } => {
            let service = SERVICES[*service];
            let outages = names.outages_of(service);
            let of = of.and_then(|nth| outages.get(nth % outages.len().max(1)));
            let from = at - Span::from_seconds(*back);
            let to = length.map(|length| shown(from + Span::from_seconds(length))).unwrap_or_default();
            let of = of.map(|outage| format!(" of={}", shown(outage.from))).unwrap_or_default();
            let name = names.corrections();
            said(&format!("correct C{name} on {service} {}..{to} {}{of}", shown(from), STATES[*state]))
        }
        Kind::Withdraw { nth } => {
            let name = format!("C{}", nth % names.corrections().max(1));
            names.find_correction(correction_id(&name))?;
            said(&format!("withdraw {name}"))
        }
        Kind::Fire { key, severity, back, promise } => {
            let mut says = firing(KEYS[*key]).severity(*severity).starts(at - Span::from_seconds(*back));
            if let Some(promise) = promise {
                says = says.ends(at + Span::from_seconds(*promise));
            }
            Some(Input::Event(says.event()))
        }
        Kind::Clear { key, back, whole } => {
            let end = at - Span::from_seconds(*back);
            let says = clear(KEYS[*key]).ends(end);
            let says = if *whole { says.starts(end - Span::from_seconds(120)) } else { says };
            Some(Input::Event(says.event()))
        }
        Kind::Person { incident, does, other } => {
            let pick = |at: usize| incidents.get(at % incidents.len().max(1)).copied();
            let action = Action::Incident {
                target: IncidentTarget::Id(pick(*incident)?),
                action: deed(*does, pick(*other)?, KEYS[*other]),
            };
            Some(Input::Command(Box::new(Command { by: "ana".into(), at: None, action })))
        }
        Kind::Line(text) => said(text),
        Kind::Tick => Some(Input::Tick),
    }
}

fn deed(does: u8, other: IncidentId, key: &str) -> IncidentAction {
    let alert = testkit::event::fingerprint(key, testkit::event::SOURCE).alert();
    let notes = Some("because".into());
    match does {
        0 => IncidentAction::Acknowledge,
        1 => IncidentAction::Unacknowledge,
        2 => IncidentAction::Hold { reason_for: HoldFor::Supplier, until: None, reason: "parts".into() },
        3 => IncidentAction::Unhold,
        4 => IncidentAction::Resolve { code: None, notes, force: false },
        5 | 6 => IncidentAction::Resolve { code: None, notes, force: true },
        7 => IncidentAction::Close { notes, force: true },
        8 => IncidentAction::Reopen,
        9 => IncidentAction::Merge { into: other },
        10 => IncidentAction::Split { alerts: vec![alert] },
        11 => IncidentAction::Unlink { alert },
        12 => IncidentAction::FalsePositive { reason: "a test".into() },
        13 => IncidentAction::Major { state: Major::Declared, reason: "it hurts".into() },
        14 => IncidentAction::Major { state: Major::None, reason: "it does not".into() },
        _ => IncidentAction::Comment { text: "hm".into() },
    }
}

/// Lives a life, one input to a batch, invariants checked after each; the inputs as they were.
fn live(life: &[Happens], policy: &Policy) -> (World, Vec<Received>) {
    let mut world = World::new(testkit::topology(GRAPH), policy.clone());
    let mut inputs = Vec::new();
    let mut at = clock("10:00:00");
    for happens in life {
        at = at + Span::from_seconds(happens.after);
        let Some(input) = input(&happens.what, at, &world.names) else { continue };
        inputs.push(Received { at, input: input.clone() });
        world.feed(at, input);
    }
    (world, inputs)
}

/// The same inputs in batches cut at random; `between` only where time goes on.
fn in_batches(inputs: &[Received], world: &World, random: &mut SplitMix64, between: bool) -> State {
    let mut state = State::new(model::Domain::default());
    let mut inputs = inputs.iter().peekable();
    let mut batch = Batch::default();
    while let Some(received) = inputs.next() {
        batch.inputs.push(received.clone());
        let may_cut = !between || inputs.peek().is_none_or(|next| next.at > received.at);
        if inputs.peek().is_none() || (may_cut && random.once_in(2)) {
            step(&mut state, &world.topology, &world.policy, &std::mem::take(&mut batch));
        }
    }
    state
}

/// What was said of each alert, whoever holds it.
fn said_of_alerts(state: &State) -> Vec<String> {
    let said = |alert: &Alert| {
        alert
            .episodes
            .iter()
            .map(|episode| (episode.start, episode.end, episode.severities.clone()))
            .collect::<Vec<_>>()
    };
    state.snapshot().alerts.iter().map(|alert| format!("{:?} {:?}", alert.dedup_key, said(alert))).collect()
}

/// I16: the step that forgets it may be the one that hears it again, or not.
#[test]
fn an_alert_that_is_heard_again_once_it_is_forgotten_comes_anew_however_batches_are_cut() {
    let at = |seconds: i64| clock("10:00:00") + Span::from_seconds(seconds);
    let forgotten = model::limits::LATE_HORIZON.micros() / 1_000_000;
    let heard = |seconds: i64, says: Says| Received { at: at(seconds), input: Input::Event(says.event()) };
    let inputs = [
        heard(0, clear(KEYS[6]).ends(at(0))),
        heard(1 + forgotten, firing(KEYS[0]).starts(at(1 + forgotten))),
        heard(2 + forgotten, clear(KEYS[6]).ends(at(2 + forgotten))),
        heard(3 + forgotten, firing(KEYS[6]).starts(at(3 + forgotten))),
    ];
    let (policy, topology) = (Policy::default(), testkit::topology(GRAPH));
    let lived = |cuts: &[usize]| {
        let mut state = State::new(model::Domain::default());
        let mut from = 0;
        for to in cuts.iter().copied().chain([inputs.len()]) {
            let batch = Batch { inputs: inputs[from..to].to_vec() };
            step(&mut state, &topology, &policy, &batch);
            from = to;
        }
        state.snapshot()
    };
    let whole = lived(&[]);
    for cuts in [vec![1, 2, 3], vec![2], vec![1, 2], vec![1]] {
        assert_eq!(difference(&whole, &lived(&cuts)), None, "cut at {cuts:?}");
    }
}

proptest! {
    #![proptest_config(cases())]

    /// I5, I6, I7, I8, I9, I13, I15 after every step; outages as from scratch at the end.
    #[test]
    fn whatever_happens_the_invariants_hold(life in any_life(), policy in any_policy()) {
        let (mut world, _) = live(&life, &policy);
        let end = world.state.clock() + Span::from_minutes(90);
        world.run_until(end);
        let found: Vec<_> = world.state.snapshot().outages.into_iter()
            .map(|outage| (outage.service, outage.from, outage.to, outage.state, outage.planned)).collect();
        let horizon = world.state.clock() - model::limits::LATE_HORIZON;
        let within = |outage: &Expected| outage.2.is_none_or(|to| to > horizon);
        let expected = from_scratch(&world);
        let recent = |outages: &[Expected]| outages.iter().filter(|outage| within(outage)).cloned().collect::<Vec<_>>();
        prop_assert_eq!(recent(&found), recent(&expected));
        // Behind the horizon too: what was wanted was loaded.
        prop_assert_eq!(on_record(&world), expected);
    }

    /// I16: how inputs are cut into batches changes nothing, as long as no batch ends within an instant.
    #[test]
    fn batches_may_be_cut_wherever_time_goes_on(life in any_life(), policy in any_policy(), seed in any::<u64>()) {
        let (world, inputs) = live(&life, &policy);
        let mut random = SplitMix64::new(seed);
        let one = in_batches(&inputs, &world, &mut random, true);
        let other = in_batches(&inputs, &world, &mut random, true);
        let differs = difference(&one.snapshot(), &other.snapshot());
        prop_assert!(differs.is_none(), "{}\n{}", differs.unwrap_or_default(), world.log.join("\n"));
    }

    /// I16: cut within an instant, what was said stays the same. People keep silent here: which episodes a forced
    /// resolve ends depends on what its incident had been settled to hold.
    #[test]
    fn episodes_do_not_depend_on_batches_at_all(life in any_life(), policy in any_policy(), seed in any::<u64>()) {
        let said: Vec<Happens> =
            life.into_iter().filter(|happens| !matches!(happens.what, Kind::Person { .. })).collect();
        let (world, inputs) = live(&said, &policy);
        let other = in_batches(&inputs, &world, &mut SplitMix64::new(seed), false);
        prop_assert_eq!(said_of_alerts(&other), said_of_alerts(&world.state));
    }

    /// I15: what is kept beside the rows follows from them: derived anew before every input it decides the same.
    #[test]
    fn what_is_derived_step_by_step_is_what_is_derived_from_scratch(
        life in any_life(), policy in any_policy(), cut in 0..40_usize,
    ) {
        let (world, inputs) = live(&life, &policy);
        let [one, other] = [false, true].map(|anew| {
            let mut going_on = World::new(world.topology.clone(), policy.clone());
            for (at, received) in inputs.iter().enumerate() {
                if at == cut {
                    going_on.import(received.at, LATER);
                    going_on.feed(received.at, Input::TopologyChanged);
                }
                going_on.restart(anew);
                going_on.feed(received.at, received.input.clone());
            }
            (going_on.state.snapshot(), going_on.log)
        });
        let differs = difference(&one.0, &other.0);
        prop_assert!(differs.is_none(), "{}\n{}", differs.unwrap_or_default(), world.log.join("\n"));
        prop_assert_eq!(one.1, other.1);
    }

    /// I15: what a restart makes of the rows goes on as if there had been none but a stop of reading.
    #[test]
    fn a_restart_changes_nothing(life in any_life(), policy in any_policy(), cut in 0..40_usize) {
        let (world, inputs) = live(&life, &policy);
        let [one, other] = [false, true].map(|restarts| {
            let mut going_on = World::new(world.topology.clone(), policy.clone());
            for (place, received) in inputs.iter().enumerate() {
                if place == cut {
                    going_on.restart(restarts);
                }
                going_on.feed(received.at, received.input.clone());
            }
            let end = world.state.clock() + Span::from_minutes(90);
            going_on.run_until(end);
            going_on.state.snapshot()
        });
        let differs = difference(&one, &other);
        prop_assert!(differs.is_none(), "{}\n{}", differs.unwrap_or_default(), world.log.join("\n"));
    }
}
