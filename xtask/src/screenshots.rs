//! `screenshots`: every page with the data of the demo's company, on a desktop and on a phone, light and dark, as pictures
//! in a folder. The tests of pages in a browser have what it takes.

use crate::workshop::{Workshop, run};

/// Under what is built, which nobody commits.
const FOLDER: &str = "target/screenshots";
const TEST: &str = "screenshots::every_page_on_both_screens_in_both_themes";

pub(crate) fn make(workshop: &Workshop, out: Option<&str>) -> anyhow::Result<()> {
    // The test works elsewhere: a folder is meant as whoever calls us sees it.
    let folder = match out {
        Some(out) => std::env::current_dir()?.join(out),
        None => workshop.root().join(FOLDER),
    };
    let mut command = workshop.cargo(&[
        "test",
        "--quiet",
        "--package",
        "system-tests",
        "--test",
        "browser",
        "--",
        "--ignored",
        "--exact",
        TEST,
    ]);
    // Where there is no browser that is a failure.
    command.env("WATCHFIRE_SCREENSHOTS", &folder).env("WATCHFIRE_REQUIRE_SERVICES", "1");
    run(&mut command)?;
    println!("the pictures are in {}", folder.display());
    Ok(())
}
