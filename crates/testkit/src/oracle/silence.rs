//! When a source that promised heartbeats was silent: docs/contract.md section 3, `heartbeat`.

use model::{Interval, Span, Timestamp};

/// A heartbeat, and how long after it the next one is missed; `None`: no next one is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    pub at: Timestamp,
    pub patience: Option<Span>,
}

/// Of one source: from when it was heard last before a heartbeat was missed, until the next heartbeat, or now. `heard` is
/// whatever it said, `beats` are in order of time.
pub fn silences(heard: &[Timestamp], beats: &[Beat], now: Timestamp) -> Vec<Interval> {
    let mut silences = Vec::new();
    for (nth, beat) in beats.iter().enumerate() {
        let Some(due) = beat.patience.map(|patience| beat.at + patience) else { continue };
        let next = beats.get(nth + 1).map(|next| next.at).filter(|next| *next <= now);
        let came = next.unwrap_or(now);
        let is_missed = if next.is_some() { came > due } else { now >= due };
        if is_missed {
            let spoke = heard.iter().copied().chain(beats.iter().map(|beat| beat.at)).filter(|at| *at <= due);
            silences.push(Interval::or_empty(spoke.max().unwrap_or(beat.at), came));
        }
    }
    silences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_since_it_was_heard_last_until_it_beats_again() {
        let at = Timestamp::from_seconds;
        let beat =
            |seconds, patience: Option<i64>| Beat { at: at(seconds), patience: patience.map(Span::from_seconds) };
        let beats = [beat(0, Some(10)), beat(8, Some(10)), beat(30, Some(10))];
        let told = |heard: &[i64], now| {
            let heard: Vec<Timestamp> = heard.iter().map(|heard| at(*heard)).collect();
            silences(&heard, &beats, at(now))
        };
        let silent = |from, to| Interval::or_empty(at(from), at(to));
        assert_eq!(told(&[], 35), [silent(8, 30)]);
        assert_eq!(
            told(&[12, 25], 50),
            [silent(12, 30), silent(30, 50)],
            "what it says while it is missed ends nothing"
        );
        assert_eq!(silences(&[], &[beat(0, Some(10)), beat(5, None)], at(99)), [], "it promised no more");
    }
}
