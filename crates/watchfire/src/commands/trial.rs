//! `watchfire test`: plays the cases beside pipelines, and says of each whether it came out as expected.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;
use rules::PipelineSet;

use crate::cli::Test;
use crate::console::{Colour, Console};
use crate::files::{self, TextFile};
use crate::inventory;
use crate::outcome::{Faults, Outcome};

/// The folder of a pipeline's cases.
const CASES: &str = "cases";

pub(super) fn test(args: &Test, console: &Console) -> anyhow::Result<Outcome> {
    let cases = cases(&args.paths)?;
    if cases.is_empty() {
        bail!(
            "no case found: name a folder of pipelines, such as pipelines/, whose cases stand in NAME/{CASES}/*.yaml"
        );
    }
    let mut sets = Sets::default();
    let mut failed = 0;
    for case in &cases {
        let failures = play(case, &mut sets)?;
        failed += usize::from(!failures.is_empty());
        let (colour, word) = if failures.is_empty() { (Colour::Green, "ok    ") } else { (Colour::Red, "failed") };
        console.say_with(colour, word, case.display());
        failures.iter().for_each(|failure| console.say(format_args!("         {failure}")));
    }
    console.say(format_args!("{} cases, {failed} failed", cases.len()));
    Ok(Outcome::of(failed))
}

fn cases(paths: &[PathBuf]) -> anyhow::Result<Vec<PathBuf>> {
    let mut cases = Vec::new();
    for path in paths {
        if path.is_dir() {
            let is_case = |file: &PathBuf| file.parent().and_then(Path::file_name).is_some_and(|name| name == CASES);
            cases.extend(files::below(path)?.into_iter().filter(is_case));
        } else {
            cases.push(path.clone());
        }
    }
    Ok(cases)
}

/// What is otherwise than expected; a file that is no case is so too.
fn play(path: &Path, sets: &mut Sets) -> anyhow::Result<Vec<String>> {
    let file = TextFile::read(path)?;
    let case = match rules::case::parse(&file.name(), &file.text) {
        Ok(case) => case,
        Err(errors) => return Ok(errors.iter().map(ToString::to_string).collect()),
    };
    Ok(match sets.of_case(path)? {
        Ok(set) => replay::case::play(&case, set),
        Err(Faults(lines)) => lines.clone(),
    })
}

/// The pipelines that cases are played with, read once for each folder of them.
#[derive(Default)]
struct Sets(BTreeMap<PathBuf, Result<PipelineSet, Faults>>);

impl Sets {
    /// As a configuration has them that names the folder which holds the case's pipeline and its neighbours. A case
    /// that stands nowhere near a pipeline is played with the shipped ones.
    fn of_case(&mut self, case: &Path) -> anyhow::Result<&Result<PipelineSet, Faults>> {
        let case = std::path::absolute(case)?;
        let own = case.ancestors().nth(2).filter(|folder| folder.join("pipeline.yaml").is_file());
        let all = own.and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
        if !self.0.contains_key(&all) {
            let files = if own.is_some() { files::pipelines(std::slice::from_ref(&all))? } else { Vec::new() };
            self.0.insert(all.clone(), inventory::pipelines_of(&files).map(|(set, _)| set));
        }
        Ok(&self.0[&all])
    }
}
