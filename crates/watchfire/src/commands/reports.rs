//! `watchfire report`: a question to a store or to a running service, written down as a table, JSON, CSV or
//! a page of HTML.

use anyhow::Context as _;
use clap::ValueEnum as _;
use model::{CiId, Span, Timestamp};
use report::{Answer, Filter, GroupBy, Include, Question, Style, Tabular};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use store::{Store, StoreError};
use wire::v1::{AvailabilityRow, ChangesRow, ContinuityRow, IncidentsRow, NoiseRow, ProblemsRow, SlaRow, SloRow};

use crate::cli::{Connection, Report, ReportFormat, ReportKind};
use crate::client::{Client, Query, of_item};
use crate::console::{Colour, Console};
use crate::moment::Moment;
use crate::outcome::{Outcome, WrongUse};
use crate::place::{self, close};

pub(super) async fn report(args: Report, console: &Console) -> anyhow::Result<Outcome> {
    if !args.include.is_empty() && args.format != ReportFormat::Json {
        return Err(WrongUse("--include is for --format json: the other formats have rows alone".to_owned()).into());
    }
    let written = Written { format: args.format, style: console.table_style() };
    let text = match &args.url {
        Some(_) => of_service(&args, &written).await?,
        None => of_store(&args, &written, console).await?,
    };
    console.result(&text)?;
    Ok(Outcome::Done)
}

async fn of_store(args: &Report, written: &Written, console: &Console) -> anyhow::Result<String> {
    let place = match &args.store {
        Some(place) => place.clone(),
        None => place::DEFAULT.parse().map_err(anyhow::Error::msg)?,
    };
    let store = place.open_read_only().await.map_err(elsewhere)?;
    let clock = store.clock().await?.unwrap_or_else(runtime::clock::wall);
    let text = answered(&store, args, clock, written).await?;
    close(&store).await;
    if args.now.is_none() && written.format == ReportFormat::Table {
        let note = format_args!(
            "as of the last commit in the store, {}; --now takes another moment, and --url asks a running service, \
             whose figures go on to now",
            report::text::instant(clock)
        );
        console.say_with(Colour::Yellow, "note:", note);
    }
    Ok(text)
}

/// Where there is no store, one may be elsewhere, or behind a service.
fn elsewhere(error: StoreError) -> anyhow::Error {
    let is_missing = matches!(error, StoreError::Path { .. } | StoreError::NotFound(_));
    let error = anyhow::Error::from(error);
    match is_missing {
        true => {
            anyhow::anyhow!("{error:#}; name another with --store sqlite://PATH, or ask a running service with --url")
        }
        false => error,
    }
}

async fn answered(store: &Store, args: &Report, clock: Timestamp, written: &Written) -> anyhow::Result<String> {
    let question = question(args, clock);
    Ok(match args.kind {
        ReportKind::Availability => written.down(&report::availability(store, &question).await?),
        ReportKind::Incidents => written.down(&report::incidents(store, &question).await?),
        ReportKind::Slo => written.down(&report::slo(store, &question).await?),
        ReportKind::Sla => written.down(&report::sla(store, &question).await?),
        ReportKind::Continuity => written.down(&report::continuity(store, &question).await?),
        ReportKind::Changes => written.down(&report::changes(store, &question).await?),
        ReportKind::Noise => written.down(&report::noise(store, &question).await?),
        ReportKind::Problems => written.down(&report::problems(store, &question).await?),
    })
}

fn question(args: &Report, clock: Timestamp) -> Question {
    let now = args.now.map_or(clock, |now| now.resolve(runtime::clock::wall()));
    let question = Question {
        services: args.service.iter().map(|id| CiId::from(id.as_str())).collect(),
        filter: Filter {
            teams: args.team.clone(),
            priorities: args.priority.clone(),
            classes: args.class.clone(),
            environments: args.environment.clone(),
            criticalities: args.criticality.clone(),
        },
        group_by: GroupBy::each_once(args.group_by.iter().copied()),
        step: args.step,
        time_zone: args.time_zone.clone(),
        with_service_only: args.with_service_only,
        ..Question::new(args.from.resolve(now), end(args, now), now)
    };
    question.including(&args.include).drawing(drawn(args))
}

/// What a page draws, whether anybody asked for it or not.
fn drawn(args: &Report) -> &'static [Include] {
    let kind = args.kind.to_possible_value().filter(|_| args.format == ReportFormat::Html);
    kind.map_or(&[], |kind| report::html::draws(kind.get_name()))
}

/// A window is half-open, and the store knows everything up to its clock, that instant too: what the last commit ended
/// has ended. A moment that somebody named is taken as it stands.
fn end(args: &Report, now: Timestamp) -> Timestamp {
    let past_the_clock = args.now.is_none() && args.to == Moment::NOW;
    args.to.resolve(now) + if past_the_clock { Span::MICROSECOND } else { Span::ZERO }
}

/// The service computes; what it answers is written down as if it came from a store.
async fn of_service(args: &Report, written: &Written) -> anyhow::Result<String> {
    let client = Client::new(&Connection { url: args.url.clone(), token_file: args.token_file.clone() })?;
    let query = query(args, runtime::clock::wall());
    if query.iter().map(|(_, value)| encoded(value)).sum::<usize>() > QUERY_BYTES_MAX {
        let told = "so many names do not fit into one request: name fewer, or none for all services, or ask the store \
                    with --store";
        return Err(WrongUse(told.to_owned()).into());
    }
    let get = async |name: &str| {
        let answer = client.get(&format!("/api/v1/measures/{name}"), &query).await;
        answer.map_err(of_item)
    };
    match args.kind {
        ReportKind::Availability => written.read::<AvailabilityRow>(get("availability").await?),
        ReportKind::Incidents => written.read::<IncidentsRow>(get("incidents").await?),
        ReportKind::Slo => written.read::<SloRow>(get("slo").await?),
        ReportKind::Sla => written.read::<SlaRow>(get("sla").await?),
        ReportKind::Continuity => written.read::<ContinuityRow>(get("continuity").await?),
        ReportKind::Changes => written.read::<ChangesRow>(get("changes").await?),
        ReportKind::Noise => written.read::<NoiseRow>(get("noise").await?),
        ReportKind::Problems => written.read::<ProblemsRow>(get("problems").await?),
    }
}

/// Servers read no more of a request's address than some 64 KiB.
const QUERY_BYTES_MAX: usize = 60_000;

/// How many bytes a text has in an address.
fn encoded(text: &str) -> usize {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() || b"*-._ ".contains(&byte) { 1 } else { 3 }).sum()
}

fn query(args: &Report, wall: Timestamp) -> Query<'static> {
    let now = args.now.map(|now| now.resolve(wall));
    let seen = now.unwrap_or(wall);
    let mut query: Query<'static> = vec![("from", args.from.resolve(seen).to_string())];
    // Its now is a moment later than ours, and its own default.
    query.extend((args.to != Moment::NOW).then(|| ("to", args.to.resolve(seen).to_string())));
    query.extend(now.map(|now| ("now", now.to_string())));
    let listed = [
        ("service", args.service.clone()),
        ("team", args.team.clone()),
        ("priority", args.priority.iter().map(|one| one.as_str().to_owned()).collect()),
        ("class", args.class.clone()),
        ("environment", args.environment.clone()),
        ("criticality", args.criticality.iter().map(u8::to_string).collect()),
        ("group_by", args.group_by.iter().map(|by| by.as_str().to_owned()).collect()),
        ("include", args.include.iter().chain(drawn(args)).map(|include| include.as_str().to_owned()).collect()),
    ];
    query.extend(listed.into_iter().filter(|(_, of)| !of.is_empty()).map(|(name, of)| (name, of.join(","))));
    query.extend(args.step.map(|step| ("step", step.to_string())));
    query.extend(args.time_zone.clone().map(|zone| ("time_zone", zone)));
    query.extend(args.with_service_only.then(|| ("with_service_only", "true".to_owned())));
    query
}

/// How an answer is to look.
struct Written {
    format: ReportFormat,
    style: Style,
}

impl Written {
    fn read<T: Tabular + Serialize + DeserializeOwned>(&self, answer: Value) -> anyhow::Result<String> {
        let answer: Answer<T> = serde_json::from_value(answer).context("the service answers in another shape")?;
        Ok(self.down(&answer))
    }

    fn down<T: Tabular + Serialize>(&self, answer: &Answer<T>) -> String {
        match self.format {
            ReportFormat::Table => report::table::render(answer, self.style),
            ReportFormat::Json => answer.to_json() + "\n",
            ReportFormat::Csv => report::csv::render(answer),
            ReportFormat::Html => report::html::render(answer),
        }
    }
}
