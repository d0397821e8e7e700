//! `watchfire store`: copies of a store, and its examination.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use store::{Finding, Store, StoreError};

use crate::cli::{StoreCommand, StoreCopy, StoreUrl};
use crate::console::{Colour, Console};
use crate::outcome::{Outcome, WrongUse};
use crate::place::{StorePlace, close};

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
        StoreCommand::Copy(args) => copy(&args, console).await,
    }
}

async fn copy(StoreCopy { from, to }: &StoreCopy, console: &Console) -> anyhow::Result<Outcome> {
    if from == to {
        return Err(WrongUse(format!("{from} is both stores: name two")).into());
    }
    let source = from.open().await?;
    let copied = match to.open().await {
        Ok(target) => {
            let copied = copied(&source, &target, to).await;
            close(&target).await;
            copied
        }
        Err(error) => Err(error),
    };
    close(&source).await;
    let (rows, findings) = copied?;
    findings.iter().for_each(|finding| console.say(finding));
    if findings.is_empty() {
        console.say_with(
            Colour::Green,
            "done:",
            format!("{to} holds all of it ({rows} rows), and every invariant holds"),
        );
    }
    Ok(Outcome::of(findings.len()))
}

/// How many rows, and what is wrong with them.
async fn copied(source: &Store, target: &Store, to: &StorePlace) -> anyhow::Result<(u64, Vec<Finding>)> {
    let rows = source.copy_to(target).await.map_err(|error| match error {
        StoreError::NotEmpty => anyhow!("{to} holds something already: name a store where nothing is yet"),
        other => other.into(),
    })?;
    Ok((rows, target.check().await?))
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
fn damaged(place: &StorePlace, error: StoreError) -> anyhow::Error {
    let StoreError::Corrupt { what } = error else { return error.into() };
    anyhow!("{place} is no database, or a damaged one: {what}; stop the service and restore a backup in its place")
}

async fn check(url: &StoreUrl, console: &Console) -> anyhow::Result<Outcome> {
    let damaged = |error| damaged(url.place(), error);
    let store = url.place().open_read_only().await.map_err(damaged)?;
    let findings = store.check().await.map_err(damaged)?;
    close(&store).await;
    findings.iter().for_each(|finding| console.say(finding));
    if findings.is_empty() {
        console.say_with(Colour::Green, "sound:", "every invariant holds, and the chain of commits is whole");
    }
    Ok(Outcome::of(findings.len()))
}
