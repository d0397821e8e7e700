//! Somebody who watches the event stream of a process, and knows what he was told last of each thing.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::http::Http;
use crate::wait::{self, holds};
use crate::watchfire::Watchfire;

#[derive(Clone, Debug, Default)]
pub(super) struct Watcher(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// By kind and id.
    last: BTreeMap<(String, String), Value>,
    resets: usize,
}

impl Watcher {
    /// From now on, of a process that has loaded what there is; for as long as it answers.
    pub(super) fn of(service: &Watchfire) -> Watcher {
        wait::until("it is ready", || {
            let ready = service.ask("/readyz");
            holds(ready.status == 200, || ready.text())
        });
        let watcher = Watcher::default();
        let (told, stream) = (watcher.clone(), Http::new().stream(&service.url("/api/v1/stream")).unwrap());
        std::thread::spawn(move || {
            let mut kind = String::new();
            // Each event is a line that says its kind, and one with the thing itself.
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                match line.split_once(": ") {
                    Some(("event", said)) => said.clone_into(&mut kind),
                    Some(("data", said)) => told.hear(&kind, said),
                    _ => {}
                }
            }
        });
        watcher
    }

    fn hear(&self, kind: &str, said: &str) {
        let mut told = self.0.lock().unwrap();
        if kind == "reset" {
            told.resets += 1;
            return;
        }
        let what: Value = serde_json::from_str(said).unwrap();
        let id = what["id"].as_str().unwrap_or_else(|| panic!("{kind} {said}")).to_owned();
        told.last.insert((kind.to_owned(), id), what);
    }

    /// An error until everything on a list was told as it is there; nothing of it was there when the watch began.
    pub(super) fn knows(&self, kind: &str, list: &[Value], fields: &[&str]) -> Result<(), String> {
        let told = self.0.lock().unwrap();
        assert_eq!(told.resets, 0, "it missed nothing");
        list.iter().try_for_each(|listed| {
            let id = listed["id"].as_str().unwrap().to_owned();
            let last = told.last.get(&(kind.to_owned(), id));
            let same = |last: &Value| fields.iter().all(|field| last[*field] == listed[*field]);
            holds(last.is_some_and(same), || format!("{kind}: told was {last:?}, listed is {listed}"))
        })
    }
}
