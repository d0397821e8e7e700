//! The store's own examination: what must hold of its rows, whoever wrote them. docs/invariants.md has the numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use model::alert::AlertState;
use model::step::Subject;
use model::{AlertId, Domain, Incident, IncidentBrief, IncidentId, Outage, OutageBrief, Timestamp};

use crate::commit::{GENESIS, SlotName};
use crate::error::StoreError;
use crate::pack::{Brief, dated, packed_days, unpacked};
use crate::partition::Partition;
use crate::rows::alert::{EPISODE_LINE, EpisodeRecord, episode_from, state_word};
use crate::rows::head::{Head, Link, Numbering};
use crate::rows::hot::{Moved, log_from};
use crate::rows::incident::{incident_from, outage_of_domain};
use crate::rows::issued::{IssuedLine, IssuedReport};
use crate::rows::ledger::{HourCounts, LetterHour, LostRange, Range, owner_from, position_from};
use crate::rows::record::Outgoing;
use crate::schema::{
    ALERT, ALERT_HOT, COMMITTED, COUNT_HOUR, DEAD_LETTER_HOUR, DOMAIN, EPISODE, HEAD, HOT_LOG, INCIDENT, ISSUED_REPORT,
    KEPT_SINCE, LEDGER, LOST_RANGE, NUMBERING, OUTAGE, OUTBOX, PACK, POSITION, REMEMBERED,
};
use crate::select::{Condition, Select};
use crate::store::{Backend, Pages, Reading, Store};
use crate::value::{Cell, Value};

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The invariant, as docs/invariants.md numbers it; `file` for what the database itself found.
    pub invariant: &'static str,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)
    }
}

/// Findings of one kind past this are counted, not listed.
const LISTED_MAX: usize = 20;

impl Store {
    /// What is wrong with the store; nothing, as a rule. Reads everything, beside a running service.
    pub async fn check(&self) -> Result<Vec<Finding>, StoreError> {
        let mut findings = Findings::default();
        if let Backend::Sqlite(sqlite) = self.backend() {
            sqlite.integrity().await?.into_iter().for_each(|what| findings.add("file", what));
        }
        let mut reading = self.reading().await?;
        let heads = Head::all(&reading.select(Select::from(&HEAD)).await?)?;
        chains(&mut reading, &heads, &mut findings).await?;
        domains(&mut reading, &heads, &mut findings).await?;
        ledger(&mut reading, &mut findings).await?;
        let incidents = incidents(&mut reading, &mut findings).await?;
        episodes(&mut reading, &incidents, &mut findings).await?;
        alerts(&mut reading, &heads, &mut findings).await?;
        outages(&mut reading, &mut findings).await?;
        packs::<IncidentBrief>(&mut reading, &mut findings).await?;
        packs::<OutageBrief>(&mut reading, &mut findings).await?;
        outbox(&mut reading, &mut findings).await?;
        intake(&mut reading, &mut findings).await?;
        issued(&mut reading, &mut findings).await?;
        Ok(findings.finish())
    }
}

#[derive(Default)]
struct Findings {
    listed: Vec<Finding>,
    counted: BTreeMap<&'static str, usize>,
}

impl Findings {
    fn add(&mut self, invariant: &'static str, what: String) {
        let count = self.counted.entry(invariant).or_default();
        *count += 1;
        if *count <= LISTED_MAX {
            self.listed.push(Finding { invariant, what });
        }
    }

    fn finish(mut self) -> Vec<Finding> {
        for (invariant, count) in self.counted {
            if count > LISTED_MAX {
                self.listed.push(Finding { invariant, what: format!("and {} more", count - LISTED_MAX) });
            }
        }
        self.listed
    }
}

/// Every link is derived from what it says, and follows the one before it of the same writer; each head is the last of its
/// chain. `[I2, I10]`
async fn chains(reading: &mut Reading, heads: &[Head], findings: &mut Findings) -> Result<(), StoreError> {
    let mut ends: BTreeMap<Partition, Link> = BTreeMap::new();
    reading
        .each(Select::from(&COMMITTED), |row| {
            let link = Link::from_row(row)?;
            let seq = link.seq;
            let partition = Partition::of_sequence(seq);
            if !link.is_sound() {
                findings.add("I10", format!("the hash of commit {seq} is not that of what it wrote"));
            }
            if !link.counts.add_up() {
                findings.add("I2", format!("the dispositions of commit {seq} do not add up to its events"));
            }
            let first = partition.base() + 1;
            let begins = seq == first && link.previous == GENESIS;
            let follows = |last: &Link| {
                last.seq + 1 == seq
                    && last.hash == link.previous
                    && last.epoch <= link.epoch
                    && last.clock <= link.clock
            };
            if !ends.get(&partition).map_or(begins || seq > first, follows) {
                findings.add("I10", format!("commit {seq} does not follow the one before it"));
            }
            ends.insert(partition, link);
            Ok(())
        })
        .await?;
    for head in heads {
        let base = head.partition.base();
        let (seq, hash) = ends.remove(&head.partition).map_or((base, GENESIS), |link| (link.seq, link.hash));
        let said = base + head.commits;
        if (seq, hash) != (said, head.hash) {
            findings.add("I10", format!("the head of {} is at commit {said}, the chain ends at {seq}", head.partition));
        }
    }
    ends.keys().for_each(|partition| findings.add("I10", format!("{partition} has commits and no head")));
    let (whole, parts): (Vec<&Head>, Vec<&Head>) =
        heads.iter().filter(|head| head.commits > 0).partition(|head| head.partition == Partition::WHOLE);
    if !whole.is_empty() && !parts.is_empty() {
        findings.add("I10", "all of it and a partition of it were written".to_owned());
    }
    Ok(())
}

/// Every domain has a writer. `[I10]`
async fn domains(reading: &mut Reading, heads: &[Head], findings: &mut Findings) -> Result<(), StoreError> {
    for (domain, owner) in reading.all(Select::from(&DOMAIN), owner_from).await? {
        if !heads.iter().any(|head| head.partition == owner) {
            findings.add("I10", format!("domain {domain} is that of {owner}, which has no head"));
        }
    }
    Ok(())
}

/// The ranges of each slot tile up to its position. `[I1]`
async fn ledger(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    let mut reached: BTreeMap<SlotName, u64> = BTreeMap::new();
    reading
        .each(Select::from(&LEDGER), |row| {
            let Range { slot, start, stop, .. } = Range::from_row(row)?;
            match reached.insert(slot.clone(), stop) {
                Some(end) if end != start => {
                    findings.add("I1", format!("slot {slot}: a range ends at {end}, the next begins at {start}"));
                }
                _ => {}
            }
            Ok(())
        })
        .await?;
    for (slot, next) in reading.all(Select::from(&POSITION), position_from).await? {
        if let Some(end) = reached.remove(&slot).filter(|end| *end != next) {
            findings.add("I1", format!("slot {slot} is at {next}, its ranges end at {end}"));
        }
    }
    reached.keys().for_each(|slot| findings.add("I1", format!("slot {slot} has ranges and no position")));
    Ok(())
}

/// Numbers are given once, links end somewhere and do not run in circles. `[I6, I8]`
async fn incidents(reading: &mut Reading, findings: &mut Findings) -> Result<BTreeSet<IncidentId>, StoreError> {
    let given = Numbering::from_rows(&reading.select(Select::from(&NUMBERING)).await?)?;
    let mut numbers: BTreeMap<u64, IncidentId> = BTreeMap::new();
    let mut links: BTreeMap<IncidentId, Option<IncidentId>> = BTreeMap::new();
    let mut wanted: Vec<(IncidentId, IncidentId)> = Vec::new();
    reading
        .each(Select::from(&INCIDENT), |row| {
            let incident = incident_from(row)?;
            let Incident { id, number, .. } = incident;
            let number = number.filter(|number| (1..=given.incident).contains(number));
            match number.map(|number| (number, numbers.insert(number, id))) {
                None => findings.add("I6", format!("{id} has no number that was given")),
                Some((number, Some(other))) => findings.add("I6", format!("{id} and {other} share number {number}")),
                Some((_, None)) => {}
            }
            wanted.extend(
                [incident.merged_into, incident.parent, incident.residual_of].into_iter().flatten().map(|to| (id, to)),
            );
            links.insert(id, incident.merged_into);
            Ok(())
        })
        .await?;
    for (id, to) in wanted.into_iter().filter(|(_, to)| !links.contains_key(to)) {
        findings.add("I8", format!("{id} links to {to}, which is not in the store"));
    }
    for id in links.keys().filter(|id| runs_in_a_circle(**id, &links)) {
        findings.add("I8", format!("{id} was merged into what was merged into it"));
    }
    Ok(links.into_keys().collect())
}

fn runs_in_a_circle(from: IncidentId, links: &BTreeMap<IncidentId, Option<IncidentId>>) -> bool {
    let next = |id: &IncidentId| links.get(id).copied().flatten();
    std::iter::successors(next(&from), next).take(links.len()).any(|id| id == from)
}

/// One open episode for each alert, episodes disjoint, and each in an incident that is there. `[I5]`
async fn episodes(
    reading: &mut Reading,
    incidents: &BTreeSet<IncidentId>,
    findings: &mut Findings,
) -> Result<(), StoreError> {
    let mut of_one: Vec<EpisodeRecord> = Vec::new();
    reading
        .each(Select::from(&EPISODE).columns(EPISODE_LINE), |row| {
            let episode = episode_from(row)?;
            if let Some(incident) = episode.incident.filter(|incident| !incidents.contains(incident)) {
                findings.add("I5", format!("{} is in {incident}, which is not in the store", episode.id));
            }
            if of_one.last().is_some_and(|last| last.alert != episode.alert) {
                overlaps(&mut of_one, findings);
            }
            of_one.push(episode);
            Ok(())
        })
        .await?;
    overlaps(&mut of_one, findings);
    Ok(())
}

fn overlaps(of_one: &mut Vec<EpisodeRecord>, findings: &mut Findings) {
    of_one.sort_by_key(|episode| (episode.start, episode.id));
    for (earlier, later) in of_one.iter().zip(of_one.iter().skip(1)) {
        if earlier.end.is_none_or(|end| end > later.start) {
            findings.add("I5", format!("{} and {} of {} overlap", earlier.id, later.id, later.alert));
        }
    }
    of_one.clear();
}

/// Every narrow row that repeats move has its alert; every alert that fires has its narrow row. `[I15]`
async fn alerts(reading: &mut Reading, heads: &[Head], findings: &mut Findings) -> Result<(), StoreError> {
    let all = keys(reading, Select::from(&ALERT).columns(&["id"])).await?;
    let resolved = Select::from(&ALERT).columns(&["id"]).is("state", state_word(AlertState::Resolved));
    let resolved = keys(reading, resolved).await?;
    let mut narrow = keys(reading, Select::from(&ALERT_HOT).columns(&["alert"])).await?;
    for (alert, hot) in logged(reading, heads, findings).await? {
        match hot {
            Some(_) => narrow.extend([alert]),
            None => drop(narrow.remove(&alert)),
        }
    }
    let needed = Select::from(&EPISODE).columns(&["alert", "id"]).with(Condition::Flag("needed", true));
    for id in keys(reading, needed).await?.difference(&narrow) {
        findings.add("I15", format!("{id} is forgotten and has episodes that are needed"));
    }
    let said = Select::from(&REMEMBERED).columns(&["alert", "instant", "start", "words"]);
    for id in keys(reading, said).await?.difference(&narrow) {
        findings.add("I15", format!("{id} is forgotten and what was said of it is not"));
    }
    for id in narrow.difference(&all) {
        findings.add("I15", format!("{id} has a narrow row and no other"));
    }
    for id in all.difference(&resolved).filter(|id| !narrow.contains(id)) {
        findings.add("I15", format!("{id} fires and has no narrow row"));
    }
    Ok(())
}

/// What the logs say of alerts. Each is as long as its head says.
async fn logged(reading: &mut Reading, heads: &[Head], findings: &mut Findings) -> Result<Moved, StoreError> {
    let mut moved = Moved::new();
    for head in heads {
        let rows = reading.select(head.partition.rows_of(&HOT_LOG, "seq")).await?;
        let entries = rows.iter().map(|row| u64::read(&row[HOT_LOG.place("entries")]).unwrap_or_default()).sum::<u64>();
        if entries != head.hot_logged {
            let said = head.hot_logged;
            findings.add("I15", format!("the log of repeats has {entries} entries where {said} were written"));
        }
        match log_from(&rows) {
            Ok(mut of_one) => moved.append(&mut of_one),
            Err(error) => findings.add("I15", error.to_string()),
        }
    }
    Ok(moved)
}

async fn keys(reading: &mut Reading, select: Select) -> Result<BTreeSet<AlertId>, StoreError> {
    let mut ids = BTreeSet::new();
    reading
        .each(select, |row| {
            ids.extend(row.first().and_then(AlertId::read));
            Ok(())
        })
        .await?;
    Ok(ids)
}

/// Outages of one service are disjoint and not empty, those that one domain sees. `[I13]`
async fn outages(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    let mut seen: BTreeMap<Domain, Outage> = BTreeMap::new();
    reading
        .each(Select::from(&OUTAGE).ordered(&["service", "start", "id"]), |row| {
            let (domain, outage) = outage_of_domain(row)?;
            if outage.to.is_some_and(|to| to <= outage.from) {
                findings.add("I13", format!("{} of {} is empty", outage.id, outage.service));
            }
            if let Some(last) = seen.get(&domain).filter(|last| last.service == outage.service)
                && last.to.is_none_or(|to| to > outage.from)
            {
                findings.add("I13", format!("{} and {} of {} overlap", last.id, outage.id, outage.service));
            }
            seen.insert(domain, outage);
            Ok(())
        })
        .await
}

/// A pack says what the rows of its day say. `[I13]`
async fn packs<B: Brief>(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    for day in packed_days::<B>(reading).await? {
        let one = Select::from(&PACK).columns(&["body"]).is("kind", B::KIND).is("day", day);
        let rows = reading.select(one.ordered(&["kind", "day"])).await?;
        let Some(body) = rows.first().and_then(|row| row.first()).and_then(<Arc<[u8]>>::read) else { continue };
        let from_rows = reading.all(dated::<B>(day.start(), day.next().start()), B::read).await?;
        let spelt = |briefs: &[B]| briefs.iter().map(|brief| format!("{brief:?}")).collect::<BTreeSet<_>>();
        if spelt(&unpacked::<B>(&body)?) != spelt(&from_rows) {
            findings.add("I13", format!("the pack of {} of {} is not what its rows say", B::KIND, day.start()));
        }
    }
    Ok(())
}

/// One message for each subject, kind and version; but of sources and items every domain may tell. `[I9]`
async fn outbox(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    let mut told = BTreeSet::new();
    reading
        .each(Select::from(&OUTBOX), |row: &[_]| {
            let message = Outgoing::from_row(row)?.message;
            let is_everybodys = matches!(message.subject, Subject::Source(_) | Subject::Item(_));
            if !is_everybodys && !told.insert((message.subject.clone(), message.kind, message.version)) {
                findings.add("I9", format!("{} is told twice", message.id));
            }
            Ok(())
        })
        .await
}

/// What is counted by the hour is what the commits brought, where all of them are still there and nothing is older than
/// the counts; positions that were lost are the gaps of the ledger. `[I1, I2]`
async fn intake(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    let mut brought = (0, 0);
    let mut begun: BTreeSet<Partition> = BTreeSet::new();
    let mut trimmed = false;
    let each = |row: &[Value]| {
        let link = Link::from_row(row)?;
        let partition = Partition::of_sequence(link.seq);
        trimmed |= begun.insert(partition) && link.seq != partition.base() + 1;
        brought = (brought.0 + link.counts.events, brought.1 + link.dead_letters);
        Ok(())
    };
    reading.each(Select::from(&COMMITTED), each).await?;
    if !trimmed && reading.select(Select::from(&KEPT_SINCE).limit(1)).await?.is_empty() {
        let mut counted = (0, 0);
        for hour in reading.all(Select::from(&COUNT_HOUR), HourCounts::from_row).await? {
            counted.0 += hour.counts.events;
        }
        for hour in reading.all(Select::from(&DEAD_LETTER_HOUR), LetterHour::from_row).await? {
            counted.1 += hour.letters;
        }
        if counted != brought {
            let (what, wanted) = (format!("{} events and {} dead letters", counted.0, counted.1), brought);
            findings.add("I2", format!("{what} are counted by the hour, {} and {} came", wanted.0, wanted.1));
        }
    }
    let mut gaps: BTreeMap<SlotName, i128> = BTreeMap::new();
    let gap = |row: &[Value]| {
        let Range { slot, start, stop, gap, .. } = Range::from_row(row)?;
        if gap {
            *gaps.entry(slot).or_default() += i128::from(stop - start);
        }
        Ok(())
    };
    reading.each(Select::from(&LEDGER), gap).await?;
    let lost = |row: &[Value]| {
        let LostRange { slot, start, stop, .. } = LostRange::from_row(row)?;
        *gaps.entry(slot).or_default() -= i128::from(stop - start);
        Ok(())
    };
    reading.each(Select::from(&LOST_RANGE), lost).await?;
    for (slot, _) in gaps.iter().filter(|(_, left)| **left != 0) {
        findings.add("I1", format!("slot {slot}: what was noticed as lost is not what its ranges leave out"));
    }
    Ok(())
}

/// What was issued is as it was issued, and its revisions follow each other. `[I20]`
async fn issued(reading: &mut Reading, findings: &mut Findings) -> Result<(), StoreError> {
    let mut newest: BTreeMap<(Box<str>, Timestamp), u64> = BTreeMap::new();
    let mut pages = Pages::of(Select::from(&ISSUED_REPORT).ordered(&["name", "start", "revision"])).at_once(16);
    while let Some(rows) = pages.next(reading).await? {
        for row in rows {
            let IssuedReport { line, answer, .. } = IssuedReport::from_row(&row)?;
            if IssuedLine::digest_of(&answer) != line.digest {
                findings.add("I20", format!("{} is not what was issued: its digest is another", line.id));
            }
            if IssuedLine::id_of(&line.name, line.period.start(), line.revision) != line.id {
                findings.add("I20", format!("{} is not the id of what it names", line.id));
            }
            let before = newest.insert((line.name.clone(), line.period.start()), line.revision).unwrap_or(0);
            if before + 1 != line.revision {
                findings.add("I20", format!("revision {} of {} follows revision {before}", line.revision, line.name));
            }
        }
    }
    Ok(())
}
