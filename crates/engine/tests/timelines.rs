//! What the timeline of an incident says, and in whose name.

use engine::Policy;
use model::Span;
use model::reason::Reason;
use model::step::{Decision, Subject};

use crate::cases::happen;
use crate::script::line;
use crate::world::World;

/// What was decided of the first incident.
fn decided(graph: &str, lines: &[&str]) -> Vec<Decision> {
    let mut world = World::new(testkit::topology(graph), Policy::default());
    for text in lines {
        let line = line(text, &world.names);
        happen(&mut world, line);
    }
    let first = Subject::Incident(world.names.incidents()[0]);
    world.decided.into_iter().filter(|decision| decision.subject == first).collect()
}

#[test]
fn an_incident_that_a_flapping_alert_held_open_says_so_and_how_long_it_was_quiet() {
    let minutes = ["10:00", "10:02", "10:04", "10:06"];
    let fires = minutes.map(|at| format!("{at}:00 fire disk/db-7 starts={at}:00"));
    let clears = minutes.map(|at| format!("{at}:50 clear disk/db-7 ends={at}:50"));
    let mut lines: Vec<&str> = fires.iter().zip(&clears).flat_map(|(fire, clear)| [fire.as_str(), clear]).collect();
    lines.push("11:00:00 tick");
    let decided = decided("checkout{service} -> db-7", &lines);
    let flapping = |reason: &Reason| matches!(reason, Reason::FlappingLatched { alert: Some(_), .. });
    assert_eq!(decided.iter().filter(|decision| flapping(&decision.reason)).count(), 1, "{decided:#?}");
    let quiet = decided.iter().find_map(|decision| match decision.reason {
        Reason::ResolvedQuiet { quiet } => Some(quiet),
        _ => None,
    });
    assert_eq!(quiet, Some(Span::from_minutes(15)));
    let once = self::decided("checkout{service} -> db-7", &[lines[0], lines[1], "11:00:00 tick"]);
    let usual = Reason::ResolvedQuiet { quiet: Span::from_minutes(5) };
    assert!(once.iter().any(|decision| decision.reason == usual), "{once:#?}");
}

#[test]
fn a_team_that_changes_by_the_rule_is_in_the_timeline_as_nobody_s_act() {
    let graph = "wiki{service,crit=3,team=docs} -> web\nshop{service,crit=1,team=sales} -> web db";
    let decided =
        decided(graph, &["10:00:00 fire errors/wiki starts=10:00:00", "10:00:20 fire down/web starts=10:00:20"]);
    let handed: Vec<(Option<&str>, bool)> = decided
        .iter()
        .filter_map(|decision| match &decision.reason {
            Reason::Assigned { team, .. } => Some((team.as_deref(), decision.by.is_none())),
            _ => None,
        })
        .collect();
    assert_eq!(handed, [(Some("sales"), true)], "{decided:#?}");
}

#[test]
fn what_a_rule_finds_is_no_act_of_whoever_ended_a_maintenance_window() {
    let lines = [
        "10:00:00 maintenance MW1 on web 10:00:00..12:00:00",
        "10:01:00 fire errors/web starts=10:01:00",
        "10:02:00 fire down/db starts=10:02:00",
        "10:03:00 end MW1",
        "10:04:00 tick",
    ];
    let decided = decided("shop{service} -> web db\nweb -> db", &lines);
    let followed = |reason: &Reason| {
        matches!(reason, Reason::IncidentOpened { .. } | Reason::EpisodeJoined { .. } | Reason::ServiceAffected { .. })
    };
    assert!(decided.iter().any(|decision| matches!(decision.reason, Reason::EpisodeJoined { .. })), "{decided:#?}");
    for decision in decided.iter().filter(|decision| followed(&decision.reason)) {
        assert_eq!(decision.by, None, "{decision:?}");
    }
}
