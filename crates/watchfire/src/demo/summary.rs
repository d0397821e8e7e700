//! What the demo says at its end.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use model::incident::{Confidence, Priority};
use model::text::{counted, cut};
use model::{Incident, Interval, Timestamp};
use report::Question;
use store::{EpisodeRecord, Store};

use super::live::Sent;
use super::said::Said;
use super::truth::{Accounts, Score};
use crate::console::{Colour, Console};

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
        let fewer = 100.0 - 100.0 * incidents as f64 / firings.max(1) as f64;
        writeln!(text, "\n{}", console.painted(Colour::Bold, "The day in figures"))?;
        writeln!(
            text,
            "  {} in, {}, {} ({fewer:.0} % fewer than alerts that fired)",
            counted(self.sent.events, "event"),
            counted(alerts.len(), "alert"),
            counted(incidents, "incident")
        )?;
        writeln!(text, "  one page per alert would have sent {firings}; people were told {} times", self.told)?;
        Ok(())
    }

    fn live(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.iter().filter(|incident| incident.merged_into.is_none())
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
                cut(&incident.title, 110)
            )?;
            for line in remarks(incident) {
                writeln!(text, "        {line}")?;
            }
        }
        writeln!(text, "  … and {} of P5, which nobody was told of", counted(mild.len(), "incident"))?;
        Ok(())
    }

    async fn availability(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let question = Question::new(self.window.start(), self.window.end(), self.window.end());
        let answer = report::availability(self.store, &question).await?;
        writeln!(text, "\n{}", console.painted(Colour::Bold, "Availability of the day, by service"))?;
        for line in report::table::render(&answer, report::table::Style { colour: console.colour }).lines() {
            writeln!(text, "  {line}")?;
        }
        Ok(())
    }

    fn score(&self, text: &mut String, console: &Console) -> anyhow::Result<()> {
        let Score { grouping, causes } = self.score;
        writeln!(text, "\n{}", console.painted(Colour::Bold, "Against the known truth"))?;
        writeln!(
            text,
            "  grouping: B-cubed F1 {:.3} (precision {:.3}, recall {:.3}), {:.2} incidents per true one",
            grouping.b_cubed_f1, grouping.b_cubed_precision, grouping.b_cubed_recall, grouping.incidents_per_true
        )?;
        writeln!(
            text,
            "  cause: right first in {:.0} %, among the first three in {:.0} % of {}",
            causes.top_1 * 100.0,
            causes.top_3 * 100.0,
            counted(causes.incidents, "fault")
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
        writeln!(text, "  {:.0} blind minutes, in which a silent source could have said anything", blind / 60.0)?;
        if !silent.is_empty() {
            writeln!(text, "  silent to the end: {}", silent.join(", "))?;
        }
        Ok(())
    }
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

fn remarks(incident: &Incident) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(cause) = incident.causes.first() {
        remarks.push(format!(
            "cause {} ({} confidence, {:.2})",
            cause.ci,
            cause.confidence.as_str(),
            f64::from(cause.score) / 1000.0
        ));
    }
    if let Some(change) = incident.changes.first() {
        remarks.push(format!("suspect change {}: {}, {} before", change.reference, change.summary, change.before));
    }
    if let Some(problem) = &incident.problem {
        let workaround = incident.workaround.as_deref().map(|text| format!("; workaround offered: {text}"));
        remarks.push(format!("part of a problem ({problem}){}", workaround.unwrap_or_default()));
    }
    if incident.stale {
        remarks.push("its source is silent: no all-clear can be trusted".to_owned());
    }
    if incident.by_hand {
        remarks.push("opened by a person, before monitoring noticed".to_owned());
    }
    remarks
}
