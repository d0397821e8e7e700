//! Where the machine meets the store: commits land or do not, answers come back or do not, loads take their time.

use model::Span;
use runtime::{Asked, Event, load_facts, topology_of};
use store::{Commit, CommitError, Committed, Disposition, Fault, Loaded, ready};

use super::{Happening, Landed, Pid, World};
use crate::journal::Sent;
use crate::mutant::Mutant;
use crate::oracle;
use crate::profile::Faults;
use crate::sometimes::Rare;

impl World {
    pub(crate) fn commit(&mut self, pid: Pid, mut commit: Commit) {
        if let Some(mutant) = self.mutant.filter(|_| self.random.chance(500)) {
            mutant.spoil_commit(&mut commit);
        }
        if let Some(process) = self.processes.get_mut(&pid) {
            process.under_way = true;
        }
        let wait = self.random.weighed(&[(8, (1, 20)), (3, (20, 400)), (1, (500, 9000))]);
        let wait = self.random.millis(wait.0, wait.1);
        self.after(wait, Happening::CommitLands(pid, Box::new(commit)));
    }

    /// The commit reaches the store, or meets a fault; its process may be dead by now.
    pub(crate) fn commit_lands(&mut self, pid: Pid, mut commit: Commit) {
        if self.random.chance(self.faults.crash) {
            self.crash(pid);
        }
        let alive = self.processes.contains_key(&pid);
        if !alive && self.random.chance(500) {
            return;
        }
        let fault = self.fault();
        if let Some(fault) = fault {
            self.memory.fail_next(fault);
        }
        if self.mutant == Some(Mutant::NoFence) {
            self.unfence(&mut commit);
        }
        if self.mutant == Some(Mutant::PositionsApart) {
            self.commit_apart(&mut commit);
        }
        let result = self.memory.commit(commit.clone());
        let unsure = matches!(result, Err(CommitError::Unavailable(_)));
        let in_store = result.is_ok() || (fault == Some(Fault::After) && unsure);
        self.trace
            .line(self.truth, format_args!("commit of {pid:?} {fault:?} in={in_store} {:?}", result.as_ref().err()));
        self.sometimes.saw_if(Rare::CommitOfTheDead, !alive && in_store);
        self.sometimes.saw_if(Rare::UnknownCommitThatWasIn, unsure && in_store);
        self.sometimes.saw_if(Rare::UnknownCommitThatWasNot, unsure && !in_store);
        self.sometimes.saw_if(Rare::DiskFull, matches!(result, Err(CommitError::Full)));
        if let Err(error) = &result
            && error.disposition() == Disposition::Stop
            && !matches!(error, CommitError::Fenced { .. })
        {
            self.violation(format!("the store refused a commit for good: {error}"));
        }
        if in_store {
            self.landed(&commit);
            if unsure && self.mutant == Some(Mutant::BlindRetry) {
                self.unfence(&mut commit);
                if self.memory.commit(commit.clone()).is_ok() {
                    self.landed(&commit);
                }
            }
        }
        let wait = self.random.millis(1, 30);
        self.after(wait, Happening::CommitSaid { pid, result: Box::new(result), lost: false });
    }

    fn fault(&mut self) -> Option<Fault> {
        if self.dark {
            return None;
        }
        let Faults { before, after, full, .. } = self.faults;
        [(before, Fault::Before), (after, Fault::After), (full, Fault::Full)]
            .into_iter()
            .find(|(rate, _)| self.random.chance(*rate))
            .map(|(_, fault)| fault)
    }

    fn landed(&mut self, commit: &Commit) {
        oracle::on_commit(self, commit);
        for step in &commit.steps {
            for outage in &step.outages {
                let (from, to) = (outage.from, outage.to.map_or("-".to_owned(), |to| to.to_string()));
                let what = format_args!("  {} {:?} {from}..{to}, by {}", outage.service, outage.state, step.clock);
                self.trace.line(self.truth, what);
            }
            for alert in &step.alerts {
                let last = alert.episodes.last().map(|episode| (episode.id, episode.end, episode.incident));
                self.trace.line(self.truth, format_args!("  {} {last:?}", alert.id));
            }
            for incident in &step.incidents {
                let what = format_args!("  {} v{} {:?}", incident.id, incident.version, incident.state());
                self.trace.line(self.truth, what);
            }
        }
        let seq = self.log.last().map_or(0, |landed| landed.seq) + 1;
        let steps = &commit.steps;
        self.log.push(Landed {
            seq,
            outbox: steps.iter().flat_map(|step| step.outbox.iter().cloned()).collect(),
            forgotten: steps.iter().flat_map(|step| step.alerts_forgotten.iter().map(|(id, _)| *id)).collect(),
            coalesced: steps
                .iter()
                .flat_map(|step| &step.alerts)
                .filter(|alert| alert.statements_coalesced > 0)
                .map(|alert| alert.id)
                .collect(),
        });
    }

    /// What a process without fencing would send: the same effects, on whatever is there now.
    fn unfence(&mut self, commit: &mut Commit) {
        let Ok(loaded) = self.memory.load() else { return };
        commit.epoch = loaded.epoch;
        commit.previous = loaded.last_hash;
        for advance in &mut commit.positions {
            let found = loaded.positions.get(&advance.slot).copied().unwrap_or(0);
            let length = advance.to - advance.from;
            (advance.from, advance.to) = (found, found + length);
        }
    }

    /// The effects first; the positions follow, unless something comes between.
    fn commit_apart(&mut self, commit: &mut Commit) {
        let effects = Commit { positions: Vec::new(), ..commit.clone() };
        if let Ok(committed) = self.memory.commit(effects.clone()) {
            self.landed(&effects);
            *commit = Commit {
                previous: committed.hash,
                positions: commit.positions.clone(),
                steps: Vec::new(),
                dead_letters: Vec::new(),
                audit: Vec::new(),
                receipts: Vec::new(),
                topology: None,
                owed: None,
                ..effects
            };
        }
        if self.random.chance(100) {
            self.memory.fail_next(Fault::Before);
        }
    }

    /// What a commit promises that was `lost` before its process heard of it is nobody's promise.
    pub(crate) fn commit_said(&mut self, pid: Pid, result: Result<Committed, CommitError>, lost: bool) {
        let promised = self.journal.sent.iter().map(Sent::is_acknowledged).collect::<Vec<_>>();
        if let Some(process) = self.processes.get_mut(&pid) {
            process.under_way = false;
            if let Ok(committed) = &result {
                process.knows = committed.seq;
            }
        }
        self.feed(pid, Event::Committed(Box::new(result)));
        for (sent, promised) in self.journal.sent.iter_mut().zip(promised).filter(|_| lost) {
            sent.lost_with_store |= sent.is_acknowledged() && !promised;
        }
    }

    /// Takes the store over and reads it, in two steps that another may come between.
    pub(crate) fn load_lands(&mut self, pid: Pid) {
        if !self.processes.contains_key(&pid) {
            return;
        }
        let loaded = self.memory.claim().and_then(|epoch| Ok((epoch, Box::new(self.memory.load()?))));
        let loaded = loaded.ok();
        self.trace
            .line(self.truth, format_args!("load by {pid:?}: epoch {:?}", loaded.as_ref().map(|(epoch, _)| *epoch)));
        let wait = self.random.millis(1, 80);
        self.after(wait, Happening::LoadSaid(pid, loaded));
    }

    pub(crate) fn load_said(&mut self, pid: Pid, loaded: Option<(u64, Box<Loaded>)>) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let Some((epoch, mut loaded)) = loaded else {
            self.feed(pid, Event::LoadFailed);
            return;
        };
        process.ready = true;
        process.epoch = epoch;
        process.knows = loaded.commits;
        if let Some(mutant) = self.mutant {
            mutant.spoil_load(&mut loaded);
        }
        self.reading_since = self.reading_since.max(self.wall(pid));
        self.feed(pid, Event::Loaded(loaded, epoch));
    }

    pub(crate) fn facts_land(&mut self, pid: Pid, asked: Asked) {
        if !self.processes.contains_key(&pid) {
            return;
        }
        let loaded = self.memory.load();
        let facts = loaded
            .and_then(|loaded| ready(load_facts(&self.memory.store(), &topology_of(&loaded), &asked.wanted)))
            .map(Box::new)
            .ok();
        self.sometimes.saw(Rare::Recompute);
        self.after(Span::from_micros(5000), Happening::FactsSaid(pid, asked.domain, asked.number, facts));
    }
}
