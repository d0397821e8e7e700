//! What waits, is tried, is read again, and goes in the end.

use model::alert::Statement;
use model::step::Subject;
use model::{Span, Step};
use store::{
    Backend, Commit, DeadLetterFilter, DeadLetterState, Delivery, OutboxState, PageRequest, PositionAdvance, Retention,
    Store, StoreError,
};

use crate::common::*;

pub(crate) async fn a_message_is_due_until_it_is_delivered(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let outbox = || vec![message(1, at(0)), message(2, at(5)), message(3, at(1))];
    chain.step(Step { outbox: outbox(), ..step(at(5)) }).await;
    let due = async |now| {
        let due = store.outbox_due(now, 10).await.unwrap();
        due.iter().map(|outgoing| outgoing.message.clone()).collect::<Vec<_>>()
    };
    assert_eq!(due(at(4)).await, [message(1, at(0)), message(3, at(1))]);
    assert_eq!(store.outbox_due(at(9), 1).await.unwrap().len(), 1);

    let failed = Delivery::Failed { next_at: at(60), error: "503".into(), progress: Some("[\"kafka\"]".into()) };
    store.mark_outbox(vec![(message_id(1), failed), (message_id(3), Delivery::Delivered)]).await.unwrap();
    assert_eq!(due(at(59)).await, [message(2, at(5))]);
    let tried = store.outbox_due(at(60), 10).await.unwrap().pop().unwrap();
    assert_eq!((tried.message, tried.attempts, tried.state), (message(1, at(0)), 1, OutboxState::Pending));
    assert_eq!((tried.error.as_deref(), tried.progress.as_deref()), (Some("503"), Some("[\"kafka\"]")));

    let again = Delivery::Failed { next_at: at(70), error: "504".into(), progress: None };
    store.mark_outbox(vec![(message_id(1), again)]).await.unwrap();
    let tried = store.outbox_due(at(70), 10).await.unwrap().pop().unwrap();
    assert_eq!((tried.attempts, tried.progress.as_deref()), (2, Some("[\"kafka\"]")), "what is done stays done");

    let depths = store.depths().await.unwrap().outbox;
    assert_eq!((depths.pending, depths.oldest), (2, Some(at(0))));
    let given_up = Delivery::Abandoned { why: "410".into() };
    store.mark_outbox(vec![(message_id(1), given_up), (message_id(2), Delivery::Delivered)]).await.unwrap();
    let late = Delivery::Failed { next_at: at(80), error: "late".into(), progress: None };
    let before = store.dump().await.unwrap();
    store.mark_outbox(vec![(message_id(2), late)]).await.unwrap();
    assert_eq!(store.dump().await.unwrap(), before);
    assert_eq!(due(at(1000)).await, [], "what is delivered stays delivered");

    // The same decision committed again, after an unknown outcome, sends nothing anew.
    chain.step(Step { outbox: outbox(), ..step(at(6)) }).await;
    assert_eq!(due(at(1000)).await, []);
    let refused = store.mark_outbox(vec![(message_id(9), Delivery::Delivered)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound(_)), "{refused}");
}

/// I12 and I14: the bytes that came, one replay, and an audit entry for each change.
pub(crate) async fn a_dead_letter_is_kept_as_it_came_and_replayed_once(store: Store) {
    let mut chain = Chain::claim(&store).await;
    let dead_letters = vec![letter(1, at(1)), letter(2, at(2)), letter(3, at(3))];
    let positions = vec![PositionAdvance::new("a", 0, 3)];
    chain.commit(Commit { dead_letters, positions, ..commit(at(3)) }).await;
    let kept = store.dead_letter(letter_id(2)).await.unwrap();
    assert_eq!(kept, Some((letter(2, at(2)), DeadLetterState::New)));
    assert_eq!(store.depths().await.unwrap().dead_letters_new, 3);

    let mark = async |n, state| store.mark_dead_letter(letter_id(n), state, audit(at(9), "ana", "mark")).await;
    assert!(mark(1, DeadLetterState::Replayed).await.unwrap());
    assert!(!mark(1, DeadLetterState::Replayed).await.unwrap(), "twice is once");
    assert!(!mark(1, DeadLetterState::Discarded).await.unwrap());
    assert!(mark(2, DeadLetterState::Discarded).await.unwrap());
    assert!(mark(2, DeadLetterState::Replayed).await.unwrap(), "somebody thought better of it");
    assert!(matches!(mark(9, DeadLetterState::Discarded).await, Err(StoreError::NotFound(_))));
    let audited = store.audit(&store::AuditFilter::default(), &PageRequest::default()).await.unwrap().items;
    assert_eq!(audited.len(), 3, "one entry for each change, none for what was refused");

    let list = async |states: &[DeadLetterState]| {
        let filter = DeadLetterFilter { states: states.to_vec(), source: Some("zabbix".into()) };
        let found = store.dead_letters(&filter, &PageRequest::default()).await.unwrap().items;
        found.iter().map(|line| (line.id, line.state, line.size)).collect::<Vec<_>>()
    };
    assert_eq!(list(&[DeadLetterState::New]).await, [(letter_id(3), DeadLetterState::New, 5)]);
    assert_eq!(list(&[]).await.iter().map(|line| line.0).collect::<Vec<_>>(), [3, 2, 1].map(letter_id));

    // The same input again, after an unknown outcome, is the same letter.
    chain.commit(Commit { dead_letters: vec![letter(1, at(8))], ..commit(at(9)) }).await;
    let kept = store.dead_letter(letter_id(1)).await.unwrap();
    assert_eq!(kept, Some((letter(1, at(1)), DeadLetterState::Replayed)));
}

pub(crate) async fn what_is_kept_for_a_time_goes_in_slices(store: Store) {
    let mut chain = Chain::claim(&store).await;
    for day in 0..40_u64 {
        let now = days(day as i64);
        let mut said = alert(day, now);
        said.statements.push(Statement::PersonClear { at: now + Span::MINUTE });
        let written = Step {
            alerts: vec![said],
            timeline: vec![decided(now, Subject::Alert(alert_id(day)))],
            outbox: vec![message(day, now)],
            ..step(now)
        };
        let dead_letters = vec![letter(day, now)];
        let receipts = vec![receipt(&format!("key-{day}"), "{}", now)];
        chain.commit(Commit { steps: vec![written], dead_letters, receipts, ..commit(now) }).await;
    }
    let delivered = (0..30).map(|day| (message_id(day), Delivery::Delivered)).collect();
    store.mark_outbox(delivered).await.unwrap();

    let retention = Retention {
        statements: Span::from_days(20),
        timeline: Span::from_days(10),
        dead_letters: Span::from_days(5),
        commits: 7,
    };
    let mut slices = 1;
    while store.retain(&retention, 6).await.unwrap() {
        slices += 1;
    }
    assert!((6..=8).contains(&slices), "{slices} slices");
    let subject = |day| Subject::Alert(alert_id(day));
    let history = async |day| {
        let statements = store.statements_of_alert(alert_id(day)).await.unwrap().len();
        (statements, store.timeline(&subject(day), &PageRequest::default()).await.unwrap().items.len())
    };
    // Where history goes by the month, all of it is in months that are kept in part.
    let by_month = matches!(store.backend(), Backend::Postgres(_));
    for (day, statements, timeline, letters, keys) in
        [(18, 0, 0, 0, 0), (19, 2, 0, 0, 0), (28, 2, 0, 0, 0), (29, 2, 1, 0, 0), (34, 2, 1, 1, 0), (38, 2, 1, 1, 1)]
    {
        let found = (
            store.dead_letter(letter_id(day)).await.unwrap().iter().count(),
            store.receipt(&format!("key-{day}")).await.unwrap().iter().count(),
        );
        assert_eq!(found, (letters, keys), "day {day}");
        assert_eq!(history(day).await, if by_month { (2, 1) } else { (statements, timeline) }, "day {day}");
        assert!(store.alert(alert_id(day)).await.unwrap().is_some(), "alerts stay");
        assert_eq!(store.episodes_of_alert(alert_id(day)).await.unwrap().len(), 1, "episodes stay");
    }
    assert_eq!(store.outbox_due(days(99), 99).await.unwrap().len(), 10, "what is undelivered stays");
    assert!(!store.dump().await.unwrap().contains(&format!("{:?}", message_id(1)).replace("msg_", "")));
    assert!(!store.retain(&retention, 6).await.unwrap(), "nothing is left to do");
    chain.commit(commit(days(75))).await;
    while store.retain(&retention, 6).await.unwrap() {}
    assert_eq!(history(18).await, (0, 0), "a month that is over goes whole");
    assert_eq!(history(38).await, (if by_month { 2 } else { 0 }, 0), "one that is kept in part stays");
    assert_eq!(store.check().await.unwrap(), []);
}

/// I1: also where old ranges became one.
pub(crate) async fn the_ledger_folds_and_still_tiles(store: Store) {
    let mut chain = Chain::claim(&store).await;
    for n in 0..20 {
        let lost = if n == 4 { PositionAdvance::lost("b", n, n + 1) } else { PositionAdvance::new("b", n, n + 1) };
        let positions = vec![PositionAdvance::new("a", n * 2, n * 2 + 2), lost];
        chain.commit(Commit { positions, ..commit(at(n as i64)) }).await;
    }
    let retention = Retention { commits: 5, ..Retention::default() };
    while store.retain(&retention, 4).await.unwrap() {}
    let ranges: Vec<_> = store.ranges().await.unwrap();
    let of = |slot: &str| {
        let of = ranges.iter().filter(|range| range.slot.as_str() == slot);
        of.map(|range| (range.start, range.stop, range.gap)).collect::<Vec<_>>()
    };
    assert_eq!(of("a")[..2], [(0, 30, false), (30, 32, false)]);
    assert_eq!(of("b")[..4], [(0, 4, false), (4, 5, true), (5, 15, false), (15, 16, false)]);
    assert_eq!((of("a").len(), of("b").len()), (6, 8));
    assert_eq!(store.check().await.unwrap(), []);
    chain.advance("a", 40, 41).await.unwrap();
}

pub(crate) async fn a_copy_holds_the_same_and_fences_off_who_wrote_the_first(store: Store) {
    let mut chain = Chain::claim(&store).await;
    for n in 0..30 {
        let outbox = vec![message(n, at(n as i64))];
        let timeline = vec![decided(at(n as i64), Subject::Alert(alert_id(n)))];
        chain.step(Step { alerts: vec![alert(n, at(n as i64))], timeline, outbox, ..step(at(n as i64)) }).await;
    }
    let other = store::Memory::new().store();
    assert!(store.copy_to(&other).await.unwrap() > 120);
    assert_eq!(store.dump().await.unwrap(), other.dump().await.unwrap());
    let refused = chain.advance("a", 0, 1).await.unwrap_err();
    assert!(matches!(refused, store::CommitError::Fenced { .. }), "{refused}");
    assert!(matches!(store.copy_to(&other).await, Err(StoreError::NotEmpty)));
    // And back, to another of this kind's neighbours.
    let again = store::Memory::new().store();
    other.copy_to(&again).await.unwrap();
    Chain::claim(&again).await.step(Step { alerts: vec![alert(99, at(99))], ..step(at(99)) }).await;
    assert_eq!(again.check().await.unwrap(), []);
}
