//! Pictures of every page with the demo's data, on a desktop and on a phone, light and dark: for people to look at.

use std::path::PathBuf;

use crate::browser::{Browser, Screen, Theme};
use crate::demo::Demo;
use crate::guarded::Site;
use crate::said::say;

#[test]
#[ignore = "`cargo xtask screenshots` asks for them"]
fn every_page_on_both_screens_in_both_themes() {
    let Some(browser) = Browser::open("screenshots") else { return };
    let (demo, guarded) = (Demo::shared(), Site::guarded());
    let folder = folder();
    std::fs::create_dir_all(&folder).unwrap();
    for screen in Screen::ALL {
        browser.on(screen);
        for theme in Theme::ALL {
            browser.themed(theme);
            for (name, url) in demo.pages().into_iter().chain([guarded.sign_in()]) {
                browser.visit(&url);
                let file = folder.join(format!("{name}-{}-{}.png", screen.width(), theme.name()));
                std::fs::write(&file, browser.picture()).unwrap();
                say(file.display());
            }
        }
    }
}

/// Where they are wanted.
fn folder() -> PathBuf {
    let said = std::env::var_os("WATCHFIRE_SCREENSHOTS").map(PathBuf::from);
    said.unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots"))
}
