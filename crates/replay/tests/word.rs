//! What people did to a store's incidents is a truth: by hand-made cases, each pair counted by hand.

use model::command::{Action, Command, IncidentAction, IncidentTarget};
use model::incident::Verdict;
use model::{AlertId, Cmdb, IncidentId, Interval, Span, Timestamp};
use replay::history::History;
use replay::outcome::Outcome;
use replay::output::every;
use replay::word::{Word, WordScore};
use replay::{Config, Given, Player, Replayed};
use rules::PipelineSet;
use store::{AlertFilter, IncidentFilter, Memory, Store};
use wire::{Context, Format, Input};

/// A fault of three alerts, and one of two.
const CMDB: &str = "items:\n  - {id: shop, class: service, requires: [db-1]}\n  \
                    - {id: cart, class: service, requires: [db-1]}\n  - {id: db-1, class: database}\n  \
                    - {id: mail, class: service, requires: [mta-1]}\n  - {id: mta-1, class: application}\n";
const FIRED: [(&str, &str); 5] =
    [("db-1", "10:00:00"), ("shop", "10:00:20"), ("cart", "10:00:30"), ("mta-1", "10:03:00"), ("mail", "10:03:10")];

fn cmdb() -> Cmdb {
    wire::cmdb::CmdbFile::read("cmdb.yaml", CMDB).expect("it is sound").cmdb
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::parse("2026-05-01T10:00:00Z").expect("it is one") + Span::from_minutes(minutes)
}

async fn played(given: Vec<(Timestamp, Given)>, cmdb: &Cmdb) -> (Replayed, Store) {
    let config = Config { cmdb: cmdb.clone(), pipelines: PipelineSet::builtin(), until: None };
    let player = Player::new(Memory::new().store(), config).await.expect("an empty store");
    player.play_given(given).await.expect("it plays")
}

fn faults() -> Vec<(Timestamp, Given)> {
    let event = |(ci, clock): &(&str, &str)| {
        let at = format!("2026-05-01T{clock}Z");
        let line = format!(
            "{{\"source\":\"mon\",\"severity\":\"critical\",\"summary\":\"down\",\"ci\":\"{ci}\",\"dedup_key\":\"{ci}\",\
             \"starts_at\":\"{at}\"}}"
        );
        let received = Timestamp::parse(&at).expect("it is one");
        let context = Context { receipt: received, replay: true };
        let decoded = PipelineSet::builtin().decode(Format::Native, &"mon".into(), line.as_bytes(), &context);
        let input = decoded.received.into_iter().next().expect("an event").result.expect("it is sound");
        (received, Given::Input(input))
    };
    FIRED.iter().map(event).collect()
}

/// The incidents in the order in which they were opened, and the alert of each item.
struct Known {
    incidents: Vec<IncidentId>,
    alerts: Vec<model::Alert>,
}

impl Known {
    async fn of(store: &Store) -> Known {
        let incidents = every(async |page| store.incidents(&IncidentFilter::default(), &page).await).await;
        let mut incidents = incidents.expect("it reads");
        incidents.sort_by_key(|incident| incident.opened_at);
        let alerts = every(async |page| store.alerts(&AlertFilter::default(), &page).await).await.expect("it reads");
        Known { incidents: incidents.iter().map(|incident| incident.id).collect(), alerts }
    }

    fn alert(&self, ci: &str) -> AlertId {
        let on = |alert: &&model::Alert| alert.ci.as_ref().is_some_and(|item| item.as_str() == ci);
        self.alerts.iter().find(on).expect("an alert of the item").id
    }
}

/// What people said in the store, of what happened and of the same events without people.
async fn judged(act: impl Fn(&Known) -> Vec<(usize, IncidentAction)>) -> (WordScore, WordScore) {
    let cmdb = cmdb();
    let (_, store) = played(faults(), &cmdb).await;
    let known = Known::of(&store).await;
    assert_eq!(known.incidents.len(), 2);
    let mut given = faults();
    given.extend(act(&known).into_iter().zip(5..).map(|((incident, action), minutes)| {
        let action = Action::Incident { target: IncidentTarget::Id(known.incidents[incident]), action };
        (at(minutes), Given::Input(Input::Command(Box::new(Command { by: "ana".into(), at: None, action }))))
    }));
    let (_, store) = played(given, &cmdb).await;
    let history = History::read(&store, Interval::or_empty(at(-60), at(60))).await.expect("it reads");
    let rebuilt = history.rebuilt(None);
    assert_eq!(rebuilt.given.len(), FIRED.len(), "people's word is no input");
    let word = Word::of(&history, &rebuilt);
    let pipelines = PipelineSet::builtin();
    let (replayed, again) = played(rebuilt.given_to(&pipelines).collect(), &rebuilt.cmdb).await;
    let outcome = Outcome::read(&again, &replayed).await.expect("it reads");
    (word.score(&history.happened(&rebuilt)), word.score(&outcome))
}

#[tokio::test]
async fn what_a_person_merged_belongs_together_each_with_each_across() {
    let (happened, policy) = judged(|known| vec![(1, IncidentAction::Merge { into: known.incidents[0] })]).await;
    assert_eq!((happened.together, happened.together_kept, happened.apart), (6, 6, 0));
    assert_eq!((policy.together, policy.together_kept), (6, 0));
    assert_eq!((happened.f1(), policy.f1(), policy.precision()), (Some(1.0), Some(0.0), None));
}

#[tokio::test]
async fn what_a_person_took_out_does_not_belong_to_what_was_left() {
    let (happened, policy) = judged(|known| vec![(0, IncidentAction::Unlink { alert: known.alert("cart") })]).await;
    assert_eq!((happened.apart, happened.apart_kept, happened.together), (2, 2, 0));
    assert_eq!((policy.apart, policy.apart_kept), (2, 0));
    assert_eq!((happened.agreement(), policy.agreement(), policy.f1()), (Some(1.0), Some(0.0), None));
}

#[tokio::test]
async fn what_a_person_split_off_belongs_together_and_not_to_the_rest() {
    let split = |known: &Known| IncidentAction::Split { alerts: vec![known.alert("cart"), known.alert("shop")] };
    let (happened, policy) = judged(|known| vec![(0, split(known))]).await;
    assert_eq!((happened.together, happened.together_kept, happened.apart, happened.apart_kept), (1, 1, 2, 2));
    assert_eq!((policy.together_kept, policy.apart_kept), (1, 0));
    assert!(policy.f1().is_some_and(|f1| (f1 - 0.5).abs() < 1e-9), "{policy:?}");
}

#[tokio::test]
async fn what_was_taken_back_is_no_word() {
    let merged_again = |known: &Known| {
        let unlink = IncidentAction::Unlink { alert: known.alert("cart") };
        vec![(0, unlink)]
    };
    let (happened, _) = judged(merged_again).await;
    assert_eq!(happened.apart, 2);
    let (happened, _) = judged(|known| {
        let into = known.incidents[0];
        vec![(1, IncidentAction::Merge { into }), (0, IncidentAction::Split { alerts: vec![known.alert("mail")] })]
    })
    .await;
    // The merge says nothing of `mail` any more: three pairs across are left of six, and four alerts are parted from.
    assert_eq!((happened.together, happened.apart), (3, 4));
}

#[tokio::test]
async fn causes_that_people_judged_and_false_alarms_are_held_against_a_policy() {
    let cause = |ci: &str, verdict| IncidentAction::Cause { ci: ci.into(), verdict };
    let (happened, policy) = judged(|_| {
        vec![
            (0, cause("shop", Verdict::Confirmed)),
            (0, cause("db-1", Verdict::Rejected)),
            (1, IncidentAction::FalsePositive { reason: "a test".into() }),
        ]
    })
    .await;
    assert_eq!((happened.causes.incidents, happened.causes.top_1, happened.rejected_named_first), (1, 1.0, 0));
    assert_eq!((policy.causes.top_1, policy.rejected, policy.rejected_named_first), (0.0, 1, 1));
    assert_eq!((policy.false_alarms, policy.false_alarms_opened), (1, 1));
}
