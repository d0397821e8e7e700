//! A crowd of alerts as Prometheus posts them: about 660 bytes each, a few of them saying most of what is said.

use std::fmt::Write as _;

use model::Timestamp;
use testkit::SplitMix64;

/// Alerts by number, said again and again.
#[derive(Debug)]
pub struct Crowd {
    severity: &'static str,
    starts_at: Timestamp,
    ends_at: Timestamp,
    items: Option<usize>,
    zipf: Zipf,
    random: SplitMix64,
}

impl Crowd {
    /// `size` alerts that fire since before `now` and promise to for an hour after it.
    pub fn new(size: usize, severity: &'static str, now: Timestamp) -> Crowd {
        let hour = model::Span::HOUR;
        let (starts_at, ends_at) = (now - model::Span::MINUTE, now + hour);
        Crowd { severity, starts_at, ends_at, items: None, zipf: Zipf::new(size), random: SplitMix64::new(2026) }
    }

    /// They are about the hosts of an estate with so many.
    #[must_use]
    pub fn about(mut self, hosts: usize) -> Crowd {
        self.items = Some(hosts);
        self
    }

    /// What `count` of them say, drawn by Zipf's law: the first is heard most.
    pub fn drawn(&mut self, count: usize) -> Vec<u8> {
        let numbers: Vec<usize> = (0..count).map(|_| self.zipf.draw(&mut self.random)).collect();
        self.body(numbers)
    }

    /// What these of them say.
    pub fn body(&self, numbers: impl IntoIterator<Item = usize>) -> Vec<u8> {
        let mut text = String::from("[");
        for number in numbers {
            if text.len() > 1 {
                text.push(',');
            }
            self.say(number, &mut text);
        }
        text.push(']');
        text.into_bytes()
    }

    fn say(&self, number: usize, text: &mut String) {
        let Crowd { severity, starts_at, ends_at, .. } = self;
        let host = self.items.map_or(number, |items| number % items);
        let said = write!(
            text,
            r#"{{"labels":{{"alertname":"FilesystemSpaceFillingUp{kind}","cluster":"eu-central-{cluster}","device":"/dev/nvme{number}n1p1","env":"prod","fstype":"ext4","host":"host-{host}","job":"node-exporter","severity":"{severity}"}},"annotations":{{"description":"Filesystem on \"/dev/nvme{number}n1p1\" at host-{host} has only 11.7% space left and is filling up: it is full within 24 hours.","runbook_url":"https://runbooks.example/filesystem-space-filling-up","summary":"host-{host}: a filesystem is predicted to be full within a day"}},"startsAt":"{starts_at}","endsAt":"{ends_at}","generatorURL":"https://prometheus.example/graph?g0.expr=node_filesystem_avail_bytes+%2F+node_filesystem_size_bytes+%3C+0.15&g0.tab=1"}}"#,
            kind = number % 7,
            cluster = number % 5,
        );
        said.expect("a string takes everything");
    }
}

/// Zipf's law with exponent 1: the n-th is drawn in proportion to 1/n.
#[derive(Debug)]
struct Zipf {
    /// The sums of 1/n up to each, of all.
    sums: Vec<f64>,
}

impl Zipf {
    fn new(size: usize) -> Zipf {
        let mut sum = 0.0;
        let sums = (1..=size)
            .map(|nth| {
                sum += 1.0 / nth as f64;
                sum
            })
            .collect();
        Zipf { sums }
    }

    fn draw(&self, random: &mut SplitMix64) -> usize {
        let all = self.sums.last().copied().unwrap_or_default();
        let at = (random.draw() >> 11) as f64 / (1_u64 << 53) as f64 * all;
        self.sums.partition_point(|sum| *sum <= at).min(self.sums.len().saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bare::parse;

    fn crowd() -> Crowd {
        Crowd::new(200_000, "info", Timestamp::from_seconds(1_800_000_000))
    }

    #[test]
    fn an_alert_is_as_long_as_real_ones_are() {
        let body = crowd().drawn(1000);
        assert_eq!(parse(&body).len(), 1000);
        let bytes = body.len() / 1000;
        assert!((600..=760).contains(&bytes), "{bytes} bytes");
    }

    #[test]
    fn the_first_is_heard_as_often_as_the_law_says() {
        let (mut random, zipf) = (SplitMix64::new(1), Zipf::new(1000));
        let first = (0..100_000).filter(|_| zipf.draw(&mut random) == 0).count();
        // 1 / (1 + 1/2 + … + 1/1000) of them.
        assert!((13_000..13_800).contains(&first), "{first}");
    }
}
