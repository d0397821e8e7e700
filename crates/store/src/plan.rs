//! A commit, decided: fenced, compared, numbered, turned into rows, and sealed with its hash.

mod beside;

use std::collections::{BTreeMap, BTreeSet};

use model::alert::{Alert, Hot, Statement, StatementKey};
use model::step::{Counts, KnownEpisode};
use model::{AlertId, CommitHash, Domain, EpisodeId, Incident, IncidentId, ProblemId, Step, Timestamp};

use crate::commit::{Commit, Committed, PositionAdvance, SlotName};
use crate::error::{CommitError, Conflict, StoreError};
use crate::op::{Op, Writes};
use crate::pack::outdated;
use crate::partition::Partition;
use crate::rows::alert::{alert_from, alert_row, episode_row, remembered_key, remembered_row, statement_row};
use crate::rows::fact::{
    change_row, correction_row, coverage_row, exercise_row, gap_row, learned_key, learned_row, maintenance_row,
    recovery_point_row, silence_row, source_row,
};
use crate::rows::head::{Head, Link, Numbering, sum};
use crate::rows::hot::{Moved, hot_row, log_from, log_row};
use crate::rows::incident::{
    INCIDENT_LINE, Role, about_row, incident_from, incident_items, incident_row, outage_row, problem_row,
    recurrence_key, recurrence_row, review_row,
};
use crate::rows::ledger::{LostRange, Range, domain_row, hour_of, owner_from, position_from, topology_row};
use crate::rows::note::Note;
use crate::rows::record::{Outgoing, audit_row, dead_letter_row, timeline_row};
use crate::schema::{
    ABOUT, ALERT, ALERT_HOT, AUDIT, CHANGE, COMMITTED, CORRECTION, COUNT_HOUR, COVERAGE, DEAD_LETTER, DEAD_LETTER_HOUR,
    DOMAIN, EPISODE, EXERCISE, HEAD, HELD, HOT_LOG, INCIDENT, LEARNED, LEDGER, LOST_RANGE, MAINTENANCE, NOTED,
    NUMBERING, OUTAGE, OUTBOX, OUTPUT, OWED, PACK, POSITION, PROBLEM, RECEIPT, RECOVERY_POINT, RECURRENCE, REMEMBERED,
    REVIEW, SILENCE, SOURCE, SOURCE_GAP, STATEMENT, TIMELINE, TOPOLOGY, Table,
};
use crate::select::{Condition, Select};
use crate::transaction::{Found, Guard, Transaction, key_of};
use crate::value::{Cell, Cells, Row, Value, document, row};

type Member = (AlertId, EpisodeId);

#[derive(Debug)]
pub(crate) struct CommitPlan {
    pub(crate) partition: Partition,
    pub(crate) commit: Commit,
    /// As [`HOT_LOG_ENTRIES_MAX`](model::limits::HOT_LOG_ENTRIES_MAX).
    pub(crate) hot_log_max: u64,
}

impl Transaction for CommitPlan {
    type Answer = Committed;
    type Error = CommitError;
    const GUARD: Guard = Guard::Own;

    fn partition(&self) -> Partition {
        self.partition
    }

    fn reads(&self) -> Vec<Select> {
        let Commit { positions, steps, receipts, owed, dead_letters, .. } = &self.commit;
        let each = || steps.iter();
        let incidents = || each().flat_map(|step| &step.incidents).map(|incident| incident.id);
        let removed = each().flat_map(|step| &step.outages_removed).map(|(id, _)| *id);
        let outages = each().flat_map(|step| &step.outages).map(|outage| outage.id).chain(removed);
        let windows = each().flat_map(|step| &step.maintenance).map(|window| Value::from(window.id));
        let changes = each().flat_map(|step| &step.changes).map(|change| Value::from(change.id));
        let subjects = incidents().map(Value::from).chain(windows).chain(changes);
        vec![
            Head::asked(self.partition),
            Select::from(&DOMAIN).any_of("name", self.domains()),
            Select::from(&INCIDENT).columns(&["id", "number", "opened_at"]).any_of("id", incidents()),
            Select::from(&PROBLEM)
                .columns(&["id", "number"])
                .any_of("id", each().flat_map(|step| &step.problems).map(|problem| problem.id)),
            Select::from(&OUTAGE).columns(&["id", "stop"]).any_of("id", outages),
            Select::from(&POSITION).any_of("slot", positions.iter().map(|advance| &advance.slot)),
            Select::from(&ABOUT).any_of("subject", subjects),
            Select::from(&ALERT).any_of("id", forgotten(steps).into_keys()),
            Select::from(&RECEIPT).any_of("token", receipts.iter().map(|receipt| &receipt.key)),
            Select::from(&COUNT_HOUR)
                .any_of("hour", each().map(|step| hour_of(step.clock)).collect::<BTreeSet<_>>())
                .any_of("domain", each().map(|step| &step.domain).collect::<BTreeSet<_>>()),
            Select::from(&DEAD_LETTER_HOUR)
                .any_of("hour", dead_letters.iter().map(|letter| hour_of(letter.received_at)).collect::<BTreeSet<_>>())
                .is("head", self.partition.head()),
            if owed.is_some() { self.owed() } else { Select::from(&OWED).limit(0) },
            Select::from(&INCIDENT).columns(INCIDENT_LINE).any_of("id", relinked(steps)),
            match self.commit.holds {
                Some(_) => Select::from(&HELD).is("head", self.partition.head()),
                None => Select::from(&HELD).limit(0),
            },
        ]
    }

    /// Who gives numbers asks for the last that were given, and who writes a domain first asks again whether it is so, once
    /// nobody else can. A full log is laid down, for which it is read.
    fn then_reads(&self, found: &Found) -> Result<Vec<Select>, StoreError> {
        let wanted = self.wanted(found)?;
        let mut reads = Vec::new();
        if wanted.numbering {
            reads.push(Select::from(&NUMBERING).locked());
            reads.push(Select::from(&DOMAIN).any_of("name", &wanted.new_domains));
        }
        if wanted.log {
            reads.push(self.partition.rows_of(&HOT_LOG, "seq"));
        }
        Ok(reads)
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, Committed), CommitError> {
        let wanted = self.wanted(&found)?;
        let CommitPlan { partition, commit, .. } = self;
        let head = found.head(partition)?;
        check(&commit)?;
        fence(&commit, &head)?;
        let mut plan = Plan {
            seq: partition.base() + head.commits + 1,
            head,
            numbering: Numbering::default(),
            writes: Writes::default(),
            numbers: Vec::new(),
            problem_numbers: Vec::new(),
        };
        let mut domains = found.next();
        let incidents = found.next();
        let incident_numbers = numbers_from(&incidents, &INCIDENT)?;
        let problem_numbers = numbers_from(&found.next(), &PROBLEM)?;
        let outdated = outdated(partition, &commit, &incidents, &found.next());
        let positions = found.next().iter().map(|row| position_from(row)).collect::<Result<_, _>>()?;
        plan.positions(&commit.positions, positions, commit.now)?;
        outdated.into_iter().for_each(|key| plan.writes.remove(&PACK, key));
        plan.items(&commit.steps, found.next());
        plan.episodes(&commit.steps);
        plan.statements(&commit.steps);
        plan.alerts(&commit.steps);
        plan.forget(&commit.steps, found.next())?;
        plan.receipts(&commit, &found.next())?;
        plan.hours(&commit.steps, &found.next())?;
        plan.letter_hours(&commit.dead_letters, &found.next())?;
        plan.owe(commit.owed.as_deref(), &found.next());
        let relinked = found.next().iter().map(|row| incident_from(row)).collect::<Result<Vec<Incident>, _>>()?;
        plan.hold(commit.holds.as_deref(), &found.next());
        if wanted.numbering {
            plan.numbering = Numbering::from_rows(&found.next())?;
            domains.extend(found.next());
        }
        own(partition, &commit, &domains)?;
        plan.moved(&commit.steps, wanted.log.then(|| found.next()))?;
        let dead_letters = commit.dead_letters.len() as u64;
        let counts = commit.steps.iter().fold(Counts::default(), |all, step| sum(all, step.counts));
        plan.records(&commit);
        plan.note(&commit.steps);
        let now = commit.now;
        plan.steps(commit.steps, incident_numbers, problem_numbers, relinked);
        Ok(plan.seal(now, counts, dead_letters))
    }
}

/// What is to be asked once the first questions are answered.
struct Wanted {
    /// The last numbers that were given.
    numbering: bool,
    /// Those that nobody has written yet.
    new_domains: Vec<Domain>,
    /// The log of repeats, which is full.
    log: bool,
}

impl CommitPlan {
    fn wanted(&self, found: &Found) -> Result<Wanted, StoreError> {
        let [head, domains, incidents, problems] = found.ahead();
        let domains = domains.iter().map(|row| owner_from(row)).collect::<Result<BTreeMap<_, _>, _>>()?;
        let new_domains: Vec<Domain> =
            self.domains().into_iter().filter(|domain| !domains.contains_key(*domain)).cloned().collect();
        let incidents = numbers_from::<IncidentId>(incidents, &INCIDENT)?;
        let problems = numbers_from::<ProblemId>(problems, &PROBLEM)?;
        let opens = |step: &Step| {
            step.incidents.iter().any(|incident| !incidents.contains_key(&incident.id))
                || step.problems.iter().any(|problem| !problems.contains_key(&problem.id))
        };
        Ok(Wanted {
            numbering: !new_domains.is_empty() || self.commit.steps.iter().any(opens),
            new_domains,
            log: Head::of(self.partition, head)?.hot_logged >= self.hot_log_max,
        })
    }

    /// Those that are written and might be another partition's. Who writes all of it need not ask.
    fn domains(&self) -> BTreeSet<&Domain> {
        if self.partition == Partition::WHOLE {
            return BTreeSet::new();
        }
        let owed = self.commit.owed.iter().flatten().map(|(domain, _)| domain);
        self.commit.steps.iter().map(|step| &step.domain).chain(owed).collect()
    }

    /// What is owed to the domains of the writer.
    fn owed(&self) -> Select {
        match self.partition {
            Partition::WHOLE => Select::from(&OWED),
            partition => {
                let own = Select::from(&DOMAIN).columns(&["name"]).is("head", partition.head());
                Select::from(&OWED).with(Condition::Among("domain", Box::new(own)))
            }
        }
    }
}

/// A domain has one writer: whoever wrote it first.
fn own(partition: Partition, commit: &Commit, domains: &[Row]) -> Result<(), CommitError> {
    let wrong = |what: String| Err(CommitError::Invalid { what });
    let owners = domains.iter().map(|row| owner_from(row)).collect::<Result<BTreeMap<_, _>, _>>()?;
    if let Some((domain, owner)) = owners.iter().find(|(_, owner)| **owner != partition) {
        return wrong(format!("it is one of {partition}, and writes domain {domain}, which is that of {owner}"));
    }
    let known = |domain| owners.contains_key(domain) || commit.steps.iter().any(|step| step.domain == *domain);
    let mut owed = commit.owed.iter().flatten().filter(|_| partition != Partition::WHOLE);
    match owed.find(|(domain, _)| !known(domain)) {
        Some((domain, _)) => wrong(format!("something is owed to domain {domain}, which no step has written")),
        None => Ok(()),
    }
}

/// `[I2]` and that no range runs backwards, before anything is asked of the store's state.
fn check(commit: &Commit) -> Result<(), CommitError> {
    let wrong = |what: String| Err(CommitError::Invalid { what });
    if let Some(step) = commit.steps.iter().find(|step| !step.counts.add_up()) {
        return wrong(format!("the dispositions of domain {} do not add up to its events", step.domain));
    }
    match commit.positions.iter().find(|advance| advance.from > advance.to) {
        Some(back) => wrong(format!("slot {} goes back from {} to {}", back.slot, back.from, back.to)),
        None => Ok(()),
    }
}

/// `[I10]`
fn fence(commit: &Commit, head: &Head) -> Result<(), CommitError> {
    if commit.epoch < head.epoch {
        return Err(CommitError::Fenced { ours: commit.epoch, current: head.epoch });
    }
    if commit.epoch > head.epoch {
        return Err(Conflict::Behind { ours: commit.epoch, current: head.epoch }.into());
    }
    if commit.previous != head.hash {
        return Err(Conflict::Tail.into());
    }
    Ok(())
}

/// Alerts that are forgotten in the end: a later step may have come to know one again.
fn forgotten(steps: &[Step]) -> BTreeMap<AlertId, Hot> {
    let mut forgotten = BTreeMap::new();
    for step in steps {
        forgotten.retain(|id, _| step.alerts.iter().all(|alert| alert.id != *id));
        forgotten.extend(step.alerts_forgotten.iter().copied());
    }
    forgotten
}

/// Incidents of which only the row is left to say what they are linked to.
fn relinked(steps: &[Step]) -> BTreeSet<IncidentId> {
    steps.iter().flat_map(|step| &step.relinked).map(|(incident, _)| *incident).collect()
}

/// The numbers that rows have already.
fn numbers_from<Id: Cell + Ord>(rows: &[Row], table: &'static Table) -> Result<BTreeMap<Id, u64>, StoreError> {
    rows.iter()
        .map(|row| {
            let mut cells = Cells::new(table, row);
            Ok((cells.take()?, cells.take()?))
        })
        .collect()
}

struct Plan {
    seq: u64,
    head: Head,
    /// As it was, where no number is given.
    numbering: Numbering,
    writes: Writes,
    numbers: Vec<(IncidentId, u64)>,
    problem_numbers: Vec<(ProblemId, u64)>,
}

impl Plan {
    /// `[I1]` Each range begins where the slot's last one ended.
    fn positions(
        &mut self,
        advances: &[PositionAdvance],
        mut known: BTreeMap<SlotName, u64>,
        now: Timestamp,
    ) -> Result<(), CommitError> {
        for PositionAdvance { slot, from, to, gap } in advances {
            let found = *known.get(slot).unwrap_or(from);
            if found != *from {
                return Err(Conflict::Position { slot: slot.clone(), expected: *from, found }.into());
            }
            known.insert(slot.clone(), *to);
            self.writes.put(&POSITION, row![slot, *to]);
            if from < to {
                let range = Range { slot: slot.clone(), start: *from, stop: *to, seq: self.seq, gap: *gap };
                self.writes.append(&LEDGER, range.row());
                if *gap {
                    let lost = LostRange { slot: slot.clone(), start: *from, stop: *to, at: Some(now) };
                    self.writes.append(&LOST_RANGE, lost.row());
                }
            }
        }
        Ok(())
    }

    /// Which items incidents, windows and changes are about: what is new is put, what is gone removed.
    fn items(&mut self, steps: &[Step], existing: Vec<Row>) {
        let mut wanted: BTreeMap<[u8; 16], BTreeSet<Row>> = BTreeMap::new();
        for step in steps {
            for incident in &step.incidents {
                let id = incident.id.bytes();
                let items = incident_items(incident);
                wanted.insert(id, items.iter().map(|(role, ci)| about_row(id, *role, ci)).collect());
            }
            let windows = step.maintenance.iter().map(|window| (window.id.bytes(), &window.cis));
            let changes = step.changes.iter().map(|change| (change.id.bytes(), &change.cis));
            for (id, cis) in windows.chain(changes) {
                wanted.insert(id, cis.iter().map(|ci| about_row(id, Role::Item, ci)).collect());
            }
        }
        let wanted: BTreeSet<Row> = wanted.into_values().flatten().collect();
        let existing: BTreeSet<Row> = existing.into_iter().collect();
        for gone in existing.difference(&wanted) {
            self.writes.remove(&ABOUT, gone.clone());
        }
        for new in wanted.difference(&existing) {
            self.writes.put(&ABOUT, new.clone());
        }
    }

    /// What changed of episodes, and nothing else: one that is not spoken of stays as it is.
    fn episodes(&mut self, steps: &[Step]) {
        let mut latest: BTreeMap<Member, Option<&KnownEpisode>> = BTreeMap::new();
        for step in steps {
            latest.extend(step.episodes_removed.iter().map(|gone| (*gone, None)));
            latest.extend(step.episodes.iter().map(|known| ((known.alert, known.episode.id), Some(known))));
        }
        for ((alert, id), known) in latest {
            match known {
                Some(known) => self.writes.put(&EPISODE, episode_row(known)),
                None => self.writes.remove(&EPISODE, row![alert, id]),
            }
        }
    }

    /// What the engine remembers of what was said; what was said stays on record.
    fn statements(&mut self, steps: &[Step]) {
        let mut latest: BTreeMap<(AlertId, StatementKey), Option<&Statement>> = BTreeMap::new();
        for step in steps {
            latest.extend(step.statements_forgotten.iter().map(|gone| (*gone, None)));
            latest.extend(step.statements.iter().map(|(alert, said)| ((*alert, said.key()), Some(said))));
            for (alert, said) in &step.statements {
                self.writes.keep(&STATEMENT, statement_row(*alert, said));
            }
        }
        for ((alert, key), said) in latest {
            match said {
                Some(said) => self.writes.put(&REMEMBERED, remembered_row(alert, said)),
                None => self.writes.remove(&REMEMBERED, remembered_key(alert, &key)),
            }
        }
    }

    fn alerts(&mut self, steps: &[Step]) {
        for step in steps {
            let written = self.head.partition.written_at(step.clock);
            step.alerts.iter().for_each(|alert| self.writes.put(&ALERT, alert_row(alert, written)));
        }
    }

    /// What repeats had moved of an alert goes into its own row, for the engine forgets it.
    fn forget(&mut self, steps: &[Step], rows: Vec<Row>) -> Result<(), CommitError> {
        let forgotten = forgotten(steps);
        let mut wide: BTreeMap<Row, Row> = rows.into_iter().map(|row| (key_of(&ALERT, &row), row)).collect();
        for step in steps {
            let written = self.head.partition.written_at(step.clock);
            let gone = step.alerts.iter().filter(|alert| forgotten.contains_key(&alert.id));
            wide.extend(gone.map(|alert| (row![alert.id], alert_row(alert, written))));
        }
        for (id, hot) in forgotten {
            if let Some(mut row) = wide.remove(&row![id]) {
                let alert = Alert { hot, ..alert_from(&row)? };
                row[ALERT.place("body")] = document(&alert);
                self.writes.put(&ALERT, row);
            }
        }
        Ok(())
    }

    /// What repeats moved goes to the log; and once that is full, all of it into the narrow rows.
    fn moved(&mut self, steps: &[Step], full: Option<Vec<Row>>) -> Result<(), CommitError> {
        let mut moved = Moved::new();
        for step in steps {
            moved.extend(step.alerts.iter().map(|alert| (alert.id, Some(alert.hot))));
            moved.extend(step.repeats.iter().map(|(alert, hot)| (*alert, Some(*hot))));
            moved.extend(step.alerts_forgotten.iter().map(|(alert, _)| (*alert, None)));
        }
        if let Some(log) = full {
            let mut all = log_from(&log)?;
            all.append(&mut moved);
            self.lay_down(&all, &log);
        } else if !moved.is_empty() {
            self.writes.append(&HOT_LOG, log_row(self.seq, &moved));
            self.head.hot_logged += moved.len() as u64;
        }
        Ok(())
    }

    /// The log ends, and the narrow rows say what it said.
    fn lay_down(&mut self, moved: &Moved, log: &[Row]) {
        for (alert, hot) in moved {
            match hot {
                Some(hot) => self.writes.put(&ALERT_HOT, hot_row(*alert, hot)),
                None => self.writes.remove(&ALERT_HOT, row![*alert]),
            }
        }
        log.iter().for_each(|row| self.writes.remove(&HOT_LOG, key_of(&HOT_LOG, row)));
        self.head.hot_logged = 0;
    }

    /// What comes with the commit beside its steps.
    fn records(&mut self, commit: &Commit) {
        let base = self.head.partition.base();
        for letter in &commit.dead_letters {
            self.writes.keep(&DEAD_LETTER, dead_letter_row(letter));
        }
        for entry in &commit.audit {
            self.head.audit += 1;
            self.writes.append(&AUDIT, audit_row(base + self.head.audit, entry));
        }
        for output in &commit.outputs {
            self.head.outputs += 1;
            self.writes.append(&OUTPUT, output.row(base + self.head.outputs, commit.now));
        }
        if let Some(version) = &commit.topology {
            self.writes.put(&TOPOLOGY, topology_row(version));
        }
    }

    fn steps(
        &mut self,
        steps: Vec<Step>,
        mut incident_numbers: BTreeMap<IncidentId, u64>,
        mut problem_numbers: BTreeMap<ProblemId, u64>,
        known: Vec<Incident>,
    ) {
        let relinked = relinked(&steps);
        let mut known: BTreeMap<_, _> = known.into_iter().map(|incident| (incident.id, incident)).collect();
        for mut step in steps {
            let written = self.head.partition.written_at(step.clock);
            for incident in &mut step.incidents {
                let number = incident_numbers.entry(incident.id).or_insert_with(|| {
                    self.numbering.incident += 1;
                    self.numbers.push((incident.id, self.numbering.incident));
                    self.numbering.incident
                });
                incident.number = Some(*number);
                self.writes.put(&INCIDENT, incident_row(incident, written));
                review_row(incident).into_iter().for_each(|row| self.writes.put(&REVIEW, row));
                if relinked.contains(&incident.id) {
                    known.insert(incident.id, incident.clone());
                }
            }
            for problem in &mut step.problems {
                let number = problem_numbers.entry(problem.id).or_insert_with(|| {
                    self.numbering.problem += 1;
                    self.problem_numbers.push((problem.id, self.numbering.problem));
                    self.numbering.problem
                });
                problem.number = Some(*number);
                self.writes.put(&PROBLEM, problem_row(problem));
            }
            self.relink(&step, &mut known);
            self.facts(&step);
            self.decisions(step);
        }
    }

    /// `[I8]` What the engine has forgotten of an incident stays as it is, but for the problem it is linked to.
    fn relink(&mut self, step: &Step, known: &mut BTreeMap<IncidentId, Incident>) {
        let written = self.head.partition.written_at(step.clock);
        for (id, problem) in &step.relinked {
            // An incident that an engine still has says itself what it is linked to.
            let forgotten = |incident: &&mut Incident| incident.is_final() && incident.domain == step.domain;
            let Some(incident) = known.get_mut(id).filter(forgotten) else { continue };
            incident.problem = *problem;
            if problem.is_none() {
                incident.workaround = None;
            }
            self.writes.put(&INCIDENT, incident_row(incident, written));
        }
    }

    fn facts(&mut self, step: &Step) {
        let domain = &step.domain;
        let writes = &mut self.writes;
        writes.put(&DOMAIN, domain_row(domain, step.clock, self.head.partition));
        step.outages_removed.iter().for_each(|(id, _)| writes.take_back(&OUTAGE, row![*id]));
        step.outages.iter().for_each(|outage| writes.put(&OUTAGE, outage_row(domain, outage)));
        let gone = step.recurrences_removed.iter();
        gone.for_each(|gone| writes.take_back(&RECURRENCE, recurrence_key(gone)));
        step.recurrences.iter().for_each(|seen| writes.put(&RECURRENCE, recurrence_row(domain, seen)));
        step.silences.iter().for_each(|silence| writes.put(&SILENCE, silence_row(domain, silence)));
        step.maintenance.iter().for_each(|window| writes.put(&MAINTENANCE, maintenance_row(domain, window)));
        step.corrections.iter().for_each(|known| writes.put(&CORRECTION, correction_row(domain, known)));
        step.changes.iter().for_each(|change| writes.put(&CHANGE, change_row(domain, change)));
        step.sources.iter().for_each(|source| writes.put(&SOURCE, source_row(domain, source)));
        step.coverage.iter().for_each(|coverage| writes.put(&COVERAGE, coverage_row(domain, coverage)));
        step.unlearned.iter().for_each(|gone| writes.take_back(&LEARNED, learned_key(domain, gone)));
        step.learned.iter().for_each(|learned| writes.put(&LEARNED, learned_row(domain, learned)));
        step.source_gaps.iter().for_each(|gap| writes.put(&SOURCE_GAP, gap_row(domain, gap)));
        step.recovery_points.iter().for_each(|point| writes.put(&RECOVERY_POINT, recovery_point_row(point)));
        step.exercises.iter().for_each(|exercise| writes.put(&EXERCISE, exercise_row(exercise)));
    }

    /// Who writes all of it shows it itself.
    fn note(&mut self, steps: &[Step]) {
        if self.head.partition != Partition::WHOLE {
            self.writes.put(&NOTED, Note::of(steps).row(&self.head));
        }
    }

    fn decisions(&mut self, step: Step) {
        for decision in &step.timeline {
            self.head.timeline += 1;
            let seq = self.head.partition.base() + self.head.timeline;
            self.writes.append(&TIMELINE, timeline_row(seq, decision));
        }
        for message in step.outbox {
            self.writes.keep(&OUTBOX, Outgoing::new(message).row());
        }
    }

    fn seal(mut self, now: Timestamp, counts: Counts, dead_letters: u64) -> (Vec<Op>, Committed) {
        if !(self.numbers.is_empty() && self.problem_numbers.is_empty()) {
            self.writes.put(&NUMBERING, self.numbering.row());
        }
        let mut ops = self.writes.finish();
        let previous = self.head.hash;
        let digest = digest(&ops);
        let hash = Link::derive(previous, self.seq, self.head.epoch, digest);
        self.head.clock = self.head.now().map_or(now, |clock| clock.max(now));
        self.head.commits += 1;
        self.head.hash = hash;
        let link = Link {
            seq: self.seq,
            epoch: self.head.epoch,
            previous,
            hash,
            digest,
            clock: self.head.clock,
            counts,
            dead_letters,
        };
        let mut writes = Writes::default();
        writes.put(&HEAD, self.head.row());
        writes.append(&COMMITTED, link.row());
        ops.extend(writes.finish());
        let committed = Committed {
            hash,
            seq: self.seq,
            numbers: self.numbers,
            problem_numbers: self.problem_numbers,
            timeline_seq: self.head.partition.base() + self.head.timeline,
        };
        (ops, committed)
    }
}

/// Of every row that is written: two histories that differ anywhere have different digests.
fn digest(ops: &[Op]) -> CommitHash {
    let mut bytes = Vec::new();
    CommitHash::derive(|d| {
        for op in ops {
            bytes.clear();
            op.describe(&mut bytes);
            d.bytes(&bytes);
        }
    })
}
