//! Outages of services, and what people say of them in place of alerts: recorded, corrected, taken back.
//! docs/measures.md section 4, "Corrections".

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use model::command::{Action, Outcome};
use model::fact::{Correction, InsteadOf};
use model::limits::LATE_HORIZON;
use model::outage::{ItemState, OutageState};
use model::{CiId, CorrectionId, Domain, Interval, Outage, OutageId, Span, Timestamp};
use serde::{Deserialize, Serialize};
use store::{CorrectionFilter, OutageFilter, PageRequest};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::asked::{Asked, Said};
use crate::auth::{By, Manager, Viewer};
use crate::fault::Fault;
use crate::{Answer, Api};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list, record))
        .routes(routes!(show))
        .routes(routes!(correct))
        .routes(routes!(corrections))
        .routes(routes!(correction))
        .routes(routes!(withdraw))
}

/// An outage that no alert told of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct OutageAsked {
    service: String,
    from: v1::Instant,
    /// `null`, or left out, while it lasts: until it is corrected with its end.
    to: Option<v1::Instant>,
    /// `down` unless said, or `degraded`.
    #[schema(value_type = Option<String>)]
    state: Option<OutageState>,
    #[serde(default)]
    planned: bool,
    /// Shown with every report.
    reason: String,
}

/// What was otherwise; what is left out was as it is on record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionAsked {
    from: Option<v1::Instant>,
    to: Option<v1::Instant>,
    /// `down`, `degraded`, or `up`: it was none.
    #[schema(value_type = Option<String>)]
    state: Option<ItemState>,
    planned: Option<bool>,
    /// The same as `state: up` without anything else.
    #[serde(default)]
    never: bool,
    /// Shown with every report.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawalAsked {
    reason: String,
}

/// A correction, and the service's outages over its time.
#[derive(Debug, Serialize, ToSchema)]
struct OutagesCorrected {
    correction: v1::Correction,
    outages: Vec<v1::Outage>,
    /// What is yet to come of it.
    notes: Vec<String>,
}

/// Outages by service, each service's oldest first.
#[utoipa::path(get, path = "/api/v1/outages", tag = "outages",
    params(
        ("service" = Option<String>, Query, description = "of any of these services"),
        ("from" = Option<String>, Query, description = "that end after, or still last, such as -30d"),
        ("to" = Option<String>, Query, description = "that begin before"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Outage>)))]
pub(crate) async fn list(_: By<Viewer>, State(api): State<Api>, asked: Asked) -> Answer<v1::List<v1::Outage>> {
    asked.only(&["service", "from", "to", "limit", "cursor"])?;
    let filter = OutageFilter {
        services: asked.many("service").map(CiId::new).collect(),
        overlapping: asked.window(api.now())?,
    };
    let page = api.store().outages(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: api.with_corrections(&page.items).await?, next: page.next }))
}

/// The last of one service, so many at most, the newest first.
pub(crate) async fn newest(api: &Api, service: &str, over: Interval, limit: usize) -> Result<Vec<v1::Outage>, Fault> {
    let outages = api.store().newest_outages(&CiId::new(service), over, limit).await?;
    api.with_corrections(&outages).await
}

/// One outage.
#[utoipa::path(get, path = "/api/v1/outages/{id}", tag = "outages",
    params(("id" = String, Path, description = "`out_…`")),
    responses((status = 200, body = v1::Outage)))]
pub(crate) async fn show(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Outage> {
    let outage = api.outage_named(&id).await?;
    let shown = api.with_corrections(std::slice::from_ref(&outage)).await?.pop();
    Ok(Json(shown.unwrap_or_else(|| v1::Outage::from_model(&outage))))
}

/// Records an outage that no alert told of.
#[utoipa::path(post, path = "/api/v1/outages", tag = "outages", request_body = OutageAsked,
    responses((status = 201, description = "Recorded and committed", body = OutagesCorrected)))]
async fn record(by: By<Manager>, State(api): State<Api>, Said(asked): Said<OutageAsked>) -> Result<Response, Fault> {
    if let Some(outcome) = api.answered_before(&by).await? {
        return Ok((StatusCode::CREATED, Json(api.shown(&outcome).await?)).into_response());
    }
    let now = api.now();
    let service = CiId::new(&asked.service);
    let (from, to) = (asked.from.0, asked.to.map(|at| at.0));
    let state = asked.state.unwrap_or(OutageState::Down);
    let correction = Correction {
        id: id_of(by.name(), &service, from, to, now),
        domain: Domain::default(),
        from,
        to,
        state: Some(state),
        planned: asked.planned,
        instead_of: None,
        reason: asked.reason.into(),
        by: by.name().into(),
        at: now,
        withdrawn: None,
        service,
    };
    let said = |outage: &Outage| {
        let covers = outage.from <= from && outage.to.is_none_or(|end| to.is_some_and(|to| to <= end));
        covers && (outage.state, outage.planned) == (state, asked.planned)
    };
    if let Some(known) = api.outages_over(&correction).await?.iter().find(|outage| said(outage)) {
        return Err(Fault::invalid(format!("{} says so already: nothing would change", known.id)));
    }
    let done = api.corrected(&by, Action::RecordOutage(correction)).await?;
    Ok((StatusCode::CREATED, Json(done)).into_response())
}

/// Says that an outage was otherwise than on record: when, how bad, planned, or not at all.
#[utoipa::path(post, path = "/api/v1/outages/{id}/correct", tag = "outages",
    params(("id" = String, Path, description = "`out_…`")),
    request_body = CorrectionAsked, responses((status = 200, body = OutagesCorrected)))]
async fn correct(
    by: By<Manager>,
    State(api): State<Api>,
    Path(id): Path<String>,
    Said(asked): Said<CorrectionAsked>,
) -> Answer<OutagesCorrected> {
    if let Some(outcome) = api.answered_before(&by).await? {
        return Ok(Json(api.shown(&outcome).await?));
    }
    let outage = api.outage_named(&id).await?;
    let domain = api.store().domain_of_outage(outage.id).await?.unwrap_or_default();
    let correction = corrected(&outage, domain, asked, by.name(), api.now())?;
    Ok(Json(api.corrected(&by, Action::CorrectOutage(correction)).await?))
}

/// What people said of outages, that which reaches furthest first; what was taken back only where that is asked for.
#[utoipa::path(get, path = "/api/v1/corrections", tag = "outages",
    params(
        ("service" = Option<String>, Query, description = "of any of these services"),
        ("from" = Option<String>, Query, description = "that make a difference after, such as -30d"),
        ("to" = Option<String>, Query, description = "that make one before"),
        ("withdrawn" = Option<bool>, Query, description = "those taken back too"),
        ("limit" = Option<u32>, Query, description = "rows of a page, 100 unless said, at most 1000"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, body = v1::List<v1::Correction>)))]
pub(crate) async fn corrections(
    _: By<Viewer>,
    State(api): State<Api>,
    asked: Asked,
) -> Answer<v1::List<v1::Correction>> {
    asked.only(&["service", "from", "to", "withdrawn", "limit", "cursor"])?;
    let filter = CorrectionFilter {
        services: asked.many("service").map(CiId::new).collect(),
        overlapping: asked.window(api.now())?,
        with_withdrawn: asked.flag("withdrawn")?.unwrap_or(false),
    };
    let page = api.store().corrections(&filter, &asked.page()?).await?;
    Ok(Json(v1::List { items: page.items.iter().map(v1::Correction::from_model).collect(), next: page.next }))
}

/// One correction.
#[utoipa::path(get, path = "/api/v1/corrections/{id}", tag = "outages",
    params(("id" = String, Path, description = "`cor_…`")),
    responses((status = 200, body = v1::Correction)))]
async fn correction(_: By<Viewer>, State(api): State<Api>, Path(id): Path<String>) -> Answer<v1::Correction> {
    Ok(Json(v1::Correction::from_model(&api.correction_named(&id).await?)))
}

/// Takes a correction back: what alerts say holds again, and what was corrected before.
#[utoipa::path(post, path = "/api/v1/corrections/{id}/withdraw", tag = "outages",
    params(("id" = String, Path, description = "`cor_…`")),
    request_body = WithdrawalAsked, responses((status = 200, body = OutagesCorrected)))]
async fn withdraw(
    by: By<Manager>,
    State(api): State<Api>,
    Path(id): Path<String>,
    Said(asked): Said<WithdrawalAsked>,
) -> Answer<OutagesCorrected> {
    if let Some(outcome) = api.answered_before(&by).await? {
        return Ok(Json(api.shown(&outcome).await?));
    }
    let correction = api.correction_named(&id).await?;
    let action = Action::WithdrawCorrection { correction, reason: asked.reason.into() };
    Ok(Json(api.corrected(&by, action).await?))
}

/// What is asked for, beside the outage as it stands.
fn corrected(
    outage: &Outage,
    domain: Domain,
    asked: CorrectionAsked,
    by: &str,
    now: Timestamp,
) -> Result<Correction, Fault> {
    let CorrectionAsked { from, to, state, planned, never, reason } = asked;
    let otherwise = from.is_some() || to.is_some() || planned.is_some();
    let none = never || state == Some(ItemState::Up);
    if none && (otherwise || never && state.is_some_and(|state| state != ItemState::Up)) {
        return Err(Fault::invalid("an outage that never was has no `from`, `to` or `planned`: leave them out"));
    }
    if !none && !otherwise && state.is_none() {
        return Err(Fault::invalid("say what was otherwise: `from`, `to`, `state`, `planned`, or `never`: true"));
    }
    let state = match state {
        _ if none => None,
        None => Some(outage.state),
        Some(said) => said.outage(),
    };
    let ended = outage.to.is_none() && to.is_some();
    // What lasts is corrected up to now: what comes is for alerts to say.
    let stood = Interval::or_empty(outage.from, outage.to.unwrap_or(now));
    let (from, end) = (from.map_or(outage.from, |at| at.0), to.map_or(stood.end(), |at| at.0));
    let planned = !none && planned.unwrap_or(outage.planned);
    let as_it_is = (from, end, state, planned) == (stood.start(), stood.end(), Some(outage.state), outage.planned);
    if as_it_is && !ended {
        return Err(Fault::invalid(format!("{} is so on record: nothing would change", outage.id)));
    }
    Ok(Correction {
        id: id_of(by, &outage.service, from, Some(end), now),
        domain,
        service: outage.service.clone(),
        from,
        to: Some(end),
        state,
        planned,
        instead_of: Some(InsteadOf { outage: outage.id, incident: outage.incident, interval: stood, ended }),
        reason: reason.into(),
        by: by.into(),
        at: now,
        withdrawn: None,
    })
}

fn id_of(by: &str, service: &CiId, from: Timestamp, to: Option<Timestamp>, now: Timestamp) -> CorrectionId {
    CorrectionId::derive(|hash| {
        hash.text(by).text(service.as_str()).instant(from).instant(to.unwrap_or(Timestamp::MAX)).instant(now);
    })
}

/// With what only touches it: that may be one with what was corrected.
fn with_its_edges(extent: Interval) -> Interval {
    Interval::or_empty(extent.start() - Span::MICROSECOND, extent.end() + Span::MICROSECOND)
}

impl Api {
    async fn outage_named(&self, id: &str) -> Result<Outage, Fault> {
        let missing = || {
            Fault::not_found(format!(
                "outage `{id}` (one that was corrected may go by another id now, or be none: GET /api/v1/corrections)"
            ))
        };
        self.store().outage(OutageId::parse(id).ok_or_else(missing)?).await?.ok_or_else(missing)
    }

    async fn correction_named(&self, id: &str) -> Result<Correction, Fault> {
        let missing = || Fault::not_found(format!("correction `{id}`"));
        self.store().correction(CorrectionId::parse(id).ok_or_else(missing)?).await?.ok_or_else(missing)
    }

    /// Outages, each with the newest correction that has to do with it.
    async fn with_corrections(&self, outages: &[Outage]) -> Result<Vec<v1::Outage>, Fault> {
        let Some(start) = outages.iter().map(|outage| outage.from).min() else { return Ok(Vec::new()) };
        let end = outages.iter().map(|outage| outage.to.unwrap_or(Timestamp::MAX)).max().unwrap_or(Timestamp::MAX);
        let over = with_its_edges(Interval::or_empty(start, end));
        let mut services: Vec<CiId> = outages.iter().map(|outage| outage.service.clone()).collect();
        services.sort();
        services.dedup();
        let said = self.store().corrections_overlapping(&services, over).await?;
        Ok(outages.iter().map(|outage| v1::Outage::corrected(outage, &said)).collect())
    }

    async fn outages_over(&self, correction: &Correction) -> Result<Vec<Outage>, Fault> {
        let filter = OutageFilter {
            services: vec![correction.service.clone()],
            overlapping: Some(with_its_edges(correction.extent())),
        };
        Ok(self.store().outages(&filter, &PageRequest::first(model::limits::PAGE_ROWS_MAX)).await?.items)
    }

    async fn corrected<R>(&self, by: &By<R>, action: Action) -> Result<OutagesCorrected, Fault> {
        let outcome = self.command(by, action).await?;
        self.shown(&outcome).await
    }

    async fn shown(&self, outcome: &Outcome) -> Result<OutagesCorrected, Fault> {
        let Outcome::Correction(id) = outcome else {
            return Err(Fault::internal("the engine answered a correction with something else"));
        };
        let correction = self.correction_named(&id.to_string()).await?;
        let outages = self.outages_over(&correction).await?;
        let behind = correction.extent().start() < self.now() - LATE_HORIZON;
        let note = "what lies more than 7 days back is computed anew from the store within moments: ask again";
        Ok(OutagesCorrected {
            outages: self.with_corrections(&outages).await?,
            correction: v1::Correction::from_model(&correction),
            notes: behind.then(|| note.to_owned()).into_iter().collect(),
        })
    }
}
