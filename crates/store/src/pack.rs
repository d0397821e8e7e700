//! Packs: the incidents that opened on a day, or the outages that ended on it, side by side in one row, in brief.
//!
//! Reports over years are about millions of them, and a row each is what takes the time. A pack is made from the rows, and
//! says nothing that they do not: a commit that touches a day that may be packed takes its packs away, and until they are
//! made anew the rows are read. So figures never depend on whether a pack was there. `[I13]`

use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

use model::limits::PACKED_AFTER;
use model::{IncidentBrief, OutageBrief, Span, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::commit::Commit;
use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::packed::PackedIncidents;
use crate::partition::Partition;
use crate::rows::head::Head;
use crate::rows::incident::{INCIDENT_LINE, incident_from};
use crate::schema::{INCIDENT, OUTAGE, PACK, Table};
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::transaction::{Found, Guard, Transaction};
use crate::value::{Cell, Cells, Row, Value, row};

/// A fact as packs hold it.
pub(crate) trait Brief: fmt::Debug + Send + Sized + 'static {
    /// The kind of its packs, and the number of how they are written: those of another number are as good as none.
    const KIND: &'static str;
    /// Those of a day, as they are written.
    type Packed: Serialize + DeserializeOwned;
    const TABLE: &'static Table;
    /// What is read of a row.
    const COLUMNS: &'static [&'static str];
    /// The instant whose day it is packed with; and an index of it, the instant first.
    const DATED: &'static str;
    const BY_DATE: &'static [&'static str];

    fn read(row: &[Value]) -> Result<Self, StoreError>;
    /// The first and the last instant that it has to do with.
    fn extent(&self) -> (Timestamp, Timestamp);
    fn packed(briefs: Vec<Self>) -> Self::Packed;
    /// `None` of what no pack says.
    fn unpacked(packed: Self::Packed) -> Option<Vec<Self>>;
}

impl Brief for IncidentBrief {
    const KIND: &'static str = "incidents/3";
    type Packed = PackedIncidents;
    const TABLE: &'static Table = &INCIDENT;
    const COLUMNS: &'static [&'static str] = INCIDENT_LINE;
    const DATED: &'static str = "opened_at";
    const BY_DATE: &'static [&'static str] = &["opened_at", "id"];

    fn read(row: &[Value]) -> Result<IncidentBrief, StoreError> {
        incident_from(row).map(|incident| IncidentBrief::from(&incident))
    }

    fn extent(&self) -> (Timestamp, Timestamp) {
        // What was heard late was over, and its service restored, before it was opened; what may still be late has to do
        // with every instant to come.
        let first = self.instants().min().unwrap_or(self.opened_at);
        let last = self.instants().max().filter(|_| self.is_over());
        (first, last.unwrap_or(Timestamp::MAX))
    }

    fn packed(briefs: Vec<IncidentBrief>) -> PackedIncidents {
        PackedIncidents::of(&briefs)
    }

    fn unpacked(packed: PackedIncidents) -> Option<Vec<IncidentBrief>> {
        packed.unpacked()
    }
}

impl Brief for OutageBrief {
    const KIND: &'static str = "outages/1";
    type Packed = Vec<OutageBrief>;
    const TABLE: &'static Table = &OUTAGE;
    const COLUMNS: &'static [&'static str] = &["service", "start", "stop", "state", "planned"];
    const DATED: &'static str = "stop";
    const BY_DATE: &'static [&'static str] = &["stop", "id"];

    fn read(row: &[Value]) -> Result<OutageBrief, StoreError> {
        let mut cells = Cells::new(&OUTAGE, row);
        Ok(OutageBrief {
            service: cells.take()?,
            from: cells.take()?,
            to: cells.take()?,
            state: cells.word()?,
            planned: cells.take()?,
        })
    }

    fn extent(&self) -> (Timestamp, Timestamp) {
        (self.from, self.to.unwrap_or(Timestamp::MAX))
    }

    fn packed(briefs: Vec<OutageBrief>) -> Vec<OutageBrief> {
        briefs
    }

    fn unpacked(packed: Vec<OutageBrief>) -> Option<Vec<OutageBrief>> {
        Some(packed)
    }
}

/// A day of UTC, counted from the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(i64);

impl Day {
    pub(crate) fn of(at: Timestamp) -> Day {
        Day(at.micros().div_euclid(Span::DAY.micros()))
    }

    pub(crate) fn next(self) -> Day {
        Day(self.0 + 1)
    }

    fn previous(self) -> Day {
        Day(self.0 - 1)
    }

    pub(crate) fn start(self) -> Timestamp {
        Timestamp::from_micros(self.0.saturating_mul(Span::DAY.micros()))
    }

    /// The last that may be packed at an instant.
    fn last_packed(now: Timestamp) -> Day {
        Day(Day::of(now - PACKED_AFTER).0 - 1)
    }
}

impl From<Day> for Value {
    fn from(day: Day) -> Value {
        Value::Int(day.0)
    }
}

impl Cell for Day {
    fn read(value: &Value) -> Option<Day> {
        i64::read(value).map(Day)
    }
}

/// Facts of one kind that are dated in `[from, to)`.
pub(crate) fn dated<B: Brief>(from: Timestamp, to: Timestamp) -> Select {
    let within = [Condition::AtLeast(B::DATED, from.into()), Condition::Less(B::DATED, to.into())];
    Select::from(B::TABLE).columns(B::COLUMNS).with_any(within).ordered(B::BY_DATE)
}

/// The packs that a commit makes untrue: those of the days of what it writes, as it was and as it is. `incidents` and
/// `outages` are the rows there were of it, with the date last. Of who writes all of it mostly none: what is of these days is
/// in no pack. A partition may lie behind the clock that days are packed by, so of it any day may be.
pub(crate) fn outdated(partition: Partition, commit: &Commit, incidents: &[Row], outages: &[Row]) -> BTreeSet<Row> {
    let last = (partition == Partition::WHOLE).then(|| Day::last_packed(commit.now));
    let may_be_packed = |day: Day| last.is_none_or(|last| day <= last);
    let was = |row: &Row| row.last().and_then(Timestamp::read);
    let opened = commit.steps.iter().flat_map(|step| &step.incidents).map(|incident| incident.opened_at);
    let ended = commit.steps.iter().flat_map(|step| &step.outages).filter_map(|outage| outage.to);
    let of_incidents = opened.chain(incidents.iter().filter_map(was)).map(|at| (IncidentBrief::KIND, Day::of(at)));
    let of_outages = ended.chain(outages.iter().filter_map(was)).map(|at| (OutageBrief::KIND, Day::of(at)));
    of_incidents.chain(of_outages).filter(|(_, day)| may_be_packed(*day)).map(|(kind, day)| row![kind, day]).collect()
}

impl Store {
    /// Packs at most so many days that are past and not packed yet, the newest first; whether there may be more.
    pub async fn pack(&self, days: usize) -> Result<bool, StoreError> {
        let Some(now) = self.all_heads().await?.iter().filter_map(Head::now).max() else { return Ok(false) };
        let last = Day::last_packed(now);
        let (incidents, outages) =
            (self.pack_kind::<IncidentBrief>(last, days).await?, self.pack_kind::<OutageBrief>(last, days).await?);
        Ok(incidents || outages)
    }

    async fn pack_kind<B: Brief>(&self, last: Day, days: usize) -> Result<bool, StoreError> {
        let due = due::<B>(&mut self.reading().await?, last, days).await?;
        for day in &due {
            self.run(Pack::<B> { day: *day, kind: PhantomData }).await?;
        }
        Ok(due.len() >= days)
    }
}

/// The newest days until `last`, at most so many, of which there is something and no pack. A day of nothing needs none, and
/// there may be thousands of those before the first of anything.
async fn due<B: Brief>(reading: &mut Reading, last: Day, days: usize) -> Result<Vec<Day>, StoreError> {
    let packed = packed_days::<B>(reading).await?;
    let mut due = Vec::new();
    let mut before = last.next();
    while due.len() < days {
        let Some(day) = newest_day::<B>(reading, before).await? else { break };
        if packed.contains(&day) {
            // What is packed without a day between is passed over at once.
            let run = std::iter::successors(Some(day), |day| Some(day.previous()));
            before = run.take_while(|day| packed.contains(day)).last().unwrap_or(day);
        } else {
            due.push(day);
            before = day;
        }
    }
    Ok(due)
}

/// The newest day before another of which there is anything.
async fn newest_day<B: Brief>(reading: &mut Reading, before: Day) -> Result<Option<Day>, StoreError> {
    let earlier = Condition::Less(B::DATED, before.start().into());
    let newest = Select::from(B::TABLE).columns(B::BY_DATE).with(earlier).newest(B::BY_DATE).limit(1);
    Ok(reading.select(newest).await?.first().and_then(|row| row.first()).and_then(Timestamp::read).map(Day::of))
}

pub(crate) async fn packed_days<B: Brief>(reading: &mut Reading) -> Result<BTreeSet<Day>, StoreError> {
    let rows = reading.select(Select::from(&PACK).columns(&["day"]).is("kind", B::KIND)).await?;
    Ok(rows.iter().filter_map(|row| row.first()).filter_map(Day::read).collect())
}

/// Makes the pack of a day. Nobody writes meanwhile: what is read is what there is.
#[derive(Debug)]
struct Pack<B> {
    day: Day,
    kind: PhantomData<B>,
}

impl<B: Brief> Transaction for Pack<B> {
    type Answer = ();
    type Error = StoreError;
    const GUARD: Guard = Guard::All;

    fn reads(&self) -> Vec<Select> {
        vec![dated::<B>(self.day.start(), self.day.next().start())]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, ()), StoreError> {
        let briefs = found.next().iter().map(|row| B::read(row)).collect::<Result<Vec<B>, _>>()?;
        let mut writes = Writes::default();
        writes.put(&PACK, pack_row(self.day, briefs)?);
        Ok((writes.finish(), ()))
    }
}

fn pack_row<B: Brief>(day: Day, briefs: Vec<B>) -> Result<Row, StoreError> {
    let least = briefs.iter().map(|brief| brief.extent().0).min().unwrap_or(Timestamp::MAX);
    let most = briefs.iter().map(|brief| brief.extent().1).max().unwrap_or(Timestamp::MIN);
    let body = postcard::to_allocvec(&B::packed(briefs)).map_err(|error| damaged(&error.to_string()))?;
    Ok(row![B::KIND, day, least, most, body])
}

pub(crate) fn unpacked<B: Brief>(body: &[u8]) -> Result<Vec<B>, StoreError> {
    let packed = postcard::from_bytes(body).map_err(|error| damaged(&error.to_string()))?;
    B::unpacked(packed).ok_or_else(|| damaged("a name is missing"))
}

fn damaged(why: &str) -> StoreError {
    StoreError::Corrupt { what: format!("table {}: {why}", PACK.name) }
}
