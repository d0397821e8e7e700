//! What of an alert's firings and severities says that something has happened, so that other things may have to do with
//! it: its first firing, one after a long quiet, and each time it becomes worse for its item than it ever was. What goes
//! off and on says nothing new.

use model::alert::{Alert, Episode};
use model::outage::ItemState;
use model::{Severity, Timestamp};

use super::index::Lasting;
use crate::desk::Desk;

impl Desk<'_> {
    pub(crate) fn lasting(&self, alert: &Alert, episode: &Episode) -> Lasting {
        Lasting { start: episode.start, end: episode.end, worse: self.became_worse(alert, episode) }
    }

    /// Whether the alert was quiet before for as long as would make another alert's firing no part of its incident.
    pub(crate) fn begins_anew(&self, alert: &Alert, episode: &Episode) -> bool {
        let together = |other: &&Episode| other.incident == episode.incident && other.start < episode.start;
        let before = alert.episodes.iter().filter(together).max_by_key(|other| other.start);
        let quiet = self.pipeline(&alert.pipeline).join_window.gap;
        before.is_none_or(|before| before.end.is_some_and(|end| episode.start - end >= quiet))
    }

    /// When it became worse for its item than before: a warning that turns critical takes it down only then.
    pub(crate) fn became_worse(&self, alert: &Alert, episode: &Episode) -> Vec<Timestamp> {
        let Some((first, later)) = episode.severities.split_first().filter(|(_, later)| !later.is_empty()) else {
            return Vec::new();
        };
        let item = alert.ci.as_ref().and_then(|ci| self.item(ci));
        let weight = |severity: Severity, effect| match item {
            Some(item) => self.graph().own_state(item, severity, effect),
            None => ItemState::Up,
        };
        let mut worst = weight(first.severity, first.effect);
        let mut worse = Vec::new();
        for step in later {
            let state = weight(step.severity, step.effect);
            if state > worst {
                worst = state;
                worse.push(step.at);
            }
        }
        worse
    }
}
