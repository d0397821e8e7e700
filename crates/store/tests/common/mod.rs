//! What the tests of a store are made of: things to store, a writer that keeps the chain, places to put files.

#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod postgres;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use model::alert::{Alert, EndedBy, Episode, Firing, Flapping, Hot, SeverityStep, Statement};
use model::fact::{Change, ChangeKind, ChangeStatus, Correction, MaintenanceWindow, Recurrence, Silence};
use model::incident::{AffectedService, Incident};
use model::outage::{ItemState, OutageState};
use model::problem::{Problem, ProblemOrigin, ProblemState};
use model::reason::{Binding, Reason};
use model::source::Source;
use model::step::{Counts, Decision, KnownEpisode, OutboxMessage, Subject, TellKind};
use model::{
    AlertId, ChangeId, CommitHash, CorrectionId, DeadLetterId, Domain, EpisodeId, IncidentId, Interval, Labels,
    MaintenanceId, Matcher, Outage, OutageId, OutboxId, ProblemId, Severity, SilenceId, Span, Step, Timestamp,
};
use store::{AuditEntry, Commit, CommitError, Committed, DeadLetter, GENESIS, PositionAdvance, Receipt, Store};

/// Noon of some day, and so many seconds.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_date(2026, 5, 1) + Span::from_hours(12) + Span::from_seconds(seconds)
}

pub(crate) fn days(days: i64) -> Timestamp {
    at(days * 86_400)
}

pub(crate) fn between(from: i64, to: i64) -> Interval {
    Interval::new(at(from), at(to)).expect("the right way round")
}

macro_rules! ids {
    ($($name:ident -> $id:ident),* $(,)?) => {$(
        pub(crate) fn $name(n: u64) -> $id {
            $id::derive(|d| { d.number(n as i64); })
        }
    )*};
}
ids! {
    alert_id -> AlertId, incident_id -> IncidentId, problem_id -> ProblemId, outage_id -> OutageId,
    silence_id -> SilenceId, window_id -> MaintenanceId, correction_id -> CorrectionId, change_id -> ChangeId, message_id -> OutboxId,
    letter_id -> DeadLetterId, commit_hash -> CommitHash,
}

pub(crate) fn episode_id(alert: u64, n: u64) -> EpisodeId {
    EpisodeId::derive(|d| {
        d.number(alert as i64).number(n as i64);
    })
}

/// A firing alert on item `ci-{n % 3}`, since `start`, with one statement and one open episode.
pub(crate) fn alert(n: u64, start: Timestamp) -> Alert {
    let severity = Severity::ALL[(n % 4) as usize];
    Alert {
        id: alert_id(n),
        domain: Domain::default(),
        source: "prom".into(),
        pipeline: "default".into(),
        dedup_key: Some(format!("key/{n}").into()),
        environment: None,
        summary: format!("Disk of host-{n} is FULL").into(),
        labels: Labels::from_pairs([("alertname", "DiskFull".to_owned()), ("host", format!("host-{n}"))]),
        annotations: Labels::default(),
        url: None,
        ci: Some(format!("ci-{}", n % 3).into()),
        binding: Binding::Unbound,
        names: Vec::new(),
        statements: vec![Statement::Firing(Firing {
            instant: start,
            start,
            own_instant: false,
            undated: false,
            severity,
            effect: None,
            first_received_at: start,
            last_received_at: start,
            ends_at: None,
        })],
        episodes: vec![episode(n, 0, start, None)],
        hot: Hot { count: 1, first_received_at: start, last_received_at: start, repeated: None },
        suppressed: None,
        stale: false,
        flapping: Flapping::default(),
        final_until: None,
        statements_coalesced: 0,
    }
}

pub(crate) fn episode(alert: u64, n: u64, start: Timestamp, end: Option<Timestamp>) -> Episode {
    let severity = Severity::ALL[(alert % 4) as usize];
    Episode {
        id: episode_id(alert, n),
        start,
        end,
        ended_by: end.map(|_| EndedBy::Clear),
        deadline: None,
        severities: vec![SeverityStep { at: start, severity, effect: None }],
        first_received_at: start,
        ended_received_at: end,
        counting_since: Some(start),
        incident: None,
        joining: None,
        suppressed: None,
        counts_from: None,
        too_old: false,
        preexisting: false,
        false_positive: false,
        unlinked_from: None,
    }
}

pub(crate) fn incident(n: u64, opened_at: Timestamp) -> Incident {
    Incident {
        title: format!("Checkout DOWN, number {n}").into(),
        team: Some("team-payments".into()),
        services: vec![AffectedService {
            id: format!("service-{}", n % 2).into(),
            state: ItemState::Down,
            now: ItemState::Down,
            since: opened_at,
            criticality: 1,
        }],
        cis: vec![format!("ci-{}", n % 3).into()],
        sources: vec!["prom".into()],
        ..testkit::incident(incident_id(n), opened_at)
    }
}

pub(crate) fn problem(n: u64, opened_at: Timestamp) -> Problem {
    Problem {
        id: problem_id(n),
        number: None,
        domain: Domain::default(),
        state: ProblemState::Proposed,
        origin: ProblemOrigin::Recurrence,
        title: format!("ci-{n}: DiskFull recurs").into(),
        ci: Some(format!("ci-{n}").into()),
        signature: Some("DiskFull".into()),
        incidents: Vec::new(),
        opened_at,
        resolved_at: None,
        closed_at: None,
        known_error: false,
        workaround: None,
        cause: None,
        team: None,
        assignee: None,
        duplicate_of: None,
        comments: Vec::new(),
        version: 1,
    }
}

pub(crate) fn outage(n: u64, service: &str, from: Timestamp, to: Option<Timestamp>) -> Outage {
    Outage {
        id: outage_id(n),
        service: service.into(),
        from,
        to,
        state: OutageState::Down,
        planned: false,
        incident: None,
    }
}

pub(crate) fn silence(n: u64, interval: Interval) -> Silence {
    let matchers = vec![Matcher::parse("host=~\"db-.*\"").expect("a matcher")];
    Silence {
        id: silence_id(n),
        matchers,
        interval,
        by: "ana".into(),
        comment: "known".into(),
        updated_at: interval.start(),
    }
}

pub(crate) fn window(n: u64, ci: &str, interval: Interval) -> MaintenanceWindow {
    MaintenanceWindow {
        id: window_id(n),
        reference: format!("MW{n}").into(),
        cis: vec![ci.into()],
        interval,
        recurrence: None,
        reason: "patches".into(),
        by: None,
        received_at: interval.start(),
        deleted: false,
    }
}

pub(crate) fn correction(n: u64, service: &str, over: Interval) -> Correction {
    Correction {
        id: correction_id(n),
        domain: Domain::default(),
        service: service.into(),
        from: over.start(),
        to: Some(over.end()),
        state: Some(OutageState::Down),
        planned: false,
        instead_of: None,
        reason: "customers said so".into(),
        by: "mia".into(),
        at: over.end(),
        withdrawn: None,
    }
}

/// A window that recurs until it last begins then; for ever where that is not said.
pub(crate) fn recurring(n: u64, ci: &str, first: Interval, last: Option<Timestamp>) -> MaintenanceWindow {
    let shortened = vec![Interval::or_empty(first.start() + Span::DAY, first.start() + Span::DAY)];
    let rule = "FREQ=DAILY".into();
    let recurrence = Recurrence { rule, time_zone: "Europe/Berlin".into(), last, shortened };
    MaintenanceWindow { recurrence: Some(recurrence), ..window(n, ci, first) }
}

pub(crate) fn change(n: u64, ci: &str, received_at: Timestamp) -> Change {
    Change {
        id: change_id(n),
        reference: format!("CHG{n:04}").into(),
        kind: ChangeKind::Normal,
        status: ChangeStatus::Started,
        result: None,
        summary: "new release".into(),
        cis: vec![ci.into()],
        starts_at: Some(received_at),
        ends_at: None,
        received_at,
    }
}

pub(crate) fn source(name: &str, progress: Timestamp) -> Source {
    Source {
        name: name.into(),
        first_received_at: progress,
        progress,
        heartbeat: None,
        heartbeat_due: None,
        silent_since: None,
    }
}

pub(crate) fn decided(at: Timestamp, subject: Subject) -> Decision {
    Decision { at, subject, reason: Reason::FirstStatement, by: None }
}

pub(crate) fn message(n: u64, at: Timestamp) -> OutboxMessage {
    let subject = Subject::Incident(incident_id(n));
    OutboxMessage { id: message_id(n), at, kind: TellKind::Opened, subject, version: 1, notify: true }
}

pub(crate) fn letter(n: u64, received_at: Timestamp) -> DeadLetter {
    DeadLetter {
        id: letter_id(n),
        source: "zabbix".into(),
        format: "native".into(),
        origin: format!("push/{n}").into(),
        reason: "no summary".into(),
        raw: vec![0, 159, 146, 150, n as u8].into(),
        received_at,
    }
}

pub(crate) fn audit(at: Timestamp, by: &str, action: &str) -> AuditEntry {
    AuditEntry { at, by: by.into(), action: action.into(), subject: "INC0000001".into(), detail: "{}".into() }
}

pub(crate) fn receipt(key: &str, answer: &str, at: Timestamp) -> Receipt {
    Receipt { key: key.into(), answer: answer.into(), at }
}

/// The step as an engine says it that forgets these alerts: it needs none of their episodes, remembers nothing said.
pub(crate) fn forgetting(mut step: Step, alerts: &[&Alert]) -> Step {
    for alert in alerts {
        let history = |episode| KnownEpisode { needed: false, ..KnownEpisode::of(alert, episode) };
        step.episodes.extend(alert.episodes.iter().map(history));
        step.statements_forgotten.extend(alert.statements.iter().map(|said| (alert.id, said.key())));
    }
    step
}

/// As lists and single questions show it: without what was said.
pub(crate) fn shown(alert: Alert) -> Alert {
    Alert { statements: Vec::new(), ..alert }
}

/// A step of the default domain that decided nothing yet.
pub(crate) fn step(clock: Timestamp) -> Step {
    Step { clock, ..Step::default() }
}

pub(crate) fn counts(opened: u64, repeated: u64) -> Counts {
    Counts { events: opened + repeated, opened, repeated, ..Counts::default() }
}

/// A commit that says nothing yet, the first of an empty store.
pub(crate) fn commit(now: Timestamp) -> Commit {
    Commit {
        epoch: 1,
        previous: GENESIS,
        positions: Vec::new(),
        steps: Vec::new(),
        dead_letters: Vec::new(),
        audit: Vec::new(),
        receipts: Vec::new(),
        topology: None,
        owed: None,
        holds: None,
        outputs: Vec::new(),
        now,
    }
}

/// One who claimed a store and commits to it, each time after the last. What a step says of an alert is all there is:
/// its episodes and statements are written whole.
#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) store: Store,
    pub(crate) epoch: u64,
    pub(crate) previous: CommitHash,
}

impl Chain {
    pub(crate) async fn claim(store: &Store) -> Chain {
        let epoch = store.claim().await.expect("the store answers");
        let previous = store.load().await.expect("the store answers").last_hash;
        Chain { store: store.clone(), epoch, previous }
    }

    pub(crate) async fn try_commit(&mut self, commit: Commit) -> Result<Committed, CommitError> {
        let steps = commit.steps.into_iter().map(Step::in_full).collect();
        let commit = Commit { epoch: self.epoch, previous: self.previous, steps, ..commit };
        let committed = self.store.commit(commit).await?;
        self.previous = committed.hash;
        Ok(committed)
    }

    pub(crate) async fn commit(&mut self, commit: Commit) -> Committed {
        self.try_commit(commit).await.expect("the commit is taken")
    }

    /// Commits one step at its own clock.
    pub(crate) async fn step(&mut self, step: Step) -> Committed {
        let now = step.clock;
        self.commit(Commit { steps: vec![step], ..commit(now) }).await
    }

    pub(crate) async fn advance(&mut self, slot: &str, from: u64, to: u64) -> Result<Committed, CommitError> {
        self.try_commit(Commit { positions: vec![PositionAdvance::new(slot, from, to)], ..commit(at(0)) }).await
    }
}

/// A folder that is gone when the test is over.
#[derive(Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("watchfire-store-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}
