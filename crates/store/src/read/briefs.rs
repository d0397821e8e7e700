//! Incidents and outages in brief, by the million: from packs, and where there is none from rows.

use std::collections::BTreeSet;

use model::{IncidentBrief, Interval, OutageBrief, Span, Timestamp};

use crate::error::StoreError;
use crate::pack::{Brief, Day, dated, packed_days, unpacked};
use crate::schema::PACK;
use crate::select::{Condition, Select};
use crate::store::{Reading, Store};
use crate::value::Cells;

impl Store {
    /// Every incident of which something happened before the interval's end, and that is not over or of which something
    /// happened since its start; in no order. One that was heard of late was opened after what it counts by: where nothing is
    /// packed, all that opened since is looked at.
    pub async fn incident_briefs(&self, interval: Interval) -> Result<Vec<IncidentBrief>, StoreError> {
        let mut reading = self.reading().await?;
        let packed = packed_days::<IncidentBrief>(&mut reading).await?;
        let mut briefs = from_packs::<IncidentBrief>(&mut reading, interval).await?;
        for (from, to) in between(&packed, Timestamp::MIN, Timestamp::MAX) {
            let lasting = || Condition::OpenOrAfter("until", (interval.start() - Span::MICROSECOND).into());
            briefs.extend(reading.all(dated::<IncidentBrief>(from, to).with(lasting()), IncidentBrief::read).await?);
        }
        briefs.retain(|brief: &IncidentBrief| touches(brief, interval));
        Ok(briefs)
    }

    /// Every outage that shares an instant with the interval; in no order.
    pub async fn outage_briefs(&self, interval: Interval) -> Result<Vec<OutageBrief>, StoreError> {
        let mut reading = self.reading().await?;
        let packed = packed_days::<OutageBrief>(&mut reading).await?;
        let mut briefs = from_packs::<OutageBrief>(&mut reading, interval).await?;
        let begun = || Condition::Less("start", interval.end().into());
        for (from, to) in between(&packed, interval.start(), Timestamp::MAX) {
            briefs.extend(reading.all(dated::<OutageBrief>(from, to).with(begun()), OutageBrief::read).await?);
        }
        let open = Select::from(OutageBrief::TABLE).columns(OutageBrief::COLUMNS).with(Condition::Null("stop"));
        briefs.extend(reading.all(open.with(begun()), OutageBrief::read).await?);
        briefs.retain(|brief| brief.overlaps(interval));
        Ok(briefs)
    }
}

fn touches(brief: &IncidentBrief, interval: Interval) -> bool {
    let (first, last) = brief.extent();
    first < interval.end() && last >= interval.start()
}

async fn from_packs<B: Brief>(reading: &mut Reading, interval: Interval) -> Result<Vec<B>, StoreError> {
    let packs = Select::from(&PACK)
        .columns(&["body"])
        .is("kind", B::KIND)
        .with(Condition::Less("least", interval.end().into()))
        .with(Condition::AtLeast("most", interval.start().into()))
        .ordered(&["kind", "day"]);
    let mut briefs = Vec::new();
    for row in reading.select(packs).await? {
        let body: std::sync::Arc<[u8]> = Cells::last(&PACK, &row).take()?;
        briefs.extend(unpacked::<B>(&body)?);
    }
    Ok(briefs)
}

/// The stretches of `[from, to)` that lie in no packed day.
fn between(packed: &BTreeSet<Day>, from: Timestamp, to: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut stretches = Vec::new();
    let mut at = from;
    for day in packed {
        let (start, end) = (day.start(), day.next().start());
        if end <= at {
            continue;
        }
        if at < start.min(to) {
            stretches.push((at, start.min(to)));
        }
        at = end;
    }
    if at < to {
        stretches.push((at, to));
    }
    stretches
}
