//! What the demo says at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use model::incident::{Cause, Confidence, Priority};
use model::text::{counted, cut};
use model::{Incident, Interval, ProblemId, Timestamp};
use report::{Grid, Question, Style};
use store::{EpisodeRecord, Store};

use super::live::Sent;
use super::said::Said;
use super::truth::{Accounts, Score};
use crate::console::{Colour, Console};

/// With what stands before it, a line fits a terminal of 120 columns.
const TITLE_CHARS: usize = 98;
const INDENT: &str = "  ";

/// Everything the summary needs, read once.
pub(crate) struct Day<'a> {
    pub(crate) store: &'a Store,
    pub(crate) script: &'a [Said],
    pub(crate) episodes: &'a [Option<EpisodeRecord>],
    pub(crate) incidents: &'a [Incident],
    pub(crate) sent: &'a Sent,
    pub(crate) score: &'a Score,
    pub(crate) accounts: Option<Accounts>,
    pub(crate) told: u64,
    /// What people call them.
    pub(crate) problems: &'a BTreeMap<ProblemId, String>,
    pub(crate) window: Interval,
    pub(crate) url: &'a str,
}

impl Day<'_> {
    pub(crate) async fn text(&self, console: &Console) -> anyhow::Result<String> {
        let mut text = String::new();
        self.figures(&mut text, console)?;
        self.incidents(&mut text, console)?;
        self.availability(&mut text, console).await?;
        self.score(&mut text, console)?;
        self.unknowns(&mut text, console).await?;
        if let Some(accounts) = self.accounts {
            let word = if accounts.lost + accounts.doubled == 0 { Colour::Green } else { Colour::Red };
            let line = format!("lost {}, doubled {}", accounts.lost, accounts.doubled);
            writeln!(text, "\n{}", console.painted(Colour::Bold, "Killed with -9 at the peak of the storm"))?;
            writeln!(
                text,
                "  {} (what was not acknowledged, its senders sent again: {})",
                console.painted(word, &line),
                counted(self.sent.tried_again, "time")
            )?;
        }
        writeln!(text, "\n  The service was at {} (API, /metrics, /openapi.json).", self.url)?;
        Ok(text)
    }

    fn figures(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let firings = self.script.iter().filter(|said| said.event["status"] == "firing").count();
        let alerts: BTreeSet<_> = self.episodes.iter().flatten().map(|episode| episode.alert).collect();
        let incidents = self.live().count();
        let grave = self.live().filter(|incident| is_grave(incident)).count();
        writeln!(text, "\n{}", console.painted(Colour::Bold, "The day in figures"))?;
        writeln!(
            text,
            "  {} came in: {} fired {firings} times",
            counted(self.sent.events, "event"),
            counted(alerts.len(), "alert"),
        )?;
        writeln!(
            text,
            "  they became {}, {grave} of them grave enough to tell people of (P1 to P4)",
            counted(incidents, "incident")
        )?;
        writeln!(text, "  people were told {} times; a page for each firing would have been {firings}", self.told)?;
        Ok(())
    }

    fn live(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().filter(|incident| incident.merged_into.is_none() && !incident.storm)
    }

    fn incidents(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let (grave, mild): (Vec<&Incident>, Vec<&Incident>) = self.live().partition(|incident| is_grave(incident));
        writeln!(text, "\n{}", console.painted(Colour::Bold, "Incidents"))?;
        for incident in grave {
            let priority = console.painted(colour_of(incident), incident.priority.as_str());
            writeln!(
                text,
                "  {} {priority} {} {}",
                clock(incident.opened_at),
                incident.label(),
                cut(&incident.title, TITLE_CHARS)
            )?;
            for line in self.remarks(incident) {
                writeln!(text, "           {line}")?;
            }
        }
        writeln!(text, "  … and {} of P5, which nobody was told of", counted(mild.len(), "incident"))?;
        Ok(())
    }

    fn remarks(&self, incident: &Incident) -> Vec<String> {
        let mut remarks: Vec<String> = incident.causes.first().map(cause).into_iter().collect();
        if let Some(change) = incident.changes.first() {
            let before = report::text::duration(change.before.seconds_f64());
            remarks.push(format!("suspect change {}: {}, {before} before", change.reference, change.summary));
        }
        if let Some(problem) = &incident.problem {
            let workaround = incident.workaround.as_deref().map(|text| format!("; workaround offered: {text}"));
            let label = self.problems.get(problem).cloned().unwrap_or_else(|| problem.to_string());
            remarks.push(format!("part of problem {label}{}", workaround.unwrap_or_default()));
        }
        if incident.stale {
            remarks.push("its source is silent: no all-clear can be trusted".to_owned());
        }
        if incident.by_hand {
            remarks.push("opened by a person, before monitoring noticed".to_owned());
        }
        remarks
    }

    async fn availability(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let question = Question::new(self.window.start(), self.window.end(), self.window.end());
        let answer = report::availability(self.store, &question).await?;
        writeln!(text, "\n{}", console.painted(Colour::Bold, "Availability of the day, by service"))?;
        let indented = console.table_style();
        let style = Style { width: indented.width.map(|width| width.saturating_sub(INDENT.len())), ..indented };
        for line in report::table::rows(&narrow(answer.grid()), style).lines() {
            writeln!(text, "{INDENT}{line}")?;
        }
        Ok(())
    }

    fn score(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let Score { grouping, causes } = self.score;
        writeln!(text, "\n{}", console.painted(Colour::Bold, "Against the known truth"))?;
        writeln!(text, "  which alerts belong together: {grouping}")?;
        writeln!(
            text,
            "  what caused it: of {}, the true cause stood first in {}, among the first three in {}",
            counted(causes.incidents, "fault"),
            share_of(causes.top_1, causes.incidents),
            share_of(causes.top_3, causes.incidents)
        )?;
        Ok(())
    }

    /// How long any source was silent: until it came back, or to the end.
    async fn blind_seconds(&self) -> anyhow::Result<f64> {
        let gaps = self.store.source_gaps(self.window).await?.into_iter().map(|gap| gap.interval);
        let sources = self.store.sources().await?;
        let still = sources
            .iter()
            .filter_map(|source| source.silent_since)
            .map(|since| Interval::or_empty(since, self.window.end()));
        let within = gaps.chain(still).filter_map(|gap| gap.intersect(self.window));
        Ok(within.map(|gap| gap.length().seconds_f64()).fold(0.0, |sum, seconds| sum + seconds))
    }

    async fn unknowns(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let without_item = self.episodes.iter().flatten().filter(|episode| episode.ci.is_none());
        let unbound: BTreeSet<_> = without_item.map(|episode| episode.alert).collect();
        let blind = self.blind_seconds().await?;
        let sources = self.store.sources().await?;
        let silent: Vec<&str> =
            sources.iter().filter(|source| source.silent_since.is_some()).map(|source| source.name.as_str()).collect();
        let unclear = self
            .live()
            .filter(|incident| {
                is_grave(incident) && incident.causes.first().is_none_or(|cause| cause.confidence == Confidence::Low)
            })
            .count();
        writeln!(text, "\n{}", console.painted(Colour::Bold, "What it does not know"))?;
        writeln!(
            text,
            "  {} bound to no item (GET /api/v1/cmdb/health says which names to accept)",
            counted(unbound.len(), "alert")
        )?;
        writeln!(text, "  {} whose cause it calls unclear", counted(unclear, "incident"))?;
        writeln!(
            text,
            "  {} in which a source was silent, and could have said anything",
            report::text::duration(blind.round())
        )?;
        if !silent.is_empty() {
            writeln!(text, "  silent to the end: {}", silent.join(", "))?;
        }
        Ok(())
    }
}

/// What fits a terminal of 120 columns.
fn narrow(mut grid: Grid) -> Grid {
    const LEFT_OUT: [&str; 3] = ["agreed_seconds", "mean_outage_seconds", "mtbf_seconds"];
    for column in grid.columns.iter_mut().filter(|column| LEFT_OUT.contains(&column.name)) {
        column.detail = true;
    }
    grid
}

/// How many they are, of so many.
fn share_of(share: f64, all: usize) -> String {
    format!("{:.0} ({:.0} %)", share * all as f64, share * 100.0)
}

fn is_grave(incident: &Incident) -> bool {
    incident.priority != Priority::P5
}

fn colour_of(incident: &Incident) -> Colour {
    use model::incident::Priority::{P1, P2};
    match incident.priority {
        P1 => Colour::Red,
        P2 => Colour::Yellow,
        _ => Colour::Bold,
    }
}

fn clock(at: Timestamp) -> String {
    at.to_string().chars().skip(11).take(5).collect()
}

fn cause(cause: &Cause) -> String {
    let word = if cause.confidence == Confidence::Low { "at best a guess:" } else { "cause" };
    let score = f64::from(cause.score) / 1000.0;
    format!("{word} {} ({} confidence, {score:.2})", cause.ci, cause.confidence.as_str())
}
