//! A service: how it stands and why, what was promised of it and how that stands, and all that happened to it.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, State};
use model::outage::{ItemState, OutageState};
use model::{CiId, Interval, Span, Timestamp};
use report::text;
use wire::v1;

use super::burn::Burn;
use super::item::{About, path_of};
use super::uptime::{Day, Uptime, uptimes};
use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::Trouble;
use crate::pages::page::Page;
use crate::pages::shell::Shell;
use crate::pages::told;
use crate::pages::visitor::Visitor;
use crate::services::{self, ServiceState};
use crate::{Api, measures, outages};

const OUTAGES_SHOWN: usize = 15;
const OUTAGES_MORE: usize = 100;
/// Of a service that fails a dozen times a day; how many more there are is not counted then.
const OUTAGES_READ_MAX: usize = 1000;
const BECAUSE_SHOWN: usize = 5;
const CORRECTIONS_SHOWN: &str = "20";

/// What reports say of it, worked out at most once a minute.
#[derive(Debug)]
pub(crate) struct Figures {
    availability: Option<v1::AvailabilityRow>,
    objective: Option<v1::SloRow>,
    continuity: Option<v1::ContinuityRow>,
}

#[derive(Template)]
#[template(path = "service.html")]
pub(super) struct ServicePage {
    shell: Shell,
    about: About,
    because: Vec<(String, String)>,
    because_more: usize,
    uptime: Option<Arc<Uptime>>,
    figures: Option<Arc<Figures>>,
    /// Why they are not there.
    without_figures: Option<String>,
    outages: Vec<Out>,
    outages_more: usize,
    /// There may be more than those.
    outages_uncounted: bool,
    /// What people said of its outages, as far as it stands.
    corrections: Vec<v1::Correction>,
    /// The only day whose outages are shown.
    day: Option<String>,
    /// The outage that is to be corrected.
    correct: Option<Out>,
}

struct Out {
    outage: v1::Outage,
    now: Timestamp,
}

pub(super) async fn service(
    visitor: Visitor,
    State(api): State<Api>,
    Path(id): Path<String>,
    asked: Asked,
) -> Result<Page<ServicePage>, Trouble> {
    let Json(state) = services::state(visitor.by(), State(api.clone()), Path(id.clone())).await?;
    let about = About::of(&visitor, &api, &id, "service", &asked).await?;
    let because_more = state.because.len().saturating_sub(BECAUSE_SHOWN);
    let because = because(&about, &state);
    let worked_out = worked_out(&api, &id).await;
    let (uptime, figures, without_figures) = match worked_out {
        Ok((uptime, figures)) => (uptime, Some(figures), None),
        Err(fault) => (None, None, Some(fault.detail)),
    };
    let day = asked.one("day").filter(|day| Timestamp::parse(&format!("{day}T00:00:00Z")).is_some());
    let mut outages = outages_of(&api, &id, day).await?;
    let correct = match asked.one("correct") {
        Some(outage) => corrected(&visitor, &api, &id, outage).await,
        None => None,
    };
    let shown = if asked.one("outages").is_some() { OUTAGES_MORE } else { OUTAGES_SHOWN };
    let outages_more = outages.len().saturating_sub(shown);
    let outages_uncounted = outages.len() >= OUTAGES_READ_MAX;
    outages.truncate(shown);
    let said = Asked::of(&[("service", &id), ("limit", CORRECTIONS_SHOWN)]);
    let corrections = outages::corrections(visitor.by(), State(api.clone()), said).await?.0.items;
    let shell = Shell::new(&api, visitor, "/services", about.item.item.name.clone());
    let day = day.map(str::to_owned);
    Ok(Page(ServicePage {
        shell,
        about,
        because,
        because_more,
        uptime,
        figures,
        without_figures,
        outages,
        outages_more,
        outages_uncounted,
        corrections,
        day,
        correct,
    }))
}

/// Name and path of each item whose own faults make it so.
fn because(about: &About, state: &ServiceState) -> Vec<(String, String)> {
    let known = |id: &String| {
        let item = about.needs.iter().map(|near| &near.item).find(|item| item.id == *id);
        let name = item.map_or_else(|| id.clone(), |item| item.name.clone());
        let itself = *id == about.item.item.id;
        (name, path_of(id, itself || item.is_some_and(|item| item.service)))
    };
    state.because.iter().take(BECAUSE_SHOWN).map(known).collect()
}

async fn worked_out(api: &Api, id: &str) -> Result<(Option<Arc<Uptime>>, Arc<Figures>), Fault> {
    let uptime = uptimes(api, &[id]).await?.remove(id);
    let now = api.now();
    if let Some(figures) = api.uptimes().figures.fresh(id, now) {
        return Ok((uptime, figures));
    }
    let figures = Arc::new(Figures {
        availability: measures::availability_of(api, CiId::new(id)).await?,
        objective: measures::objective_of(api, CiId::new(id)).await?,
        continuity: measures::continuity_of(api, CiId::new(id)).await?,
    });
    api.uptimes().figures.keep(id, now, &figures);
    Ok((uptime, figures))
}

/// The newest first: of a day, or of ninety.
async fn outages_of(api: &Api, id: &str, day: Option<&str>) -> Result<Vec<Out>, Fault> {
    let now = api.now();
    let over = match day.and_then(|day| Timestamp::parse(&format!("{day}T00:00:00Z"))) {
        Some(day) => Interval::or_empty(day, day + Span::DAY),
        None => Interval::or_empty(now - Span::from_days(90), now + Span::DAY),
    };
    let found = outages::newest(api, id, over, OUTAGES_READ_MAX).await?;
    Ok(found.into_iter().map(|outage| Out { outage, now }).collect())
}

/// The one that somebody wants to correct, wherever it stands.
async fn corrected(visitor: &Visitor, api: &Api, service: &str, outage: &str) -> Option<Out> {
    let found = outages::show(visitor.by(), State(api.clone()), Path(outage.to_owned())).await.ok()?.0;
    (found.service == service).then(|| Out { outage: found, now: api.now() })
}

impl ServicePage {
    fn word_of(&self, state: ItemState) -> &'static str {
        told::state(state)
    }

    fn class_of(&self, state: ItemState) -> &'static str {
        told::class(state)
    }
}

impl Out {
    fn state(&self) -> &'static str {
        match self.outage.state {
            OutageState::Down => "down",
            OutageState::Degraded => "degraded",
        }
    }

    fn length(&self) -> String {
        let end = self.outage.to.map_or(self.now, |to| to.0);
        text::duration((end - self.outage.from.0).seconds_f64())
    }
}

impl Figures {
    fn availability(&self) -> String {
        let row = self.availability.as_ref().filter(|row| row.met.is_some() || row.coverage != Some(v1::Ratio(0.0)));
        row.and_then(|row| row.availability).map_or_else(|| "no data".to_owned(), |share| text::share(share.0))
    }

    fn down(&self) -> String {
        self.availability.as_ref().map_or_else(String::new, |row| text::duration(row.down_seconds.value()))
    }

    fn failures(&self) -> u64 {
        self.availability.as_ref().map_or(0, |row| row.outages)
    }

    fn coverage(&self) -> String {
        let share = self.availability.as_ref().and_then(|row| row.coverage);
        share.map_or_else(|| "none".to_owned(), |share| text::share(share.0))
    }

    fn blind(&self) -> Option<String> {
        let row = self.availability.as_ref()?;
        (row.blind_seconds.value() > 0.0).then(|| text::duration(row.blind_seconds.value()))
    }

    fn burn_chart(&self) -> Option<Burn<'_>> {
        let row = self.objective.as_ref()?;
        let burned = row.burn_down.as_ref().filter(|burned| !burned.points.is_empty())?;
        Some(Burn { budget: row.budget_seconds.value(), burned })
    }

    /// What is left of the budget as a share of it, and whether that is less than nothing.
    fn left(&self) -> Option<(String, bool)> {
        let row = self.objective.as_ref()?;
        let left = row.remaining_seconds?.value();
        let of = row.budget_seconds.value();
        let share = if of > 0.0 { text::share(left / of) } else { text::duration(left) };
        Some((share, left < 0.0))
    }

    /// Over how long, how fast, and whether that is faster than the budget lasts.
    fn burn_rates(&self) -> Vec<(&'static str, String, bool)> {
        let Some(row) = &self.objective else { return Vec::new() };
        let rates = row.burn_rate;
        [("1 h", rates.hour), ("6 h", rates.six_hours), ("24 h", rates.day), ("72 h", rates.three_days)]
            .into_iter()
            .filter_map(|(over, rate)| rate.map(|rate| (over, text::factor(rate.0), rate.0 > 1.0)))
            .collect()
    }
}

impl ServicePage {
    fn objective_words(&self) -> Option<String> {
        let objectives = &self.about.item.item.objectives;
        let window = objectives.slo_window.clone().unwrap_or_else(|| "30d".to_owned());
        objectives.slo.map(|slo| format!("{} over {}", text::objective(slo.0), in_words(&window)))
    }

    /// What was promised for the day it fails, each in words.
    fn promises(&self) -> Vec<(&'static str, String)> {
        let objectives = &self.about.item.item.objectives;
        let said = [
            ("Back within (RTO)", objectives.rto_seconds),
            ("Data lost at most (RPO)", objectives.rpo_seconds),
            ("Damage not acceptable after (MTPD)", objectives.mtpd_seconds),
            ("Exercised every", objectives.exercise_every_seconds),
        ];
        said.into_iter().filter_map(|(name, length)| Some((name, text::duration(length?.value())))).collect()
    }

    fn days(&self) -> Vec<Day> {
        self.uptime.as_ref().map(|uptime| uptime.troubled().cloned().collect::<Vec<_>>()).unwrap_or_default()
    }

    fn share(&self, share: &f64) -> String {
        text::share(*share)
    }

    fn length(&self, span: &Span) -> String {
        text::duration(span.seconds_f64())
    }

    fn gap(&self, gap: &v1::Gap) -> &'static str {
        match gap.kind {
            v1::GapKind::RtoLonger => "takes longer to come back:",
            v1::GapKind::NoObjective => "has no objective of its own:",
            v1::GapKind::NoRecoveryPoint => "has no recovery point:",
            v1::GapKind::RtoOverMtpd => "its RTO is longer than its MTPD:",
        }
    }

    fn seconds(&self, seconds: &v1::Seconds) -> String {
        text::duration(seconds.value())
    }
}

fn in_words(window: &str) -> String {
    match window {
        "month" => "a calendar month".to_owned(),
        "quarter" => "a calendar quarter".to_owned(),
        rolling => format!("the last {rolling}"),
    }
}
