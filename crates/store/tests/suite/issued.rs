//! Issued reports stay as they were issued.

use model::{Interval, Span, Timestamp};
use store::{Binding, BoundCommit, IssuedFilter, IssuedLine, IssuedReport, PageRequest, Retention, Store};

use crate::common::{Chain, commit_hash, days, step};

fn month(n: i64) -> Interval {
    Interval::or_empty(days(30 * n), days(30 * (n + 1)))
}

fn report(name: &str, period: Interval, revision: u64, answer: &str) -> IssuedReport {
    let line = IssuedLine {
        id: IssuedLine::id_of(name, period.start(), revision),
        name: name.into(),
        kind: "availability".into(),
        period,
        revision,
        issued_at: period.end() + Span::from_hours(revision as i64),
        binding: Binding {
            definitions: 1,
            cmdb: Some(3),
            commits: vec![BoundCommit { partition: None, sequence: 7, hash: commit_hash(7) }],
        },
        digest: IssuedLine::digest_of(answer),
        changed: revision - 1,
        asked: "{}".into(),
    };
    IssuedReport { line, changes: "[]".into(), answer: answer.into(), csv: "service\r\n".into() }
}

/// I20: the first that issues a revision has issued it, whoever else does; and nobody leaves one out.
pub(crate) async fn a_revision_of_a_period_is_issued_once_and_in_order(store: Store) {
    let first = report("monthly", month(0), 1, "{\"items\":[1]}");
    assert!(store.issue(first.clone()).await.unwrap());
    let other = IssuedReport { csv: "other".into(), ..report("monthly", month(0), 1, "{\"items\":[2]}") };
    assert!(!store.issue(other).await.unwrap(), "another process was first");
    assert!(!store.issue(report("monthly", month(0), 3, "{}")).await.unwrap(), "the second is not issued yet");
    assert_eq!(store.issued_report(first.line.id).await.unwrap(), Some(first.clone()));

    let second = report("monthly", month(0), 2, "{\"items\":[3]}");
    assert!(store.issue(second.clone()).await.unwrap());
    assert!(!store.issue(second.clone()).await.unwrap());
    assert_eq!(store.issued_report(first.line.id).await.unwrap(), Some(first.clone()), "it stays as it was");
    for (name, period) in [("monthly", month(1)), ("other", month(0))] {
        assert!(store.issue(report(name, period, 1, "{}")).await.unwrap());
    }
    let of_name = IssuedFilter { name: Some("monthly".into()), ..IssuedFilter::default() };
    let known: Vec<(Timestamp, u64)> = store
        .every_issued_report(&of_name)
        .await
        .unwrap()
        .iter()
        .map(|line| (line.period.start(), line.revision))
        .collect();
    assert_eq!(known, [(days(0), 1), (days(0), 2), (days(30), 1)]);
    let page = PageRequest { limit: Some(2), ..PageRequest::default() };
    let newest = store.issued_reports(&IssuedFilter::default(), &page).await.unwrap();
    assert_eq!((newest.items[0].period, newest.items[1].clone()), (month(1), second.line));
    assert!(newest.next.is_some());
    let later = IssuedFilter { from: Some(days(1)), to: Some(days(31)), ..IssuedFilter::default() };
    assert_eq!(store.every_issued_report(&later).await.unwrap().len(), 1);
    assert_eq!(store.check().await.unwrap(), []);
}

/// Two processes that issue at the same moment issue once.
pub(crate) async fn of_two_who_issue_at_once_one_does(store: Store) {
    let one = report("monthly", month(0), 1, "{\"by\":1}");
    let other = report("monthly", month(0), 1, "{\"by\":2}");
    let (first, second) = tokio_join(store.issue(one), store.issue(other)).await;
    assert_ne!(first.unwrap(), second.unwrap());
    assert_eq!(store.every_issued_report(&IssuedFilter::default()).await.unwrap().len(), 1);
    assert_eq!(store.check().await.unwrap(), []);
}

/// What is removed after its time is other things.
pub(crate) async fn what_was_issued_is_never_swept_away(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let issued = report("monthly", month(0), 1, "{}");
    assert!(store.issue(issued.clone()).await.unwrap());
    chain.step(step(days(9000))).await;
    while store.retain(&Retention::default(), 100).await.unwrap() {}
    assert_eq!(store.issued_report(issued.line.id).await.unwrap(), Some(issued));
}

/// Both are begun before either is done.
async fn tokio_join<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (std::pin::pin!(a), std::pin::pin!(b));
    let (mut of_a, mut of_b) = (None, None);
    std::future::poll_fn(|context| {
        if of_a.is_none()
            && let std::task::Poll::Ready(done) = a.as_mut().poll(context)
        {
            of_a = Some(done);
        }
        if of_b.is_none()
            && let std::task::Poll::Ready(done) = b.as_mut().poll(context)
        {
            of_b = Some(done);
        }
        if of_a.is_some() && of_b.is_some() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    (of_a.expect("it is done"), of_b.expect("it is done"))
}
