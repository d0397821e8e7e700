//! `watchfire store`: copies of a store, and its examination.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use store::StoreError;

use crate::cli::{StoreCommand, StoreUrl};
use crate::console::{Colour, Console};
use crate::outcome::{Outcome, WrongUse};
use crate::place::close;

pub(super) async fn store(command: StoreCommand, console: &Console) -> anyhow::Result<Outcome> {
    match command {
        StoreCommand::Backup(args) => {
            folder_of(&args.to)?;
            nothing_there(&args.to)?;
            let store = args.store.place().open_to_copy().await?;
            store.backup(&args.to).await?;
            close(&store).await;
            let bytes = std::fs::metadata(&args.to).context("the backup has gone")?.len();
            let copied = format!("{} holds all of it ({} KiB)", args.to.display(), bytes.div_ceil(1024));
            console.say_with(Colour::Green, "done:", copied);
            Ok(Outcome::Done)
        }
        StoreCommand::Check(args) => check(&args.store, console).await,
    }
}

/// Said before anything is read: a copy can take long.
fn folder_of(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if folder.is_dir() {
        return Ok(());
    }
    let why = format!("{}: the folder does not exist: create it with `mkdir -p {}`", file.display(), folder.display());
    Err(WrongUse(why).into())
}

/// A backup never takes the place of another file.
fn nothing_there(file: &Path) -> anyhow::Result<()> {
    if !file.exists() {
        return Ok(());
    }
    let why = format!("{}: there is a file already: choose another name, or move that one away first", file.display());
    Err(WrongUse(why).into())
}

/// To examine it once more helps nobody.
fn damaged(path: &Path, error: StoreError) -> anyhow::Error {
    let StoreError::Corrupt { what } = error else { return error.into() };
    let path = path.display();
    anyhow!("{path} is no database, or a damaged one: {what}; stop the service and restore a backup in its place")
}

async fn check(url: &StoreUrl, console: &Console) -> anyhow::Result<Outcome> {
    let damaged = |error| damaged(url.place().path(), error);
    let store = url.place().open_read_only().await.map_err(damaged)?;
    let findings = store.check().await.map_err(damaged)?;
    close(&store).await;
    findings.iter().for_each(|finding| console.say(finding));
    if findings.is_empty() {
        console.say_with(Colour::Green, "sound:", "every invariant holds, and the chain of commits is whole");
    }
    Ok(Outcome::of(findings.len()))
}
