//! `watchfire cmdb`: files into a running service, or checked without one.

mod health;
mod import;

use anyhow::bail;
use model::CiId;

use super::people::Desk;
use super::waiting;
use crate::cli::{Cmdb, CmdbCheck, CmdbShow};
use crate::client::{of_item, segment};
use crate::console::{Colour, Console};
use crate::inventory::{Care, Inventory};
use crate::outcome::{Outcome, WrongUse};
use crate::place::{StorePlace, close};

pub(super) fn cmdb(command: Cmdb, console: &Console) -> anyhow::Result<Outcome> {
    match command {
        Cmdb::Import(args) => waiting(import::import(args, console)),
        Cmdb::Check(args) => check(&args, console),
        Cmdb::Show(args) => waiting(show(args, console)),
        Cmdb::Health(args) => waiting(health::health(args, console)),
    }
}

fn check(args: &CmdbCheck, console: &Console) -> anyhow::Result<Outcome> {
    let care = if args.lenient { Care::Lenient } else { Care::Strict };
    let inventory = Inventory::of_paths(&args.files, care)?;
    inventory.remarks.iter().for_each(|remark| console.say_with(Colour::Yellow, "note:", remark));
    console.say_with(Colour::Green, "sound:", format_args!("{} items", inventory.cmdb.items.len()));
    Ok(Outcome::Done)
}

async fn show(args: CmdbShow, console: &Console) -> anyhow::Result<Outcome> {
    if let Some(place) = &args.store {
        console.result(&of_store(place, &args.id).await?)?;
        return Ok(Outcome::Done);
    }
    let desk = Desk::of(&args.shown, console)?;
    let item = desk.client.get(&format!("/api/v1/cis/{}", segment(&args.id)), &Vec::new()).await.map_err(of_item)?;
    desk.object(&desk.numbered(item).await, "name")
}

async fn of_store(place: &StorePlace, id: &str) -> anyhow::Result<String> {
    let store = place.open_read_only().await?;
    let newest = store.newest_topology().await?;
    close(&store).await;
    let Some(newest) = newest else { bail!("the store has no CMDB: import one with `watchfire cmdb import`") };
    match newest.cmdb.items.iter().find(|item| item.id == CiId::from(id)) {
        Some(item) => Ok(wire::cmdb::item_to_yaml(item)),
        None => {
            let why = format!("version {} of the CMDB has no item `{id}`: look at how its id is spelt", newest.version);
            Err(WrongUse(why).into())
        }
    }
}
