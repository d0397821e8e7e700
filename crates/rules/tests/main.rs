//! Pipeline files from the outside: defaults, every key, every refusal, which pipeline is whose, what is shipped, cases.

mod cases;
mod certain;
mod keys;
mod refusals;
mod selection;
mod shipped;

use rules::{Compiled, Notice, PipelineSet};

/// The one pipeline of a file that is called `f`.
fn parsed(text: &str) -> (Compiled, Vec<Notice>) {
    let (set, notices) = PipelineSet::parse(&[("f", text)]).unwrap_or_else(|errors| panic!("{errors:?}\n{text}"));
    let own = ["watchfire", "default"];
    let mine = set.pipelines().find(|pipeline| !own.contains(&pipeline.name.as_str()));
    (mine.or_else(|| set.pipelines().last()).expect("there is always one").clone(), notices)
}

/// What is wrong with a file that is called `f`.
fn refused(text: &str) -> Vec<String> {
    let errors = PipelineSet::parse(&[("f", text)]).map(|_| panic!("not refused:\n{text}")).unwrap_err();
    errors.iter().map(ToString::to_string).collect()
}
