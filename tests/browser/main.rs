//! The pages of the real `watchfire` binary in a real browser: Chromium, driven as its makers drive it.
//!
//! What is tested comes first: [`pages`] (each of them, with the data of the demo's company), [`accessible`],
//! [`fresh`] (what happens shows by itself, also after the service was gone), [`keyboard`], [`map`] (a large one), [`hostile`] (what came from
//! outside is text), [`sign_in`]; [`screenshots`] makes pictures and judges nothing. What it is tested with follows: the
//! list of pages, the demo's company, an identity provider, a browser, what drives it; and from beside, of the tests of the system, a process,
//! a folder, a service and a client.
//!
//! Rules: no crate of the product is used here; nothing is fetched from any other host, by the pages or by the browser
//! itself; whatever is started ends with its test; whatever is waited for is waited for with a limit.

#![expect(clippy::unwrap_used, reason = "what fails here is a test that fails")]

mod accessible;
mod fresh;
mod hostile;
mod keyboard;
mod map;
mod pages;
mod screenshots;
mod sign_in;

mod browser;
mod demo;
mod driver;
mod guarded;
mod keys;
mod places;
mod provider;

#[expect(dead_code, reason = "shared with the tests of the system, which use the rest")]
#[path = "../system/behind.rs"]
mod behind;
#[expect(dead_code, reason = "shared with the tests of the system, which use the rest")]
#[path = "../system/binary.rs"]
mod binary;
#[path = "../system/folder.rs"]
mod folder;
#[expect(dead_code, reason = "shared with the tests of the system, which use the rest")]
#[path = "../system/http.rs"]
mod http;
#[expect(dead_code, reason = "shared with the tests of the system, which use the rest")]
#[path = "../system/process.rs"]
mod process;
#[path = "../system/said.rs"]
mod said;
#[path = "../system/wait.rs"]
mod wait;
#[expect(dead_code, reason = "shared with the tests of the system, which use the rest")]
#[path = "../system/watchfire.rs"]
mod watchfire;
