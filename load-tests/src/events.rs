//! What is sent: native events of so many fingerprints, by a law of how often each comes. From a seed, so that two runs
//! send the same.

use std::fmt::Write as _;

/// How often each fingerprint comes.
#[derive(Clone, Debug)]
pub(crate) struct Zipf(Vec<f64>);

/// A small generator of numbers (splitmix64): the same seed, the same numbers.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

/// One event of this run.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    /// Its fingerprint, from nought.
    pub(crate) key: u64,
    pub(crate) resolved: bool,
}

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// In [0, 1).
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Zipf {
    /// The `n`th comes 1/n as often as the first.
    pub(crate) fn of(fingerprints: u64) -> Zipf {
        let mut sum = 0.0;
        let cumulative = (1..=fingerprints).map(|nth| {
            sum += 1.0 / nth as f64;
            sum
        });
        Zipf(cumulative.collect())
    }

    pub(crate) fn draw(&self, random: &mut Random) -> u64 {
        let at = random.share() * self.0.last().copied().unwrap_or(1.0);
        self.0.partition_point(|sum| *sum <= at) as u64
    }
}

impl Event {
    /// About 650 bytes, as a monitoring system would write it.
    pub(crate) fn write(&self, run: &str, out: &mut String) {
        let Event { key, resolved } = self;
        let status = if *resolved { "resolved" } else { "firing" };
        let (host, region) = (key % 5_000, key % 7);
        // A text can always be written to.
        write!(
            out,
            "{{\"kind\":\"alert\",\"source\":\"{run}\",\"status\":\"{status}\",\"severity\":\"info\",\
             \"summary\":\"usage of the volume data-{key} on host-{host} is above its threshold of 90 %\",\
             \"labels\":{{\"alertname\":\"VolumeUsage\",\"host\":\"host-{host}.eu{region}.example.com\",\
             \"instance\":\"10.{region}.{}.{}:9100\",\"volume\":\"data-{key}\",\"job\":\"node\",\"region\":\"eu-{region}\",\
             \"cluster\":\"cluster-{}\",\"team\":\"team-{}\"}},\
             \"annotations\":{{\"runbook\":\"https://runbooks.example.com/volumes/usage\",\
             \"description\":\"The volume is filling up. At the current rate it is full in less than four hours.\",\
             \"dashboard\":\"https://grafana.example.com/d/volumes?var-host=host-{host}\"}},\
             \"dedup_key\":\"{run}/{key}\"}}",
            host / 250,
            host % 250,
            key % 40,
            key % 12,
        )
        .ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_comes_about_twice_as_often_as_the_second() {
        let (zipf, mut random) = (Zipf::of(1_000), Random::new(7));
        let mut drawn = [0_u32; 3];
        for _ in 0..100_000 {
            let key = zipf.draw(&mut random);
            assert!(key < 1_000);
            if let Some(count) = drawn.get_mut(usize::try_from(key).unwrap_or(usize::MAX)) {
                *count += 1;
            }
        }
        let ratio = f64::from(drawn[0]) / f64::from(drawn[1]);
        assert!((1.8..2.2).contains(&ratio), "{drawn:?}");
    }

    #[test]
    fn an_event_is_json_of_the_usual_size() {
        let mut text = String::new();
        Event { key: 4_711, resolved: false }.write("load-1", &mut text);
        let event: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert_eq!(event["dedup_key"], "load-1/4711");
        assert!((550..850).contains(&text.len()), "{}", text.len());
    }
}
