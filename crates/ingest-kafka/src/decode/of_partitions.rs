//! Which partition of the log a record of one domain belongs to.

use model::{Domain, partition_of};
use testkit::firing;

use super::*;

const PARTITIONS: u32 = 12;

fn read(partition: i32, domain: &str) -> Inputs {
    let mut alert = firing("disk/db-7").alert();
    alert.domain = Domain::from(domain);
    let item = runtime::written(&Item::Event(Event::from(alert)));
    let value = [&b"{\"v\":1,\"items\":["[..], &item, b"]}"].concat();
    let topic = Topic { name: "events".into(), format: Format::Native, source: None, pipeline: None };
    let reading = Reading {
        topics: Arc::new(vec![topic]),
        slots: BTreeMap::new(),
        pipelines: Arc::new(PipelineSet::builtin()),
        remembered: Arc::default(),
        events_of: Some(PARTITIONS),
    };
    let part = Part { topic: 0, partition };
    let (offset, at, logged_at) = (7, None, Some(Timestamp::from_seconds(1)));
    reading.all(vec![Record { part, offset, at, logged_at, value: Some(value.into()), headers: Vec::new() }])
}

#[test]
fn an_engine_takes_what_is_of_its_partition() {
    let own = i32::try_from(partition_of(&Domain::from("acme"), PARTITIONS)).expect("there are few");
    let inputs = read(own, "acme");
    assert!(matches!(&inputs.items[..], [Item::Event(_)]));
    assert_eq!(inputs.counts, BTreeMap::from([((0, Kind::Read), 1)]));
}

#[test]
fn what_is_of_another_partition_lies_among_the_dead_letters_and_is_counted() {
    let own = i32::try_from(partition_of(&Domain::from("acme"), PARTITIONS)).expect("there are few");
    for (partition, domain) in [((own + 1) % 12, "acme"), (0, "~3"), (8, "~3"), (3, "default")] {
        let inputs = read(partition, domain);
        let [Item::Unreadable(letter)] = &inputs.items[..] else { panic!("{domain} in {partition}: {inputs:?}") };
        assert!(letter.why.contains(domain), "{}", letter.why);
        assert!(String::from_utf8_lossy(&letter.raw).contains("disk"), "what it said is kept");
        assert_eq!(inputs.counts, BTreeMap::from([((0, Kind::Dead), 1)]));
        assert_eq!(inputs.records.len(), 1, "its instant counts");
    }
}
