//! Clients: they send, wait, and ask again where nobody answered.

use model::Span;
use runtime::{Event, Item, Key, Overload, Published, Push, PushAnswer};
use store::ready;

use super::process::Waiting;
use super::{Happening, Pid, World};
use crate::journal::Fate;
use crate::mutant::Mutant;
use crate::sometimes::Rare;

/// Refusals after which a client gives up, while there are faults.
const ATTEMPTS_MAX: u32 = 5;

impl World {
    /// Sends a push, `keyed` of a thousand with an idempotency key; some come late, some come twice.
    pub(crate) fn send(&mut self, items: Vec<Item>, keyed: u32) {
        let key = self.random.chance(keyed).then(|| format!("key-{}", self.journal.sent.len()).into());
        let sent = self.journal.record(items, key);
        let late = self.random.weighed(&[(18, (0, 50)), (4, (50, 3000)), (2, (3000, 480_000))]);
        let delay = self.random.millis(late.0, late.1);
        self.after(delay, Happening::Deliver(sent));
        let only_events = self.journal.sent[sent].items.iter().all(|item| !matches!(item, Item::Command(_)));
        if only_events && self.random.chance(60) {
            let twin = self.journal.again(sent);
            let delay = delay + self.random.millis(0, 20_000);
            self.after(delay, Happening::Deliver(twin));
        }
    }

    pub(crate) fn deliver(&mut self, sent: usize) {
        let Some(pid) = self.door() else {
            let wait = self.random.seconds(1, 5);
            self.after(wait, Happening::Deliver(sent));
            return;
        };
        if self.journal.sent[sent].key.is_some() && self.answered_by_receipt(sent) {
            return;
        }
        let id = self.next_push_id();
        let record = &mut self.journal.sent[sent];
        record.attempts += 1;
        let said: Vec<String> = record.items.iter().map(crate::journal::shown).collect();
        self.trace.line(self.truth, format_args!("push {sent} to {pid:?}: {}", said.join("; ")));
        let record = &self.journal.sent[sent];
        let idempotency_key = record.key.clone().map(Key::unchecked);
        let push = Push { id, items: record.items.clone(), bytes: record.bytes(), idempotency_key, logged: None };
        self.offer(pid, sent, push);
    }

    /// A process whose doors are open: mostly the newest.
    fn door(&mut self) -> Option<Pid> {
        let open: Vec<Pid> = self.processes.iter().filter(|(_, process)| process.ready).map(|(pid, _)| *pid).collect();
        if open.len() > 1 && self.random.chance(300) { open.first().copied() } else { open.last().copied() }
    }

    /// What was answered under this key before is answered again.
    fn answered_by_receipt(&mut self, sent: usize) -> bool {
        let Some(key) = self.journal.sent[sent].key.clone() else { return false };
        match ready(self.memory.store().receipt(&key)) {
            Ok(Some(receipt)) => {
                match serde_json::from_str(&receipt.answer) {
                    Ok(answer) => {
                        self.sometimes.saw(Rare::AnsweredByReceipt);
                        self.answered(sent, answer);
                    }
                    Err(error) => self.violation(format!("I3: a receipt cannot be read: {error}")),
                }
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.answered(sent, PushAnswer::Overloaded(Overload::StoreUnavailable));
                true
            }
        }
    }

    fn offer(&mut self, pid: Pid, sent: usize, mut push: Push) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let (items, bytes) = (process.machine.waiting_items(), process.machine.waiting_bytes());
        let (more_items, more_bytes, id) = (push.items.len(), push.bytes, push.id);
        process.waiting.insert(id, Waiting::Push(sent));
        let limits = self.profile.limits;
        let too_much = items > 0 && (items + more_items > limits.items_max || bytes + more_bytes > limits.bytes_max);
        if let Some(mutant) = self.mutant {
            mutant.spoil_push(&mut push);
        }
        let push_has_key = push.idempotency_key.is_some();
        self.feed(pid, Event::Push(push));
        let waits = self.processes.get(&pid).is_some_and(|process| process.waiting.contains_key(&id));
        if too_much && waits {
            self.violation(format!("I18: {items} items waited, {more_items} more were taken"));
        }
        if waits && push_has_key && self.random.chance(self.faults.unheard) {
            let patience = self.random.millis(1, 2000);
            self.after(patience, Happening::HangUp(pid, id));
        }
        if waits && self.mutant == Some(Mutant::AcknowledgeBeforeCommit) {
            if let Some(process) = self.processes.get_mut(&pid) {
                process.waiting.remove(&id);
            }
            let at = self.truth;
            let nothing = runtime::ItemAnswer::Event(model::step::Answer::Nothing);
            self.answered(sent, PushAnswer::Committed { answers: vec![nothing; more_items], at });
        }
    }

    pub(crate) fn hang_up(&mut self, pid: Pid, id: runtime::PushId) {
        let Some(process) = self.processes.get_mut(&pid) else { return };
        if let Some(Waiting::Push(sent)) = process.waiting.remove(&id) {
            process.hung_up.insert(id);
            self.cut(sent);
        }
    }

    pub(crate) fn answered(&mut self, sent: usize, answer: PushAnswer) {
        match answer {
            PushAnswer::Committed { .. } if self.random.chance(self.faults.unheard) => {
                self.sometimes.saw(Rare::AnswerLost);
                self.cut(sent);
            }
            PushAnswer::Committed { .. } => {
                self.trace.line(self.truth, format_args!("push {sent} is in"));
                self.journal.sent[sent].fate = Fate::Acknowledged(answer);
            }
            PushAnswer::Overloaded(why) => {
                self.trace.line(self.truth, format_args!("push {sent} refused: {why:?}"));
                self.sometimes.saw(Rare::Refused);
                self.sometimes.saw_if(Rare::KeyUnderWay, why == Overload::UnderWay);
                let calm = self.faults_are_over();
                if calm || self.journal.sent[sent].attempts < ATTEMPTS_MAX {
                    let wait = self.random.millis(500, 20_000);
                    self.after(wait, Happening::Deliver(sent));
                } else {
                    self.journal.sent[sent].fate = Fate::Refused;
                }
            }
        }
    }

    /// Nobody answered: who has a key asks again with it, others send anew or let it be.
    pub(crate) fn cut(&mut self, sent: usize) {
        self.trace.line(self.truth, format_args!("push {sent} was cut off"));
        self.journal.sent[sent].cut_before = true;
        let wait = if self.random.chance(500) { self.random.millis(1, 300) } else { self.random.millis(300, 30_000) };
        if self.journal.sent[sent].key.is_some() && self.random.chance(850) {
            self.sometimes.saw(Rare::RetriedByKey);
            self.after(wait, Happening::Deliver(sent));
            return;
        }
        self.journal.sent[sent].fate = Fate::Unknown;
        let command = self.journal.sent[sent].items.iter().any(|item| matches!(item, Item::Command(_)));
        if !command && self.random.chance(600) {
            let again = self.journal.again(sent);
            self.after(wait, Happening::Deliver(again));
        }
    }

    /// A version of the CMDB, built as the service does it.
    pub(crate) fn import(&mut self, cmdb: model::Cmdb) {
        let Some(pid) = self.door() else {
            self.after(Span::SECOND, Happening::Import(Box::new(cmdb)));
            return;
        };
        let id = self.next_push_id();
        let Some(process) = self.processes.get_mut(&pid) else { return };
        let version = process.machine.domains().map_or(0, |domains| domains.topology.current().version()) + 1;
        let graph = topology::Graph::build_lenient(&cmdb, version).0;
        let items: Vec<&str> = cmdb.items.iter().map(|item| item.id.as_str()).collect();
        self.trace.line(self.truth, format_args!("import {version} to {pid:?}: {}", items.join(" ")));
        process.waiting.insert(id, Waiting::Import(Box::new(cmdb.clone())));
        self.feed(pid, Event::Cmdb { cmdb: Box::new(cmdb), graph: Box::new(graph), by: None, id });
    }

    /// What everybody may see now is what people act on.
    pub(crate) fn published(&mut self, published: &Published) {
        fn add<T: PartialEq>(to: &mut Vec<T>, new: impl Iterator<Item = T>) {
            for new in new {
                if !to.contains(&new) {
                    to.push(new);
                }
            }
        }
        for step in &published.steps {
            add(&mut self.seen.incidents, step.incidents.iter().map(|incident| incident.id));
            add(&mut self.seen.problems, step.problems.iter().map(|problem| problem.id));
            add(&mut self.seen.alerts, step.alerts.iter().map(|alert| alert.id));
            add(&mut self.seen.silences, step.silences.iter().map(|silence| silence.id));
            add(&mut self.seen.outages, step.outages.iter().cloned());
            add(&mut self.seen.corrections, step.corrections.iter().filter(|known| known.stands()).cloned());
            add(&mut self.seen.windows, step.maintenance.iter().map(|window| window.id));
        }
    }
}
