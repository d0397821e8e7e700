//! `watchfire report`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use model::incident::Priority;
use report::{GroupBy, Include, Step};

use crate::moment::Moment;
use crate::place::StorePlace;

/// Availability, incidents, objectives, agreements and continuity, as figures.
///
/// From a store, also beside the service that writes it, or from a running service. Instants are RFC 3339, a date, or
/// relative to now (`-7d`); of a store, now is the engine's clock as committed last.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  watchfire report availability --from -30d\n  \
                        watchfire report incidents --group-by service,month --format csv > incidents.csv\n  \
                        watchfire report availability --from -90d --format html > availability.html\n  \
                        watchfire report slo --service checkout --url http://127.0.0.1:8080 --format json\n\n\
                        Headings of tables are short:\n  \
                        avail.    agreed time less downtime, as a share of agreed time\n  \
                        down      agreed time in which it was down; degr. degraded, and not down\n  \
                        mean      the mean outage; mtbf the mean time between failures\n  \
                        coverage  the share of what it requires of which any source ever spoke\n  \
                        blind     agreed time in which a source that covers it was silent\n  \
                        felt      availability round the clock, maintenance counted as down\n\
                        JSON and HTML say beside the rows what every figure means.")]
pub(crate) struct Report {
    #[arg(value_enum, value_name = "REPORT")]
    pub(crate) kind: ReportKind,
    /// Where the report begins
    #[arg(long, value_name = "INSTANT", default_value = "-30d", allow_hyphen_values = true)]
    pub(crate) from: Moment,
    /// Where it ends; the instant itself does not count
    #[arg(long, value_name = "INSTANT", default_value = "now", allow_hyphen_values = true)]
    pub(crate) to: Moment,
    /// Only these items; may be any, not only services
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub(crate) service: Vec<String>,
    /// What a row is of: service, class, source, priority, team, cause, day, week, month, quarter
    #[arg(long, value_name = "WORD", value_delimiter = ',', value_parser = group_by)]
    pub(crate) group_by: Vec<GroupBy>,
    /// Cut into periods: day, week, month, quarter, or a length of time such as 6h, counted from 1970
    #[arg(long, value_name = "STEP", value_parser = step)]
    pub(crate) step: Option<Step>,
    /// Only services of these teams, or incidents that they have
    #[arg(long, value_name = "TEAM", value_delimiter = ',')]
    pub(crate) team: Vec<String>,
    /// Only incidents of these priorities
    #[arg(long, value_name = "P1", value_delimiter = ',', value_parser = priority)]
    pub(crate) priority: Vec<Priority>,
    /// Only services of these classes, or incidents in which such items alert
    #[arg(long, value_name = "CLASS", value_delimiter = ',')]
    pub(crate) class: Vec<String>,
    /// The same of environments
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) environment: Vec<String>,
    /// The same of criticalities: 1, the most critical, to 4
    #[arg(long, value_name = "1", value_delimiter = ',', value_parser = clap::value_parser!(u8).range(1..=4))]
    pub(crate) criticality: Vec<u8>,
    /// With --format json: intervals (what each figure came from), burn_down (of slo, how each budget was used over its
    /// window, by --step), burn_down_worst (of those of which most is used)
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = include)]
    pub(crate) include: Vec<Include>,
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(crate) format: ReportFormat,
    /// As seen at this instant; of a service one that is past
    #[arg(long, value_name = "INSTANT", allow_hyphen_values = true)]
    pub(crate) now: Option<Moment>,
    /// The zone whose days, weeks, months and quarters are meant; UTC unless said
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
    /// Count only incidents that affected a service
    #[arg(long)]
    pub(crate) with_service_only: bool,
    /// Read this store; sqlite://watchfire-data/watchfire.db unless said
    #[arg(long, value_name = "URL", conflicts_with = "url")]
    pub(crate) store: Option<StorePlace>,
    /// Ask this running service
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// A file with the token to show to the service; unless said WATCHFIRE_TOKEN_FILE, or the token in WATCHFIRE_TOKEN
    #[arg(long, value_name = "FILE", requires = "url")]
    pub(crate) token_file: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportKind {
    Availability,
    Incidents,
    Slo,
    /// How many incidents met each target of each agreement
    Sla,
    Continuity,
    /// How many changes were finished, and the share of them that failed
    Changes,
    /// How many events stood behind an incident
    Noise,
    /// What each problem cost, the dearest first
    Problems,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Table,
    Json,
    Csv,
    /// One file with its charts in it, to read in a browser, to mail and to print
    Html,
}

fn include(word: &str) -> Result<Include, String> {
    Include::from_word(word).ok_or_else(|| {
        let known = Include::ALL.map(Include::as_str);
        format!("what can be included is {}", known.join(", "))
    })
}

fn step(word: &str) -> Result<Step, String> {
    Step::from_word(word)
        .ok_or_else(|| "a step is day, week, month, quarter, or a length of time such as 6h".to_owned())
}

fn priority(word: &str) -> Result<Priority, String> {
    Priority::from_word(word).ok_or_else(|| "priorities are P1 to P5".to_owned())
}

fn group_by(word: &str) -> Result<GroupBy, String> {
    GroupBy::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = GroupBy::ALL.into_iter().map(GroupBy::as_str).collect();
        format!("rows are of {}", known.join(", "))
    })
}
