//! Something that happened, as a line: when, of what, what it was, and who did it.

use model::fact::{ChangeResult, ChangeStatus};
use model::outage::OutageState;
use model::{Timestamp, text};
use wire::v1;

use crate::ops::Status;
use crate::pages::told::encoded;

/// The stretch that is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lately {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum About {
    Incidents,
    Services,
    Changes,
    Maintenance,
    Silences,
    Sources,
    Cmdb,
}

#[derive(Debug)]
pub(super) struct Moment {
    pub(super) at: v1::Instant,
    pub(super) about: About,
    /// What it is of, and where that can be looked at.
    pub(super) name: String,
    pub(super) address: Option<String>,
    /// What happened to it, after its name: `opened`.
    pub(super) what: &'static str,
    /// The class of `style.css` that shows how good or bad that is.
    pub(super) class: &'static str,
    pub(super) said: String,
    pub(super) by: Option<String>,
}

impl About {
    pub(super) const ALL: [About; 7] = [
        About::Incidents,
        About::Services,
        About::Changes,
        About::Maintenance,
        About::Silences,
        About::Sources,
        About::Cmdb,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            About::Incidents => "incidents",
            About::Services => "services",
            About::Changes => "changes",
            About::Maintenance => "maintenance",
            About::Silences => "silences",
            About::Sources => "sources",
            About::Cmdb => "cmdb",
        }
    }

    pub(super) fn from_word(word: &str) -> Option<About> {
        About::ALL.into_iter().find(|about| about.word() == word)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            About::Incidents => "Incidents",
            About::Services => "Services",
            About::Changes => "Changes",
            About::Maintenance => "Maintenance",
            About::Silences => "Silences",
            About::Sources => "Sources",
            About::Cmdb => "CMDB",
        }
    }
}

impl Lately {
    fn has(self, at: v1::Instant) -> bool {
        self.from <= at.0 && at.0 <= self.to
    }
}

impl Moment {
    /// With nothing said of it yet.
    pub(super) fn new(at: v1::Instant, about: About, name: String, what: &'static str) -> Moment {
        Moment { at, about, name, address: None, what, class: "none", said: String::new(), by: None }
    }

    pub(super) fn of_incident(incident: &v1::Incident, lately: Lately) -> Vec<Moment> {
        let name = incident.number.clone().unwrap_or_else(|| incident.id.clone());
        let moment = |at: v1::Instant, what, class, by: Option<&String>| {
            lately.has(at).then(|| Moment {
                address: Some(format!("/incidents/{name}")),
                class,
                said: incident.title.clone(),
                by: by.cloned(),
                ..Moment::new(at, About::Incidents, name.clone(), what)
            })
        };
        let resolved_by = incident.resolution.as_ref().and_then(|resolution| resolution.by.as_ref());
        let once = [
            (Some(incident.opened_at), "opened", "down", None),
            (incident.acknowledged_at, "acknowledged", "none", incident.acknowledged_by.as_ref()),
            (incident.restored_at, "restored", "up", None),
            (incident.resolved_at, "resolved", "up", resolved_by),
            (incident.closed_at, "closed", "none", None),
        ];
        let mut moments: Vec<Moment> =
            once.into_iter().filter_map(|(at, what, class, by)| moment(at?, what, class, by)).collect();
        moments.extend(incident.reopened_at.iter().filter_map(|at| moment(*at, "reopened", "down", None)));
        for hold in &incident.holds {
            moments.extend(moment(hold.from, "put on hold", "planned", Some(&hold.by)));
            moments.extend(hold.to.and_then(|to| moment(to, "no longer on hold", "none", None)));
        }
        for comment in &incident.comments {
            let mut commented = moment(comment.at, "commented", "none", Some(&comment.by));
            commented.iter_mut().for_each(|moment| moment.said = text::cut(&comment.text, SAID_CHARS_MAX));
            moments.extend(commented);
        }
        moments
    }

    pub(super) fn of_outage(outage: &v1::Outage, lately: Lately) -> Vec<Moment> {
        let (what, class) = match (outage.planned, outage.state) {
            (true, _) => ("is out as planned", "planned"),
            (false, OutageState::Down) => ("went down", "down"),
            (false, OutageState::Degraded) => ("is degraded", "degraded"),
        };
        let edge = |at: Option<v1::Instant>, what, class| {
            at.filter(|at| lately.has(*at)).map(|at| Moment {
                address: Some(format!("/services/{}", encoded(&outage.service))),
                class,
                ..Moment::new(at, About::Services, outage.service.clone(), what)
            })
        };
        let over = match outage.planned {
            true => "is back as planned",
            false => "is no longer so",
        };
        let over = if outage.state == OutageState::Down && !outage.planned { "is no longer down" } else { over };
        [edge(Some(outage.from), what, class), edge(outage.to, over, "up")].into_iter().flatten().collect()
    }

    /// The latest that is known of it.
    pub(super) fn of_change(change: &v1::Change, lately: Lately) -> Option<Moment> {
        let ended = change.ends_at.filter(|_| change.status == ChangeStatus::Finished).filter(|at| lately.has(*at));
        let began = change.starts_at.filter(|_| change.status != ChangeStatus::Planned).filter(|at| lately.has(*at));
        let (at, what) = match (ended, began) {
            (Some(at), _) => (at, "ended"),
            (None, Some(at)) => (at, "began"),
            (None, None) => (change.received_at, "was announced"),
        };
        let class = match change.result {
            Some(ChangeResult::Failed | ChangeResult::BackedOut) => "degraded",
            Some(ChangeResult::Issues) => "at-risk",
            Some(ChangeResult::Successful) => "up",
            None => "planned",
        };
        let result = match change.result {
            Some(ChangeResult::Failed) => "It failed. ",
            Some(ChangeResult::BackedOut) => "It was backed out. ",
            Some(ChangeResult::Issues) => "It had issues. ",
            Some(ChangeResult::Successful) | None => "",
        };
        lately.has(at).then(|| Moment {
            address: Some(format!("/changes/{}", change.id)),
            class,
            said: format!("{result}{} ({})", text::cut(&change.summary, SAID_CHARS_MAX), listed(&change.ci)),
            ..Moment::new(at, About::Changes, change.reference.clone(), what)
        })
    }

    pub(super) fn of_window(window: &v1::MaintenanceWindow, lately: Lately) -> Vec<Moment> {
        let occurrences = [window.previous, window.next];
        let edges = occurrences.into_iter().flatten().flat_map(|occurrence| {
            [(occurrence.starts_at, "maintenance began"), (occurrence.ends_at, "maintenance ended")]
        });
        let announced = [(window.received_at, "maintenance was announced")];
        let moment = |(at, what): (v1::Instant, &'static str)| Moment {
            address: Some("/maintenance".to_owned()),
            class: "planned",
            said: format!("{} ({})", text::cut(&window.reason, SAID_CHARS_MAX), listed(&window.ci)),
            by: window.by.clone(),
            ..Moment::new(at, About::Maintenance, window.reference.clone(), what)
        };
        announced.into_iter().chain(edges).filter(|(at, _)| lately.has(*at)).map(moment).collect()
    }

    pub(super) fn of_silence(silence: &v1::Silence, lately: Lately) -> Vec<Moment> {
        let edges = [(silence.starts_at, "silence began"), (silence.ends_at, "silence ended")];
        let moment = |(at, what): (v1::Instant, &'static str)| Moment {
            address: Some("/silences".to_owned()),
            class: "planned",
            said: text::cut(&silence.comment, SAID_CHARS_MAX),
            by: Some(silence.by.clone()),
            ..Moment::new(at, About::Silences, text::cut(&silence.matchers.join(", "), SAID_CHARS_MAX), what)
        };
        edges.into_iter().filter(|(at, _)| lately.has(*at)).map(moment).collect()
    }

    pub(super) fn of_status(status: &Status, lately: Lately) -> Vec<Moment> {
        let silent = status.sources.iter().filter_map(|source| Some((source, source.silent_since?)));
        let silent = silent.filter(|(_, since)| lately.has(*since)).map(|(source, at)| Moment {
            class: "degraded",
            said: "What it watches is not watched by it since.".to_owned(),
            ..Moment::new(at, About::Sources, source.name.clone(), "fell silent")
        });
        let cmdb = status.cmdb_since.filter(|since| lately.has(*since)).map(|at| Moment {
            address: Some("/cmdb".to_owned()),
            said: text::counted(status.cmdb_items, "item"),
            ..Moment::new(at, About::Cmdb, format!("Version {}", status.cmdb_version), "came into force")
        });
        silent.chain(cmdb).collect()
    }
}

const SAID_CHARS_MAX: usize = 160;
const ITEMS_SHOWN: usize = 4;

fn listed(items: &[String]) -> String {
    let shown: Vec<&str> = items.iter().take(ITEMS_SHOWN).map(String::as_str).collect();
    match items.len().saturating_sub(ITEMS_SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> v1::Instant {
        v1::Instant(Timestamp::from_seconds(minutes * 60))
    }

    fn lately() -> Lately {
        Lately { from: at(60).0, to: at(120).0 }
    }

    #[test]
    fn an_outage_has_a_line_for_each_end_that_lies_in_the_stretch() {
        let outage = |from, to: Option<i64>, planned| v1::Outage {
            id: "out_1".to_owned(),
            service: "check out".to_owned(),
            from: at(from),
            to: to.map(at),
            state: OutageState::Down,
            planned,
            incident: None,
            correction: None,
        };
        let said = |outage: v1::Outage| -> Vec<&'static str> {
            Moment::of_outage(&outage, lately()).iter().map(|moment| moment.what).collect()
        };
        assert_eq!(said(outage(70, None, false)), ["went down"]);
        assert_eq!(said(outage(10, Some(80), false)), ["is no longer down"]);
        assert_eq!(said(outage(70, Some(80), true)), ["is out as planned", "is back as planned"]);
        assert!(said(outage(10, Some(50), false)).is_empty());
        let moment = Moment::of_outage(&outage(70, None, false), lately()).remove(0);
        assert_eq!(moment.address.as_deref(), Some("/services/check%20out"));
    }

    #[test]
    fn a_change_is_told_by_what_it_did_last() {
        let change = |status, result, starts: i64, ends: i64| v1::Change {
            id: "chg_1".to_owned(),
            reference: "CHG1".to_owned(),
            r#type: model::fact::ChangeKind::Normal,
            status,
            result,
            summary: "New disks".to_owned(),
            ci: (1..=6).map(|nth| format!("db-{nth}")).collect(),
            starts_at: Some(at(starts)),
            ends_at: Some(at(ends)),
            received_at: at(61),
            incidents: Vec::new(),
        };
        let said = |change| {
            let moment = Moment::of_change(&change, lately()).unwrap();
            (moment.what, moment.at, moment.said)
        };
        let all = "New disks (db-1, db-2, db-3, db-4 and 2 more)";
        assert_eq!(said(change(ChangeStatus::Planned, None, 200, 210)), ("was announced", at(61), all.to_owned()));
        assert_eq!(said(change(ChangeStatus::Started, None, 70, 210)), ("began", at(70), all.to_owned()));
        let failed = change(ChangeStatus::Finished, Some(ChangeResult::Failed), 70, 90);
        assert_eq!(said(failed), ("ended", at(90), format!("It failed. {all}")));
    }
}
