//! Every metric of ours, each with its unit in its name.

use std::time::Duration;

use model::Timestamp;
use model::reason::Disposition;
use model::step::Counts;
use prometheus::core::Collector;
use prometheus::{
    Encoder, Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use crate::services::{ServiceFigures, Services};

/// Handles to all metrics; clones share them.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Registry,
    events: IntCounterVec,
    told: IntCounter,
    commits: IntCounterVec,
    commit_seconds: Histogram,
    intake_items: IntGauge,
    intake_bytes: IntGauge,
    intake_refused: IntCounter,
    log_records: IntCounter,
    log_events: IntCounter,
    log_events_combined: IntCounter,
    dead_letters: IntCounter,
    notices: IntCounterVec,
    requests: IntCounterVec,
    incidents_open: IntGaugeVec,
    alerts_open: IntGauge,
    outbox_pending: IntGauge,
    outbox_oldest: Gauge,
    sources_silent: IntGauge,
    services: Services,
    deliveries: IntCounterVec,
    stream_watchers: IntGauge,
    outputs_told: IntCounter,
    output_failures: IntCounter,
    outputs_dropped: IntCounter,
    kafka_records: IntCounterVec,
    kafka_lag: IntGaugeVec,
    kafka_paused: IntGauge,
    kafka_rereads: IntCounter,
    kafka_errors: IntCounterVec,
}

impl Default for Metrics {
    fn default() -> Metrics {
        let registry = Registry::new();
        let metrics = Metrics {
            events: counters("watchfire_events_total", "Events by what arrival made of them.", &["disposition"]),
            told: counter("watchfire_notifications_decided_total", "Messages to people that the engine decided."),
            commits: counters("watchfire_commits_total", "Commits by result.", &["result"]),
            commit_seconds: histogram("watchfire_commit_seconds", "How long a commit took."),
            intake_items: gauge("watchfire_intake_items", "Inputs waiting for the engine."),
            intake_bytes: gauge("watchfire_intake_bytes", "Bytes of pushes waiting for the engine."),
            intake_refused: counter("watchfire_intake_refused_total", "Pushes refused because too much was waiting."),
            log_records: counter(
                "watchfire_log_records_total",
                "Records written to the log of events, ticks among them.",
            ),
            log_events: counter("watchfire_log_events_total", "Inputs forwarded to the log of events."),
            log_events_combined: counter(
                "watchfire_log_events_combined_total",
                "Of these, those that only said the same again and were written as a count.",
            ),
            dead_letters: counter("watchfire_dead_letters_total", "Inputs that could not be read and were kept."),
            notices: counters(
                "watchfire_intake_notices_total",
                "Remarks on events that were taken otherwise than they were said, by kind.",
                &["kind"],
            ),
            requests: counters(
                "watchfire_http_requests_total",
                "HTTP requests by path and status.",
                &["path", "status"],
            ),
            incidents_open: gauges("watchfire_incidents_open", "Open incidents by priority.", &["priority"]),
            alerts_open: gauge("watchfire_alerts_open", "Alerts with an open episode."),
            outbox_pending: gauge("watchfire_outbox_pending", "Messages to the outside that are not delivered yet."),
            outbox_oldest: seconds("watchfire_outbox_oldest_seconds", "How long the oldest of them has waited."),
            sources_silent: gauge("watchfire_sources_silent", "Sources that are silent and should not be."),
            services: Services::default(),
            deliveries: counters(
                "watchfire_deliveries_total",
                "Attempts to deliver a message, by result.",
                &["result"],
            ),
            stream_watchers: gauge("watchfire_stream_watchers", "Clients that watch the event stream."),
            outputs_told: counter("watchfire_outputs_total", "Changes that output topics took."),
            output_failures: counter("watchfire_output_failures_total", "Times that output topics took nothing."),
            outputs_dropped: counter("watchfire_outputs_dropped_total", "Changes that could not be read to be told."),
            kafka_records: counters(
                "watchfire_kafka_records_total",
                "Records of Kafka that are committed, by topic and what they were.",
                &["topic", "kind"],
            ),
            kafka_lag: gauges(
                "watchfire_kafka_lag_records",
                "Records of a partition that are not handed in yet.",
                &["topic", "partition"],
            ),
            kafka_paused: gauge("watchfire_kafka_paused_partitions", "Partitions that wait until there is room."),
            kafka_rereads: counter(
                "watchfire_kafka_rereads_total",
                "Times that reading went back to what the store has.",
            ),
            kafka_errors: counters(
                "watchfire_kafka_errors_total",
                "What brokers or their client complained of.",
                &["code"],
            ),
            registry,
        };
        metrics.register();
        metrics.begin_at_nought();
        metrics
    }
}

impl Metrics {
    fn register(&self) {
        for metric in self.collectors() {
            self.registry.register(metric).expect("every name is registered once, in this list");
        }
    }

    /// What happens once, and never again, is a rise only of a counter that was there before.
    fn begin_at_nought(&self) {
        ["ok", "unknown"].iter().for_each(|result| drop(self.commits.with_label_values(&[result])));
        ["taken", "failed", "gone"].iter().for_each(|result| drop(self.deliveries.with_label_values(&[result])));
    }

    /// The name of every metric, with the names of its labels.
    pub fn described(&self) -> Vec<(String, Vec<String>)> {
        let collectors = self.collectors();
        let all = collectors.iter().flat_map(|collector| collector.desc());
        all.map(|described| (described.fq_name.clone(), described.variable_labels.clone())).collect()
    }

    fn collectors(&self) -> Vec<Box<dyn Collector>> {
        let all: Vec<Box<dyn Collector>> = vec![
            Box::new(self.events.clone()),
            Box::new(self.told.clone()),
            Box::new(self.commits.clone()),
            Box::new(self.commit_seconds.clone()),
            Box::new(self.intake_items.clone()),
            Box::new(self.intake_bytes.clone()),
            Box::new(self.intake_refused.clone()),
            Box::new(self.log_records.clone()),
            Box::new(self.log_events.clone()),
            Box::new(self.log_events_combined.clone()),
            Box::new(self.dead_letters.clone()),
            Box::new(self.notices.clone()),
            Box::new(self.requests.clone()),
            Box::new(self.incidents_open.clone()),
            Box::new(self.alerts_open.clone()),
            Box::new(self.outbox_pending.clone()),
            Box::new(self.outbox_oldest.clone()),
            Box::new(self.sources_silent.clone()),
            Box::new(self.deliveries.clone()),
            Box::new(self.stream_watchers.clone()),
            Box::new(self.outputs_told.clone()),
            Box::new(self.output_failures.clone()),
            Box::new(self.outputs_dropped.clone()),
            Box::new(self.kafka_records.clone()),
            Box::new(self.kafka_lag.clone()),
            Box::new(self.kafka_paused.clone()),
            Box::new(self.kafka_rereads.clone()),
            Box::new(self.kafka_errors.clone()),
        ];
        all.into_iter().chain(self.services.collectors()).collect()
    }

    /// Prometheus' text format.
    pub fn text(&self) -> String {
        let mut buffer = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut buffer) {
            Ok(()) => String::from_utf8_lossy(&buffer).into_owned(),
            Err(error) => format!("# {error}\n"),
        }
    }

    /// What a committed step counted.
    pub fn counted(&self, counts: &Counts) {
        let by_disposition = [
            (Disposition::Opened, counts.opened),
            (Disposition::Repeated, counts.repeated),
            (Disposition::Escalated, counts.escalated),
            (Disposition::Cleared, counts.cleared),
            (Disposition::Reopened, counts.reopened),
            (Disposition::Suppressed, counts.suppressed),
            (Disposition::Stale, counts.stale),
            (Disposition::Rejected, counts.rejected),
            (Disposition::Recorded, counts.recorded),
        ];
        for (disposition, count) in by_disposition.into_iter().filter(|(_, count)| *count > 0) {
            self.events.with_label_values(&[disposition.as_str()]).inc_by(count);
        }
        self.told.inc_by(counts.told);
    }

    pub fn commit_took(&self, took: Duration, ok: bool) {
        self.commits.with_label_values(&[if ok { "ok" } else { "unknown" }]).inc();
        self.commit_seconds.observe(took.as_secs_f64());
    }

    pub fn intake_waiting(&self, items: usize, bytes: usize) {
        self.intake_items.set(items as i64);
        self.intake_bytes.set(bytes as i64);
    }

    /// Written to the log of events: records, the inputs they hold, and those that were spared.
    pub fn forwarded(&self, records: u64, events: u64, combined: u64) {
        self.log_records.inc_by(records);
        self.log_events.inc_by(events);
        self.log_events_combined.inc_by(combined);
    }

    pub fn intake_refused(&self) {
        self.intake_refused.inc();
    }

    pub fn dead_lettered(&self, count: u64) {
        self.dead_letters.inc_by(count);
    }

    /// `kind` is the code of a notice: there are few.
    pub fn noticed(&self, kind: &str) {
        self.notices.with_label_values(&[kind]).inc();
    }

    /// `path` is a route's pattern, never what a client wrote: labels are bounded.
    pub fn request(&self, path: &str, status: u16) {
        self.requests.with_label_values(&[path, &status.to_string()]).inc();
    }

    pub fn open_incidents(&self, priority: &str, count: usize) {
        self.incidents_open.with_label_values(&[priority]).set(count as i64);
    }

    pub fn open_alerts(&self, count: usize) {
        self.alerts_open.set(count as i64);
    }

    /// Messages that wait, and how many seconds the oldest of them has.
    pub fn outbox_waits(&self, count: usize, oldest_seconds: f64) {
        self.outbox_pending.set(count as i64);
        self.outbox_oldest.set(oldest_seconds);
    }

    pub fn silent_sources(&self, count: usize) {
        self.sources_silent.set(count as i64);
    }

    /// How services stand at an instant, and of how many more nothing is shown. What was shown of others is taken away.
    pub fn services_stand(&self, at: Timestamp, shown: &[ServiceFigures], left_out: usize) {
        self.services.stand(at, shown, left_out);
    }

    pub fn delivery(&self, result: &str) {
        self.deliveries.with_label_values(&[result]).inc();
    }

    pub fn outputs_told(&self, count: u64) {
        self.outputs_told.inc_by(count);
    }

    pub fn output_dropped(&self) {
        self.outputs_dropped.inc();
    }

    pub fn output_failed(&self) {
        self.output_failures.inc();
    }

    /// `kind` is one of few words: what became of a position in a log.
    pub fn kafka_records(&self, topic: &str, kind: &str, count: u64) {
        self.kafka_records.with_label_values(&[topic, kind]).inc_by(count);
    }

    pub fn kafka_lag(&self, topic: &str, partition: i32, records: u64) {
        let partition = partition.to_string();
        self.kafka_lag.with_label_values(&[topic, &partition]).set(i64::try_from(records).unwrap_or(i64::MAX));
    }

    /// Somebody else reads it now.
    pub fn kafka_lag_unknown(&self, topic: &str, partition: i32) {
        drop(self.kafka_lag.remove_label_values(&[topic, &partition.to_string()]));
    }

    pub fn kafka_paused(&self, partitions: usize) {
        self.kafka_paused.set(partitions as i64);
    }

    pub fn kafka_reread(&self) {
        self.kafka_rereads.inc();
    }

    /// `code` is a name of librdkafka's: there are few.
    pub fn kafka_error(&self, code: &str) {
        self.kafka_errors.with_label_values(&[code]).inc();
    }

    pub fn watcher_came(&self) {
        self.stream_watchers.inc();
    }

    pub fn watcher_left(&self) {
        self.stream_watchers.dec();
    }
}

pub(crate) const VALID: &str = "the names and labels in this file are valid";

fn counter(name: &str, help: &str) -> IntCounter {
    IntCounter::with_opts(Opts::new(name, help)).expect(VALID)
}

fn counters(name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
    IntCounterVec::new(Opts::new(name, help), labels).expect(VALID)
}

pub(crate) fn gauge(name: &str, help: &str) -> IntGauge {
    IntGauge::with_opts(Opts::new(name, help)).expect(VALID)
}

pub(crate) fn seconds(name: &str, help: &str) -> Gauge {
    Gauge::with_opts(Opts::new(name, help)).expect(VALID)
}

fn gauges(name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    IntGaugeVec::new(Opts::new(name, help), labels).expect(VALID)
}

fn histogram(name: &str, help: &str) -> Histogram {
    let buckets = vec![0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
    Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets)).expect(VALID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_counted_is_shown() {
        let metrics = Metrics::default();
        metrics.counted(&Counts { events: 3, opened: 1, repeated: 2, ..Counts::default() });
        metrics.commit_took(Duration::from_millis(3), true);
        let text = metrics.text();
        assert!(text.contains(r#"watchfire_events_total{disposition="repeated"} 2"#), "{text}");
        assert!(text.contains(r#"watchfire_commits_total{result="ok"} 1"#), "{text}");
    }
}
