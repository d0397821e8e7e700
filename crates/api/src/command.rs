//! What people ask to be done: through the same door as events, answered after the commit.

use model::command::{Action, Command, Outcome, Refusal};
use runtime::{Item, ItemAnswer, Key, PushAnswer};
use topology::Graph;

use crate::Api;
use crate::auth::By;
use crate::fault::Fault;

/// What holding a command costs, roughly.
const COMMAND_BYTES: usize = 1024;

impl Api {
    /// Carries one action out; a refusal is a fault.
    pub(crate) async fn command<R>(&self, by: &By<R>, action: Action) -> Result<Outcome, Fault> {
        let outcomes = self.commands(by, vec![action]).await?;
        outcomes.into_iter().next().ok_or_else(|| Fault::internal("the engine answered nothing"))
    }

    /// Carries several out, in one commit.
    pub(crate) async fn commands<R>(&self, by: &By<R>, actions: Vec<Action>) -> Result<Vec<Outcome>, Fault> {
        let bytes = actions.len() * COMMAND_BYTES;
        let command = |action| Item::Command(Box::new(Command { by: by.name().into(), at: None, action }));
        let items: Vec<Item> = actions.into_iter().map(command).collect();
        let answer = match by.key.clone() {
            Some(key) => self.once().push(items, bytes, Key::unchecked(key)).await?,
            None => self.runtime().push(items, bytes, None).await,
        };
        outcomes(answer, &self.runtime().graph())
    }

    /// What was answered to the same key before: for actions on what is another thing once they are done.
    pub(crate) async fn answered_before<R>(&self, by: &By<R>) -> Result<Option<Outcome>, Fault> {
        let Some(key) = by.key.clone() else { return Ok(None) };
        match self.once().remembered(&Key::unchecked(key)).await.map_err(Fault::from)? {
            Some(answer) => Ok(outcomes(answer?, &self.runtime().graph())?.into_iter().next()),
            None => Ok(None),
        }
    }
}

fn outcomes(answer: PushAnswer, graph: &Graph) -> Result<Vec<Outcome>, Fault> {
    match answer {
        PushAnswer::Committed { answers, .. } => answers.into_iter().map(|answer| outcome(answer, graph)).collect(),
        PushAnswer::Overloaded(why) => Err(Fault::from(why)),
    }
}

fn outcome(answer: ItemAnswer, graph: &Graph) -> Result<Outcome, Fault> {
    match answer {
        ItemAnswer::Command(Outcome::Refused(Refusal::NoItem { ci })) => Err(Fault::no_item(ci.as_str(), graph)),
        ItemAnswer::Command(Outcome::Refused(refusal)) => Err(Fault::of_refusal(&refusal)),
        ItemAnswer::Command(outcome) => Ok(outcome),
        ItemAnswer::Event(_) | ItemAnswer::DeadLetter(_) => {
            Err(Fault::internal("the engine took a command for something else"))
        }
    }
}
