//! The review of a declared major incident.

use model::command::Refusal;
use model::incident::Major;
use model::limits::{REVIEW_BYTES_MAX, REVIEW_ENTRIES_MAX};
use model::review::{Review, Said};
use model::{IncidentId, Reason, Timestamp};

use crate::desk::Desk;

impl Desk<'_> {
    /// Written or rewritten as a whole, also long after the incident was closed. What its alerts said may be forgotten by
    /// then, so it is not settled anew.
    pub(super) fn write_review(&mut self, id: IncidentId, said: &Said, by: &str, at: Timestamp) -> Result<(), Refusal> {
        let Some(incident) = self.state.incidents.get_mut(&id) else {
            return Err(Refusal::NotFound { what: "such incident".into() });
        };
        if incident.major != Major::Declared {
            let why = "only a declared major incident is reviewed: declare it first, while it is not closed";
            return Err(Refusal::NotAllowed { state: incident.state().as_str().into(), why: why.into() });
        }
        complete(said)?;
        let (written_by, written_at) = match incident.review.take() {
            Some(before) => (before.written_by, before.written_at),
            None => (by.into(), at),
        };
        let open = said.actions.iter().filter(|action| !action.done).count() as u32;
        let (updated_by, updated_at) = (by.into(), at);
        incident.review = Some(Review { said: said.clone(), written_by, written_at, updated_by, updated_at });
        incident.touched = true;
        incident.version += 1;
        self.state.touched.incidents.insert(id);
        self.decide_incident(id, Reason::Reviewed { actions: said.actions.len() as u32, open });
        Ok(())
    }
}

fn complete(said: &Said) -> Result<(), Refusal> {
    let blank = |text: &str| text.trim().is_empty();
    let why = if blank(&said.summary) {
        "a review needs a summary: what happened, and to whom?".to_owned()
    } else if said.contributing_factors.iter().any(|factor| blank(factor)) {
        "a contributing factor has no text: say it, or leave it out".to_owned()
    } else if said.actions.iter().any(|action| blank(&action.what) || blank(&action.owner)) {
        "an action needs `what` is to be done, and an `owner`".to_owned()
    } else if said.actions.len().max(said.contributing_factors.len()) > REVIEW_ENTRIES_MAX {
        format!("a review has at most {REVIEW_ENTRIES_MAX} factors and as many actions: put some together")
    } else if said.bytes() > REVIEW_BYTES_MAX {
        format!("a review has at most {} KiB of text: link to the rest", REVIEW_BYTES_MAX >> 10)
    } else {
        return Ok(());
    };
    Err(Refusal::Invalid { why: why.into() })
}
