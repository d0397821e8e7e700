//! `watchfire run`: the configuration, then the service.

use std::collections::BTreeSet;

use clap::ValueEnum as _;

use crate::cli::{Role, Run};
use crate::config::Config;
use crate::console::{Colour, Console};
use crate::files::TextFile;
use crate::outcome::{Outcome, WrongUse};
use crate::service;

pub(super) async fn run(args: Run, console: &Console) -> anyhow::Result<Outcome> {
    all_parts(&args.role)?;
    let file = args.config.as_deref().map(TextFile::read).transpose()?;
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let (config, remarks) = Config::load(file.as_ref(), variables)?;
    remarks.iter().for_each(|remark| console.say_with(Colour::Yellow, "warning:", remark));
    config.secrets()?;
    service::serve(config, args.clock.unwrap_or_default()).await
}

/// Parts in processes of their own meet over Kafka, which this version does not have.
fn all_parts(roles: &[Role]) -> Result<(), WrongUse> {
    let asked: BTreeSet<Role> = roles.iter().copied().collect();
    if asked.len() == Role::value_variants().len() {
        return Ok(());
    }
    let what = "this version runs all parts in one process: leave --role out, or say --role ingest,engine,api";
    Err(WrongUse(what.to_owned()))
}
