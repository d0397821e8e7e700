//! Measures: the reports, asked over HTTP. docs/contract.md section 8.

pub(crate) mod written;

use std::future::Future;

use axum::extract::State;
use axum::http::HeaderMap;
use model::incident::Priority;
use model::{CiId, Span, Timestamp};
use report::{Filter, GroupBy, Include, Question, ReportError, Step};
use tokio::runtime::Handle;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wire::v1;

use crate::Api;
use crate::asked::Asked;
use crate::auth::{By, Viewer};
use crate::fault::Fault;
use written::{Format, Written};

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(availability))
        .routes(routes!(incidents))
        .routes(routes!(slo))
        .routes(routes!(sla))
        .routes(routes!(continuity))
        .routes(routes!(noise))
        .routes(routes!(problems))
        .routes(routes!(changes))
        .routes(routes!(week))
}

const KNOWN: [&str; 15] = [
    "from",
    "to",
    "now",
    "service",
    "team",
    "priority",
    "class",
    "environment",
    "criticality",
    "group_by",
    "step",
    "time_zone",
    "with_service_only",
    "include",
    "format",
];
const FROM_UNLESS_SAID: Span = Span::from_days(30);

macro_rules! measures {
    ($($(#[$doc:meta])* $name:ident at $path:literal gives $row:ident;)*) => {$(
        $(#[$doc])*
        #[utoipa::path(get, path = $path, tag = "measures",
            params(
                ("from" = Option<String>, Query, description = "-30d unless said"),
                ("to" = Option<String>, Query, description = "now unless said"),
                ("now" = Option<String>, Query, description = "as seen at this instant, which is past"),
                ("service" = Option<String>, Query, description = "any items; all services unless said"),
                ("team" = Option<String>, Query, description = "of services that they own, or of incidents that they have"),
                ("priority" = Option<String>, Query, description = "of incidents: P1 to P5"),
                ("class" = Option<String>, Query, description = "of services, or of what alerts in incidents"),
                ("environment" = Option<String>, Query, description = "the same"),
                ("criticality" = Option<String>, Query, description = "the same: 1, the most critical, to 4"),
                ("group_by" = Option<String>, Query, description = "service, class, source, priority, team, cause, \
                    day, week, month, quarter"),
                ("step" = Option<String>, Query, description = "day, week, month, quarter, or a length of \
                    time such as 6h, counted from 1970"),
                ("time_zone" = Option<String>, Query, description = "whose days and months; UTC unless said"),
                ("with_service_only" = Option<bool>, Query, description = "incidents with an affected service"),
                ("include" = Option<String>, Query, description = "intervals: what each figure came from; burn_down: of slo, how each \
                    budget was used over its window, by `step` (a day unless said); burn_down_worst: those of which most is used"),
                ("format" = Option<String>, Query, description = "json, csv, or html: a page that stands alone; as \
                    `Accept` says (application/json, text/csv, text/html) unless said"),
            ),
            responses((status = 200, description = "and beside it `now` and `definitions`; a row of a period has its `from` \
                and `to`; also as CSV, and as a page",
                content(
                    (v1::Report<v1::$row> = "application/json"),
                    (String = "text/csv"),
                    (String = "text/html"),
                ))))]
        async fn $name(
            _: By<Viewer>,
            State(api): State<Api>,
            headers: HeaderMap,
            asked: Asked,
        ) -> Result<Written, Fault> {
            let format = Format::of(&asked, &headers)?;
            let drawn = if format == Format::Html { report::html::draws(stringify!($name)) } else { &[] };
            let question = question(&api, &asked, drawn)?;
            let store = api.store().clone();
            aside(&api, async move {
                let answer = report::$name(&store, &question).await;
                move || format.write(stringify!($name), &answer.map_err(Fault::from)?)
            }).await
        }
    )*

        /// The same as typed answers, for pages.
        pub(crate) mod answers {
            use super::*;

            $(
                pub(crate) async fn $name(
                    _: By<Viewer>,
                    State(api): State<Api>,
                    asked: Asked,
                ) -> Result<report::Answer<v1::$row>, Fault> {
                    let question = question(&api, &asked, &[])?;
                    let store = api.store().clone();
                    aside(&api, async move {
                        let answer = report::$name(&store, &question).await;
                        move || answer.map_err(Fault::from)
                    }).await
                }
            )*
        }
    };
}

measures! {
    /// Availability of services.
    availability at "/api/v1/measures/availability" gives AvailabilityRow;
    /// How many incidents there were, and how long they took: MTTD, MTTA, MTTR.
    incidents at "/api/v1/measures/incidents" gives IncidentsRow;
    /// Error budgets and burn rates.
    slo at "/api/v1/measures/slo" gives SloRow;
    /// How many incidents met each target of each agreement.
    sla at "/api/v1/measures/sla" gives SlaRow;
    /// Recoveries against RTO, recovery points against RPO, gaps, exercises.
    continuity at "/api/v1/measures/continuity" gives ContinuityRow;
    /// How much was told, and what kept the rest from people.
    noise at "/api/v1/measures/noise" gives NoiseRow;
    /// What each problem cost, the dearest first.
    problems at "/api/v1/measures/problems" gives ProblemsRow;
    /// When in the week services are down: outages and time down by weekday and hour.
    week at "/api/v1/measures/week" gives WeekRow;
    /// How many changes were finished, and the share of them that failed.
    changes at "/api/v1/measures/changes" gives ChangesRow;
}

/// Availability of some services day by day of UTC, the last day being today, for pages.
pub(crate) async fn by_day(
    api: &Api,
    services: Vec<CiId>,
    days: i64,
) -> Result<report::Answer<v1::AvailabilityRow>, Fault> {
    let now = api.now();
    let from = now.floor(Span::DAY) - Span::from_days(days - 1);
    let question = Question { services, step: Step::from_word("day"), ..Question::new(from, now, now) };
    let store = api.store().clone();
    computed(api, async move { report::availability(&store, &question).await }).await
}

/// Availability of one service over the last 30 days.
pub(crate) async fn availability_of(api: &Api, service: CiId) -> Result<Option<v1::AvailabilityRow>, Fault> {
    let now = api.now();
    let question = Question { services: vec![service], ..Question::new(now - FROM_UNLESS_SAID, now, now) };
    let store = api.store().clone();
    let answer = computed(api, async move { report::availability(&store, &question).await }).await?;
    Ok(answer.rows().next().cloned())
}

/// How the objective of one service stands, and how its budget was used; `None` where it has none.
pub(crate) async fn objective_of(api: &Api, service: CiId) -> Result<Option<v1::SloRow>, Fault> {
    let now = api.now();
    let question = Question { services: vec![service], ..Question::new(now - FROM_UNLESS_SAID, now, now) };
    let question = question.including(&[Include::BurnDown]);
    let store = api.store().clone();
    let answer = computed(api, async move { report::slo(&store, &question).await }).await?;
    Ok(answer.rows().next().cloned())
}

/// How recoveries, recovery points and exercises of one service stand against what was promised, over the last year;
/// `None` where nothing was.
pub(crate) async fn continuity_of(api: &Api, service: CiId) -> Result<Option<v1::ContinuityRow>, Fault> {
    const YEAR: Span = Span::from_days(365);
    let now = api.now();
    let question = Question { services: vec![service], ..Question::new(now - YEAR, now, now) };
    let store = api.store().clone();
    let answer = computed(api, async move { report::continuity(&store, &question).await }).await?;
    Ok(answer.rows().next().cloned())
}

/// As [`aside`], for who goes on with the figures.
async fn computed<T: Send + 'static>(
    api: &Api,
    report: impl Future<Output = Result<report::Answer<T>, ReportError>> + Send + 'static,
) -> Result<report::Answer<T>, Fault> {
    let here = Handle::current();
    let turn = api.turns().next().await?;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        Ok(here.block_on(report)?)
    });
    work.await.map_err(|error| Fault::internal(format!("the report was not computed: {error}")))?
}

/// A report may compute for seconds, and its answer be long: when it is its turn, on a thread where nobody waits behind it.
async fn aside<T: Send + 'static, W: FnOnce() -> Result<T, Fault>>(
    api: &Api,
    report: impl Future<Output = W> + Send + 'static,
) -> Result<T, Fault> {
    let here = Handle::current();
    let turn = api.turns().next().await?;
    let work = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        here.block_on(report)()
    });
    work.await.map_err(|error| Fault::internal(format!("the report was not computed: {error}")))?
}

/// With what is `drawn` whether anybody asks for it or not.
fn question(api: &Api, asked: &Asked, drawn: &[Include]) -> Result<Question, Fault> {
    asked.only(&KNOWN)?;
    let now = as_seen_at(api.now(), asked)?;
    let to = asked.instant("to", now)?.unwrap_or(now);
    let from = asked.instant("from", now)?.unwrap_or(now - FROM_UNLESS_SAID);
    let steps = asked.words("step", Step::from_word, &["day, week, month, quarter or a length such as 6h"])?;
    if steps.iter().any(|step| Some(step) != steps.first()) {
        return Err(Fault::bad("`step` is named several times, and a report is cut into one kind of period: name one"));
    }
    let include = asked.words("include", Include::from_word, &Include::ALL.map(Include::as_str))?;
    let question = Question {
        services: asked.many("service").map(CiId::new).collect(),
        filter: filter(asked)?,
        group_by: GroupBy::each_once(asked.words(
            "group_by",
            GroupBy::from_word,
            &GroupBy::ALL.map(GroupBy::as_str),
        )?),
        step: steps.first().copied(),
        time_zone: asked.one("time_zone").map(str::to_owned),
        with_service_only: asked.flag("with_service_only")?.unwrap_or(false),
        ..Question::new(from, to, now)
    };
    Ok(question.including(&include).drawing(drawn))
}

/// What is still to come nobody has seen.
fn as_seen_at(wall: Timestamp, asked: &Asked) -> Result<Timestamp, Fault> {
    match asked.instant("now", wall)? {
        Some(now) if now > wall => Err(Fault::bad(format!(
            "`now` is {now}, and it is only {wall}: name an instant that is past, or leave it out"
        ))),
        said => Ok(said.unwrap_or(wall)),
    }
}

fn filter(asked: &Asked) -> Result<Filter, Fault> {
    let texts = |name| asked.many(name).map(str::to_owned).collect();
    let criticality = |word: &str| word.parse().ok().filter(|said| (1..=4).contains(said));
    Ok(Filter {
        teams: texts("team"),
        priorities: asked.words("priority", Priority::from_word, &Priority::ALL.map(Priority::as_str))?,
        classes: texts("class"),
        environments: texts("environment"),
        criticalities: asked.words("criticality", criticality, &["1", "2", "3", "4"])?,
    })
}
