//! Oracles: slow, obvious, from outside. Each looks at what the store holds and at the outside's own record, and says
//! what does not hold. They share no code with what they judge.

mod accounted;
mod episodes;
mod evidence;
mod fold;
mod incidents;
mod ledger;
mod outages;
mod outbox;
mod rest;

use std::collections::BTreeSet;

use model::Reason;
use model::reason::Disposition;
use model::step::Answer;
use runtime::ItemAnswer;
use store::Commit;

pub(crate) use accounted::forgive_what_was_lost;
use evidence::Evidence;

use crate::journal::Fate;
use crate::sometimes::Rare;
use crate::world::World;

/// What can be said of any moment.
pub(crate) fn on_the_way(world: &mut World) {
    if world.dark {
        return;
    }
    let found = match Evidence::gather(world, false) {
        Ok(evidence) => judge(world, &evidence),
        Err(why) => vec![format!("the store cannot be read: {why}")],
    };
    found.into_iter().for_each(|what| world.violation(what));
}

/// What can be said once everything has come to rest.
pub(crate) fn at_the_end(world: &mut World) {
    if !world.violations.is_empty() {
        return;
    }
    let evidence = match Evidence::gather(world, true) {
        Ok(evidence) => evidence,
        Err(why) => return world.violation(format!("the store cannot be read: {why}")),
    };
    let mut found = judge(world, &evidence);
    found.extend(incidents::opened_once(&evidence));
    if rest::at_rest(world, &evidence).is_none() {
        found.push("I17: nobody has come to rest".to_owned());
    }
    if evidence.waiting_outbox > 0 {
        found.push(format!("I17: {} messages wait though nothing is wrong", evidence.waiting_outbox));
    }
    found.extend(own_findings(world, evidence.findings.as_slice()));
    found.into_iter().for_each(|what| world.violation(what));
    count_rare(world, &evidence);
}

/// The store's own check. It knows no more than the engine of what the engine has forgotten.
fn own_findings(world: &World, findings: &[store::Finding]) -> Vec<String> {
    let forgotten = world.log.iter().any(|landed| !landed.forgotten.is_empty());
    let found = findings.iter().filter(|finding| !(forgotten && finding.invariant == "I5"));
    found.map(|finding| format!("the store's own check: {finding}")).collect()
}

fn judge(world: &World, evidence: &Evidence) -> Vec<String> {
    let mut found = ledger::broken(evidence);
    found.extend(accounted::broken(world, evidence));
    found.extend(incidents::broken(world, evidence));
    found.extend(outbox::broken(world, evidence));
    found.extend(episodes::broken(world, evidence));
    if let Some(process) = rest::at_rest(world, evidence) {
        found.extend(rest::broken(world, process, evidence));
        found.extend(outages::broken(world, evidence));
    }
    found
}

/// What a single commit may not do. `[I2]` `[I10]` `[I11]`
pub(crate) fn on_commit(world: &mut World, commit: &Commit) {
    let (epoch, clock) = world.newest;
    let ahead = commit.now - world.journal.latest_wall;
    let mut found = Vec::new();
    if commit.epoch < epoch {
        found.push(format!("I10: a commit of epoch {} after one of {epoch}", commit.epoch));
    }
    if commit.now < clock {
        found.push(format!("I10: a commit of {} after one of {clock}", commit.now));
    }
    if ahead > model::Span::SECOND {
        found.push(format!("I11: {ahead} ahead of every clock"));
    }
    for step in &commit.steps {
        let late = step.timeline.iter().find(|decision| decision.at > commit.now);
        found.extend(late.map(|decision| format!("I11: decided for {}, committed at {}", decision.at, commit.now)));
    }
    world.newest = (epoch.max(commit.epoch), clock.max(commit.now));
    found.into_iter().for_each(|what| world.violation(what));
    for decision in commit.steps.iter().flat_map(|step| &step.timeline) {
        if let Some(rare) = rare_of(&decision.reason) {
            world.sometimes.saw(rare);
        }
    }
    for step in &commit.steps {
        world.sometimes.saw_if(Rare::Forgotten, !step.alerts_forgotten.is_empty());
        world.sometimes.saw_if(Rare::StaleAlert, step.alerts.iter().any(|alert| alert.stale));
        world.sometimes.saw_if(Rare::OutageCorrected, !step.outages_removed.is_empty());
        world.sometimes.saw_if(Rare::PlannedOutage, step.outages.iter().any(|outage| outage.planned));
    }
}

fn rare_of(reason: &Reason) -> Option<Rare> {
    use model::alert::EndedBy;
    Some(match reason {
        Reason::OutageRecorded { .. } | Reason::OutageCorrected { .. } => Rare::CorrectedByPerson,
        Reason::CorrectionWithdrawn { .. } => Rare::CorrectionWithdrawn,
        Reason::Reopened { .. } => Rare::IncidentReopened,
        Reason::Merged { .. } => Rare::IncidentMerged,
        Reason::Split { .. } => Rare::IncidentSplit,
        Reason::ResidualOf { .. } => Rare::Residual,
        Reason::FalsePositive { .. } => Rare::FalsePositive,
        Reason::ResolvedByPerson { forced: true } => Rare::ForcedResolve,
        Reason::FlappingLatched { .. } => Rare::FlappingLatched,
        Reason::SourceSilent { .. } => Rare::SourceSilent,
        Reason::Suppressed { .. } => Rare::Suppressed,
        Reason::SuppressionEnded { .. } => Rare::SuppressionEnded,
        Reason::ClockAhead { .. } => Rare::ClockAhead,
        Reason::Ended { by: EndedBy::Expiry, .. } => Rare::Expired,
        Reason::Ended { by: EndedBy::Timeout, .. } => Rare::TimedOut,
        Reason::Bound { .. } => Rare::Rebound,
        Reason::ClosedAfter { .. } => Rare::ClosedByClock,
        Reason::Recurrence { .. } | Reason::MajorIncident { .. } => Rare::ProblemOpened,
        _ => return None,
    })
}

fn count_rare(world: &mut World, evidence: &Evidence) {
    world.sometimes.saw_if(Rare::DeadLetter, !evidence.letters.is_empty());
    let mut seen = BTreeSet::new();
    for sent in &world.journal.sent {
        let Fate::Acknowledged(runtime::PushAnswer::Committed { answers, .. }) = &sent.fate else { continue };
        for answer in answers {
            let ItemAnswer::Event(Answer::Event { disposition, reason, .. }) = answer else { continue };
            match (disposition, reason) {
                (Disposition::Stale, Reason::TooOld { .. }) => seen.insert(Rare::TooOld),
                (_, Reason::WholeEpisode { .. }) => seen.insert(Rare::WholePastEpisode),
                _ => false,
            };
        }
    }
    seen.into_iter().for_each(|rare| world.sometimes.saw(rare));
}
