//! `watchfire run`: the configuration, then the service.

use std::collections::BTreeSet;

use clap::ValueEnum as _;

use crate::cli::{Role, Run};
use crate::config::{self, Config};
use crate::console::{Colour, Console};
use crate::files::TextFile;
use crate::outcome::{Outcome, WrongUse};
use crate::service;

pub(super) async fn run(args: Run, console: &Console) -> anyhow::Result<Outcome> {
    let file = args.config.as_deref().map(TextFile::read).transpose()?;
    let (config, remarks) = Config::load(file.as_ref(), config::variables())?;
    remarks.iter().for_each(|remark| console.say_with(Colour::Yellow, "warning:", remark));
    config.secrets()?;
    match parts(&args, &config)? {
        None => service::serve(config, args.clock.unwrap_or_default()).await,
        Some(parts) => service::serve_parts(config, parts).await,
    }
}

/// Which parts of several processes this one runs; `None`: it runs all of them by itself.
fn parts(args: &Run, config: &Config) -> Result<Option<BTreeSet<Role>>, WrongUse> {
    let parts: BTreeSet<Role> = args.role.iter().copied().collect();
    if parts.len() == Role::value_variants().len() {
        return Ok(None);
    }
    let lacks = if config.kafka.is_none() {
        "they meet over Kafka: say where it is with `kafka: {brokers: [host:9092]}`"
    } else if !config.store.is_shared() {
        "they share a database: say which with `store: {url: postgres://…}`"
    } else if args.clock.is_some() {
        "their time is in the log of events: there is no other --clock"
    } else {
        return Ok(Some(parts));
    };
    Err(WrongUse(format!("with --role the parts run in several processes, and {lacks}")))
}
