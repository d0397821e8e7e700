//! Whose a command is: what it is about may be in any domain, and the store says in which. Asked by whoever pushes, before
//! the thread that writes the log hears of it: that one waits for no store.

use std::collections::BTreeMap;
use std::time::Duration;

use model::command::{Action, Command, IncidentTarget};
use model::{Domain, IncidentId, ProblemId};
use store::{IncidentKey, ProblemKey, Store, StoreError};

use crate::push::Item;

/// A store that does not answer for so long does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The domains of commands that are one domain's, by their place in the push.
pub(crate) type Whose = BTreeMap<usize, Domain>;

/// `None`: the store does not say.
pub(crate) async fn whose(store: &Store, items: &[Item]) -> Option<Whose> {
    match tokio::time::timeout(PATIENCE, asked(store, items)).await {
        Ok(Ok(whose)) => Some(whose),
        Ok(Err(error)) => {
            telemetry::load_failed(&error);
            None
        }
        Err(slow) => {
            telemetry::load_failed(&slow);
            None
        }
    }
}

async fn asked(store: &Store, items: &[Item]) -> Result<Whose, StoreError> {
    let mut whose = Whose::new();
    for (place, item) in items.iter().enumerate() {
        if let Item::Command(command) = item
            && let Some(domain) = domain_of(store, command).await?
        {
            whose.insert(place, domain);
        }
    }
    Ok(whose)
}

async fn domain_of(store: &Store, command: &Command) -> Result<Option<Domain>, StoreError> {
    match &command.action {
        Action::Incident { target: IncidentTarget::Id(id), .. } => of_incident(store, *id).await,
        Action::Incident { target: IncidentTarget::HoldsAlert(fingerprint), .. } => {
            let alert = store.alert(fingerprint.alert()).await?;
            Ok(alert.map(|alert| alert.domain))
        }
        Action::FalsePositiveOfPast { past, .. } => Ok(Some(past.incident.domain.clone())),
        Action::Problem { problem, .. } => of_problem(store, *problem).await,
        _ => Ok(None),
    }
}

async fn of_incident(store: &Store, id: IncidentId) -> Result<Option<Domain>, StoreError> {
    let incident = store.incident(IncidentKey::Id(id)).await?;
    Ok(incident.map(|incident| incident.domain))
}

async fn of_problem(store: &Store, id: ProblemId) -> Result<Option<Domain>, StoreError> {
    let problem = store.problem(ProblemKey::Id(id)).await?;
    Ok(problem.map(|problem| problem.domain))
}

/// Silences, windows, changes and corrections hold in every domain.
pub(crate) fn is_everybodys(command: &Command) -> bool {
    match &command.action {
        Action::Incident { .. }
        | Action::FalsePositiveOfPast { .. }
        | Action::Problem { .. }
        | Action::OpenIncident(_)
        | Action::OpenProblem { .. } => false,
        Action::Silence(_)
        | Action::ExpireSilence(_)
        | Action::Maintenance(_)
        | Action::EndMaintenance(_)
        | Action::EndOccurrence { .. }
        | Action::Change(_)
        | Action::RecordOutage(_)
        | Action::CorrectOutage(_)
        | Action::WithdrawCorrection { .. } => true,
    }
}
