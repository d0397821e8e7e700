//! Styles and scripts, from the binary. Their address holds a digest of all of them, so that a browser may keep them for
//! good and never mixes those of two versions.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::Api;
use crate::fault::Fault;

macro_rules! assets {
    ($($name:literal),+ $(,)?) => { &[$(($name, include_str!(concat!("../../assets/", $name)))),+] };
}

/// Name and text of each.
const ASSETS: &[(&str, &str)] = assets![
    "style.css",
    "early.js",
    "app.js",
    "act.js",
    "announce.js",
    "incident.js",
    "forms.js",
    "board.js",
    "conflict.js",
    "follow.js",
    "keys.js",
    "live.js",
    "map.js",
    "prefer.js",
    "reports.js",
    "shared.js",
    "strips.js",
    "time.js",
    "build.js",
    "import.js",
    "letters.js",
    "try.js",
    "mark.svg",
];

static DIGEST: LazyLock<String> = LazyLock::new(|| {
    let mut hasher = DefaultHasher::new();
    ASSETS.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
});

pub(super) fn routes() -> Router<Api> {
    Router::new().route("/assets/{digest}/{name}", get(asset))
}

/// Where one is served.
pub(super) fn path(name: &str) -> String {
    debug_assert!(text(name).is_some(), "no asset is called {name}");
    format!("/assets/{}/{name}", *DIGEST)
}

fn text(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// Nobody needs a token for it: what it holds is in every copy of the program.
async fn asset(Path((digest, name)): Path<(String, String)>) -> Result<impl IntoResponse, Fault> {
    let text = text(&name).ok_or_else(|| Fault::not_found(format!("asset `{name}`")))?;
    // Asked for by a page of another version: it is served, and not kept.
    let keep = if digest == *DIGEST { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, media_type(&name)), (CACHE_CONTROL, keep), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, text))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_block_of_the_stylesheet_is_closed_before_the_next_page_begins() {
        let mut open = 0_i32;
        for (number, line) in (1..).zip(text("style.css").unwrap_or_default().lines()) {
            assert!(!line.starts_with("/* Page:") || open == 0, "line {number} stands in a block: {line}");
            open += i32::try_from(line.matches('{').count()).unwrap_or(0);
            open -= i32::try_from(line.matches('}').count()).unwrap_or(0);
            assert!(open >= 0, "line {number} closes what was never opened");
        }
        assert_eq!(open, 0, "the last block is closed");
    }

    #[test]
    fn each_asset_is_called_once_and_says_what_it_is() {
        let mut names: Vec<&str> = ASSETS.iter().map(|(name, _)| *name).collect();
        assert!(names.iter().all(|name| !media_type(name).starts_with("text/plain")), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ASSETS.len());
    }
}
