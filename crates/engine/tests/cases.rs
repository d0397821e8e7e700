//! Every file in `cases/`: a topology, a policy, a time line, and what must come of it.
//!
//! `UPDATE_EXPECT=1` rewrites what is expected; read the difference against docs/measures.md before keeping it.

use std::path::{Path, PathBuf};

use engine::Input;
use model::command::Outcome;
use model::step::Answer;
use testkit::shown;

use crate::policy::policy;
use crate::report::{code, ending};
use crate::script::{Line, What, line};
use crate::world::World;

#[test]
fn every_case_comes_out_as_it_says() {
    let mut wrong = Vec::new();
    for path in files() {
        let text = std::fs::read_to_string(&path).expect("a case reads");
        let name = path.file_stem().expect("a case has a name").to_string_lossy().into_owned();
        let found = std::panic::catch_unwind(|| play(&Case::read(&text)));
        let Ok(found) = found else {
            wrong.push(format!("{name}: it panicked, see above"));
            continue;
        };
        let case = Case::read(&text);
        if found == case.expect {
            continue;
        }
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, case.with(&found)).expect("a case can be written");
        } else {
            wrong.push(format!("{name}:\n{}", difference(&case.expect, &found)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = std::fs::read_dir(folder).expect("the cases are there");
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry reads").path()).collect();
    files.retain(|path| path.extension().is_some_and(|kind| kind == "case"));
    files.sort();
    assert!(!files.is_empty(), "there are no cases");
    files
}

#[derive(Debug, Default)]
struct Case {
    /// Everything before `expect`, as it stands.
    head: String,
    topology: String,
    policy: String,
    timeline: Vec<String>,
    expect: Vec<String>,
}

impl Case {
    fn read(text: &str) -> Case {
        let mut case = Case::default();
        let mut section = "";
        for line in text.lines() {
            let heading = !line.starts_with([' ', '#']) && !line.is_empty();
            if heading {
                section = line;
            }
            if section != "expect" {
                case.head.push_str(line);
                case.head.push('\n');
            }
            let said = line.split(" # ").next().unwrap_or_default().trim_end();
            if heading || said.trim().is_empty() || said.trim_start().starts_with('#') {
                continue;
            }
            match section {
                "topology" => case.topology.extend([said, "\n"]),
                "policy" => case.policy.extend([said, "\n"]),
                "timeline" => case.timeline.push(said.trim().to_owned()),
                "expect" => case.expect.push(line.strip_prefix("  ").unwrap_or(line).trim_end().to_owned()),
                other => panic!("`{other}` is no part of a case: topology, policy, timeline, expect"),
            }
        }
        case
    }

    fn with(&self, found: &[String]) -> String {
        let lines: String = found.iter().map(|line| format!("  {line}\n")).collect();
        format!("{}expect\n{lines}", self.head)
    }
}

fn play(case: &Case) -> Vec<String> {
    let mut world = World::new(testkit::topology(&case.topology), policy(&case.policy));
    for text in &case.timeline {
        let line = line(text, &world.names);
        happen(&mut world, line);
    }
    let mut lines = std::mem::take(&mut world.log);
    lines.extend(ending(&world));
    lines
}

pub(crate) fn happen(world: &mut World, line: Line) {
    let Line { at, subject, what } = line;
    let input = match what {
        What::Tick => return world.run_until(at),
        What::Restart => {
            world.run_until(at);
            return world.restart(true);
        }
        What::Cmdb(text) => {
            world.import(at, &text);
            Input::TopologyChanged
        }
        What::Input(input) => input,
    };
    let before = world.log.len();
    let answers = world.feed(at, input);
    // What the timers before it did comes first, then the answer, then what it led to.
    let place = world.log.iter().rposition(|line| !line.starts_with(&shown(at))).map_or(before, |last| last + 1);
    for answer in answers {
        if let Some(said) = said(&answer) {
            world.log.insert(place.max(before), format!("{} {subject} {said}", shown(at)));
        }
    }
}

fn said(answer: &Answer) -> Option<String> {
    match answer {
        Answer::Event { disposition, reason, .. } => {
            let why = match reason {
                model::Reason::Suppressed { by } => code(by),
                other => code(other),
            };
            Some(format!("{} ({why})", disposition.as_str()))
        }
        Answer::Command(Outcome::Refused(refusal)) => Some(format!("refused: {refusal}")),
        Answer::Command(_) => Some("done".to_owned()),
        Answer::Nothing => None,
    }
}

/// The first line that differs, with what stands around it.
fn difference(expected: &[String], found: &[String]) -> String {
    let same = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
    let around = |lines: &[String]| lines.iter().skip(same).take(6).cloned().collect::<Vec<_>>().join("\n    ");
    format!("  line {} of what is expected:\n    {}\n  found:\n    {}", same + 1, around(expected), around(found))
}
