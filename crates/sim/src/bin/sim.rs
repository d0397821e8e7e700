//! One seed, for people: `sim --seed N [--trace] [--mutant NAME]`.

use std::io::Write;
use std::process::ExitCode;

use sim::{Life, Mutant, live};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((seed, mutant, trace)) = read(&arguments) else {
        say("usage: sim --seed N [--trace] [--mutant NAME]");
        return ExitCode::from(2);
    };
    let life = live(seed, mutant, trace);
    life.trace.lines().iter().for_each(|line| say(line));
    say(&summary(&life));
    if life.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read(arguments: &[String]) -> Option<(u64, Option<Mutant>, bool)> {
    let (mut seed, mut mutant, mut trace) = (None, None, false);
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--seed" => seed = arguments.next()?.parse().ok(),
            "--trace" => trace = true,
            "--mutant" => {
                let name = arguments.next()?;
                mutant = Some(Mutant::ALL.into_iter().find(|mutant| format!("{mutant:?}") == *name)?);
            }
            _ => return None,
        }
    }
    Some((seed?, mutant, trace))
}

fn summary(life: &Life) -> String {
    let mut text =
        format!("seed {}: {} pushes, {} commits, {:?}", life.seed, life.pushes, life.commits, life.sometimes);
    for violation in &life.violations {
        text.push_str("\nVIOLATED ");
        text.push_str(violation);
    }
    text
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // A reader that has gone away wants no more lines.
    drop(writeln!(out, "{line}"));
}
