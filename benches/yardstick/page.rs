//! The figures as tables, and the page that has all of them.

use std::fmt::Write as _;
use std::path::Path;

use model::Span;
use testkit::estate::Plan;

use crate::HELD_OUT;
use crate::judged::{Row, Speed, rows, speed};
use crate::picture;
use crate::recording::Recording;

const SEEDS: u64 = 5;
const ROUNDS: usize = 12;

const BEGINNING: &str = "# How good grouping and causes are

Written by `cargo xtask yardstick`; what the words mean and what was left out stands below the tables.
[Decision 11](decisions/0011-explained-once-and-rare.md) says what was done about the first run of it.
";

const END: &str = "
## What the figures are

- **P, R, F1**: B-cubed precision, recall and their harmonic mean over all events that the truth knows; **ARI**, **AMI**: adjusted Rand index and adjusted mutual information. Noise counts: each alert without a fault is an incident of its own in truth.
- **per true**: incidents found for each true one, noise included. **per fault**: incidents that hold a part of one fault.
- **first, three, MRR**: faults whose cause is named first, among the first three, and the mean reciprocal rank, read from the incident that holds most of the fault's firing events. Simple ways name the alerted items, those that directly depend on the fewest others first.
- **sure**: incidents whose first cause has high confidence, and how many of them name the right one.
- **firings**: firings for each incident. **µs**: of the engine, for each firing, reading its line, all that follows from it and its commit in memory included; machines differ.

The simple ways are those of `watchfire backtest --baseline simple:…`; they are given the same alerts and the same bindings.
Estates are those of `testkit::estate`: rounds of three faults within ten minutes, hours apart; a fifth of what fires is noise around them; one item in ten is watched by nobody, eight alerts in a hundred are lost, five in a hundred go off and on, two in a hundred name no known item; clocks are off by up to five seconds.
They are made up: what they say of two ways beside each other is worth more than what they say of one.
";

pub(crate) async fn write(page: &Path, recordings: Option<&Path>) -> anyhow::Result<()> {
    let mut text = BEGINNING.to_owned();
    let estates = [
        ("Estates of 1 000 items", Plan::new(0, 1_000, ROUNDS)),
        (
            "Estates of 1 000 items, a tenth of the edges missing or wrong",
            Plan { edges_wrong: 0.1, ..Plan::new(0, 1_000, ROUNDS) },
        ),
        ("Estates of 10 000 items", Plan::new(0, 10_000, ROUNDS)),
    ];
    for (name, plan) in estates {
        let seeds = HELD_OUT..HELD_OUT + SEEDS;
        let recordings: Vec<Recording> = seeds.map(|seed| Recording::generated(&Plan { seed, ..plan })).collect();
        let rows = section(&mut text, name, &recordings).await?;
        if plan.edges_wrong == 0.0 && plan.items == 1_000 {
            std::fs::write(page.with_extension("svg"), picture::bars(name, &rows))?;
            let file = page.with_extension("svg");
            let file = file.file_name().unwrap_or_default().to_string_lossy();
            write!(text, "\n![{name}: grouping and causes of each way]({file})\n")?;
        }
    }
    let recordings = Recording::all(recordings)?;
    if recordings.is_empty() {
        println!("SKIPPED: recordings of real faults; WATCHFIRE_RECORDINGS names no folder of them");
        text.push_str("\nRecordings of real faults were not at hand when this was written.\n");
    }
    for recording in recordings {
        section(&mut text, &format!("Recording {}", recording.name.clone()), &[recording]).await?;
    }
    days(&mut text).await?;
    text.push_str(END);
    std::fs::write(page, text)?;
    println!("written: {}", page.display());
    Ok(())
}

async fn section(text: &mut String, name: &str, recordings: &[Recording]) -> anyhow::Result<Vec<Row>> {
    println!("{name} …");
    let rows = rows(recordings).await?;
    let table = table(&rows);
    println!("{table}");
    write!(text, "\n## {name}\n\n{table}")?;
    Ok(rows)
}

/// A day each: four rounds of three faults, what fires said again every minute, and warnings that stand all day.
async fn days(text: &mut String) -> anyhow::Result<()> {
    text.push_str(
        "\n## How fast a day is played\n\n| items | warnings that stand | events | of them new, over, or otherwise changed | seconds | events/s | µs a change |\n|---|---|---|---|---|---|---|\n",
    );
    for (items, standing) in [(1_000, 0.05), (10_000, 0.05), (100_000, 0.005)] {
        println!("a day of {items} items …");
        let minute = Some(Span::MINUTE);
        let plan = Plan { standing, again_every: minute, ..Plan::new(HELD_OUT, items, 4) };
        let Speed { events, changes, took, .. } = speed(&Recording::generated(&plan)).await?;
        let seconds = took.as_secs_f64();
        let warnings = (items as f64 * standing) as usize;
        writeln!(
            text,
            "| {items} | {warnings} | {events} | {changes} | {seconds:.1} | {:.0} | {:.0} |",
            events as f64 / seconds,
            seconds * 1e6 / changes.max(1) as f64
        )?;
    }
    text.push_str(
        "\nThe recording is read, decoded, decided and committed in memory; decoding runs on a thread of its own. A change is what costs: the last column counts all the time for the changes alone.\n",
    );
    Ok(())
}

pub(crate) fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| | P | R | F1 | ARI | AMI | per true | per fault | first | three | MRR | sure | firings | µs |\n\
         |---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    rows.iter().for_each(|row| text.push_str(&line(row)));
    text
}

fn line(row: &Row) -> String {
    let (sure, right) = row
        .scores
        .iter()
        .fold((0, 0), |(sure, right), (_, causes)| (sure + causes.sure, right + causes.sure_and_right));
    let sure = if sure > 0 { format!("{right} of {sure}") } else { "–".to_owned() };
    let compression = row.compression.iter().sum::<f64>() / row.compression.len().max(1) as f64;
    let micros: Vec<f64> = row.per_firing.iter().map(|took| took.as_secs_f64() * 1e6).collect();
    let micros = match micros.len() {
        0 => "–".to_owned(),
        count => format!("{:.0}", micros.iter().sum::<f64>() / count as f64),
    };
    format!(
        "| {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {sure} | {compression:.1} | {micros} |\n",
        row.way,
        row.mean(|(grouping, _)| grouping.b_cubed_precision),
        row.mean(|(grouping, _)| grouping.b_cubed_recall),
        row.mean(|(grouping, _)| grouping.b_cubed_f1),
        row.mean(|(grouping, _)| grouping.adjusted_rand),
        row.mean(|(grouping, _)| grouping.adjusted_mutual_information),
        row.mean(|(grouping, _)| grouping.incidents_per_true),
        row.mean(|(_, causes)| causes.incidents_per_fault),
        row.mean(|(_, causes)| causes.top_1),
        row.mean(|(_, causes)| causes.top_3),
        row.mean(|(_, causes)| causes.mean_reciprocal_rank),
    )
}
