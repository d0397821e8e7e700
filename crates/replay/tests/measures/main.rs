//! The whole of it against the oracle: random histories as a monitoring system, a calendar of maintenance and people
//! would tell them, late and out of order, through the engine into a store, and the rows of each report from that store.
//! Every length must be the oracle's to the microsecond. `[I13]` `[I16]`
//!
//! What the oracle is not asked: which alerts make one incident. Incidents are taken as the engine made them; what is
//! judged is what figures make of their instants, and that the alerts of those that were false positives never fired.

mod agreed;
mod judge;
mod story;
mod told;

use model::Span;
use store::{Memory, Store, ready};
use testkit::SplitMix64;

use replay::{Config, Given, Player};
use rules::PipelineSet;
use story::Story;

/// A case is a life of days: half as many as other properties have.
fn cases() -> u64 {
    let said = std::env::var("PROVE_CASES").ok().and_then(|count| count.parse::<u64>().ok());
    said.unwrap_or(256).div_ceil(2)
}

/// Of so many stories one has incidents merged.
const MERGED_EVERY: u64 = 4;
/// Differences shown of a case that has some.
const SHOWN: usize = 3;

fn lived(story: &Story) -> Store {
    let config =
        Config { cmdb: story.versions[0].1.clone(), pipelines: PipelineSet::builtin(), until: Some(story.until) };
    let given: Vec<(model::Timestamp, Given)> = story.given();
    let player = ready(Player::new(Memory::new().store(), config)).expect("an empty store");
    ready(player.play_given(given)).expect("it plays").1
}

fn differences(story: &Story) -> Vec<String> {
    judge::differences(story, &lived(story))
}

/// The story without whatever makes no difference to its having one.
fn least(mut story: Story) -> Story {
    loop {
        let found = story.fewer().find(|fewer| !differences(fewer).is_empty());
        match found {
            Some(fewer) => story = fewer,
            None => return story,
        }
    }
}

/// What once told the two apart: an incident that was over before anybody heard of it.
const TOLD_APART: [u64; 1] = [450];

#[test]
fn reports_of_any_history_are_what_judging_each_instant_gives() {
    let mut seen = judge::Seen::default();
    for seed in (0..cases()).chain(TOLD_APART) {
        let mut story = story::random(&mut SplitMix64::new(seed));
        let mut store = lived(&story);
        if seed % MERGED_EVERY == 0 {
            // The same story comes to the same incidents, so that they are known before it is told again.
            story = story.merged(&store);
            store = lived(&story);
        }
        let found = judge::differences(&story, &store);
        if !found.is_empty() {
            let least = least(story);
            let shown = differences(&least).into_iter().take(SHOWN).collect::<Vec<_>>().join("\n");
            panic!("seed {seed}: {shown}\nof {least}");
        }
        seen.note(&story, &store);
    }
    seen.assert_enough(cases());
}

/// The judge is no rubber stamp: told that one thing was a microsecond longer, it sees that most stories differ.
#[test]
fn a_microsecond_is_seen() {
    let mut seen = 0;
    for seed in 0..40 {
        let story = story::random(&mut SplitMix64::new(seed));
        let mut other = story.clone();
        for (_, told) in &mut other.told {
            if let told::Told::Alert(_, said) = told {
                said.at = said.at.map(|at| at + Span::MICROSECOND);
            }
        }
        seen += usize::from(!judge::differences(&other, &lived(&story)).is_empty());
    }
    assert!(seen >= 20, "of 40 it saw {seen}");
}
