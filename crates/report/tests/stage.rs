//! A store in memory with facts made by hand, and short ways to say them.

use model::alert::{Alert, EndedBy, Episode, Flapping, Hot, SeverityStep};
use model::fact::{Correction, MaintenanceWindow};
use model::outage::OutageState;
use model::reason::Binding;
use model::source::{Coverage, Source};
use model::{
    AlertId, CiId, Cmdb, CorrectionId, DeadLetterId, Domain, EpisodeId, Incident, IncidentId, Interval, Labels,
    MaintenanceId, Outage, OutageId, Severity, Span, Step, Timestamp,
};
use report::Question;
use store::{CmdbVersion, Commit, CommitHash, DeadLetter, GENESIS, Memory, PositionAdvance, Store};

/// `HH:MM` or `HH:MM:SS` of 4 May 2026, a Monday; `-HH:MM` is of the day before, `+HH:MM` of the day after.
pub(crate) fn at(clock: &str) -> Timestamp {
    let (day, clock) = match clock.split_at(1) {
        ("-", clock) => (3, clock),
        ("+", clock) => (5, clock),
        _ => (4, clock),
    };
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    Timestamp::parse(&format!("2026-05-{day:02}T{clock}{seconds}Z")).expect("a clock time")
}

pub(crate) fn span(from: &str, to: &str) -> Interval {
    Interval::new(at(from), at(to)).expect("it ends after it begins")
}

/// The day, as seen at its end.
pub(crate) fn of_the_day() -> Question {
    Question::new(at("00:00"), at("+00:00"), at("+00:00"))
}

/// `of_the_day`, of these items.
pub(crate) fn of_items(items: &[&str]) -> Question {
    Question { services: items.iter().map(|id| CiId::from(*id)).collect(), ..of_the_day() }
}

/// Commits, one after another, to one store.
pub(crate) struct Stage {
    memory: Memory,
    epoch: u64,
    previous: CommitHash,
    versions: u64,
}

impl Stage {
    pub(crate) fn empty() -> Stage {
        let memory = Memory::new();
        let epoch = memory.claim().expect("it answers");
        Stage { memory, epoch, previous: GENESIS, versions: 0 }
    }

    /// With a CMDB in force from the first.
    pub(crate) fn with(cmdb: Cmdb) -> Stage {
        let mut stage = Stage::empty();
        stage.import(cmdb, Timestamp::EPOCH);
        stage
    }

    /// With a CMDB as fixtures write it.
    pub(crate) fn of(cmdb: &str) -> Stage {
        Stage::with(testkit::cmdb(cmdb))
    }

    pub(crate) fn import(&mut self, cmdb: Cmdb, from: Timestamp) {
        self.versions += 1;
        self.commit(Vec::new(), Some(CmdbVersion { version: self.versions, from, cmdb }), from);
    }

    /// One step, whose clock is the store's from here on.
    pub(crate) fn step(&mut self, step: Step) {
        let now = step.clock;
        self.commit(vec![step], None, now);
    }

    /// A step at the end of the day.
    pub(crate) fn facts(&mut self, fill: impl FnOnce(&mut Step)) {
        let mut step = Step { clock: at("+00:00"), ..Step::default() };
        fill(&mut step);
        self.step(step);
    }

    /// What could not be read, and what was gone before it could be.
    pub(crate) fn unread(&mut self, now: Timestamp, letters: u64, lost: u64) {
        let letter = |n: u64| DeadLetter {
            id: DeadLetterId::derive(|hash| {
                hash.instant(now).bytes(&n.to_le_bytes());
            }),
            source: "prom".into(),
            format: "native".into(),
            origin: "push".into(),
            reason: "no JSON".into(),
            raw: b"{"[..].into(),
            received_at: now,
        };
        let dead_letters = (0..letters).map(letter).collect();
        let gap = PositionAdvance::lost("kafka/alerts/0", 0, lost);
        self.put(Commit { dead_letters, positions: vec![gap], ..self.begun(now) });
    }

    fn commit(&mut self, steps: Vec<Step>, topology: Option<CmdbVersion>, now: Timestamp) {
        self.put(Commit { steps: steps.into_iter().map(Step::in_full).collect(), topology, ..self.begun(now) });
    }

    fn put(&mut self, commit: Commit) {
        self.previous = self.memory.commit(commit).expect("it is taken").hash;
    }

    fn begun(&self, now: Timestamp) -> Commit {
        Commit {
            epoch: self.epoch,
            previous: self.previous,
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

    pub(crate) fn store(&self) -> Store {
        self.memory.store()
    }
}

/// `to` may be empty: it lasts.
pub(crate) fn outage(service: &str, from: &str, to: &str, state: OutageState, planned: bool) -> Outage {
    let id = OutageId::derive(|hash| {
        hash.text(service).instant(at(from)).text(state.as_str());
    });
    let to = (!to.is_empty()).then(|| at(to));
    Outage { id, service: service.into(), from: at(from), to, state, planned, incident: None }
}

pub(crate) fn window(reference: &str, ci: &str, interval: Interval) -> MaintenanceWindow {
    MaintenanceWindow {
        id: MaintenanceId::derive(|hash| {
            hash.text(reference);
        }),
        reference: reference.into(),
        cis: vec![ci.into()],
        interval,
        recurrence: None,
        reason: "upgrade".into(),
        by: None,
        received_at: interval.start() - Span::DAY,
        deleted: false,
    }
}

/// Said when the day was over. `None`: it lasts; it was up.
pub(crate) fn correction(
    name: &str,
    service: &str,
    from: Timestamp,
    to: Option<Timestamp>,
    state: Option<OutageState>,
) -> Correction {
    Correction {
        id: CorrectionId::derive(|hash| {
            hash.text(name);
        }),
        domain: Domain::default(),
        service: service.into(),
        from,
        to,
        state,
        planned: false,
        instead_of: None,
        reason: "customers said so".into(),
        by: "mia".into(),
        at: at("+00:00"),
        withdrawn: None,
    }
}

pub(crate) fn spoken(ci: &str, source: &str, since: &str) -> Coverage {
    Coverage { ci: ci.into(), source: source.into(), since: at(since) }
}

pub(crate) fn source(name: &str, silent_since: Option<&str>) -> Source {
    Source {
        name: name.into(),
        first_received_at: at("-00:00"),
        progress: at("00:00"),
        heartbeat: None,
        heartbeat_due: None,
        silent_since: silent_since.map(at),
    }
}

/// An alert with one episode: severities by the clock, and its end, which may be empty.
pub(crate) fn alert(key: &str, ci: &str, severities: &[(&str, Severity)], end: &str) -> Alert {
    let steps: Vec<SeverityStep> = severities
        .iter()
        .map(|(clock, severity)| SeverityStep { at: at(clock), severity: *severity, effect: None })
        .collect();
    let start = steps.first().expect("an episode begins with a severity").at;
    let end = (!end.is_empty()).then(|| at(end));
    alert_of(key, Some(ci), vec![episode(key, start, end, steps)])
}

pub(crate) fn episode(key: &str, start: Timestamp, end: Option<Timestamp>, severities: Vec<SeverityStep>) -> Episode {
    Episode {
        id: EpisodeId::derive(|hash| {
            hash.text(key).instant(start);
        }),
        start,
        end,
        ended_by: end.map(|_| EndedBy::Clear),
        deadline: None,
        severities,
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

pub(crate) fn alert_of(key: &str, ci: Option<&str>, episodes: Vec<Episode>) -> Alert {
    let first = episodes.iter().map(|episode| episode.first_received_at).min().unwrap_or_default();
    let last = episodes.iter().filter_map(|episode| episode.end.max(Some(episode.start))).max().unwrap_or(first);
    Alert {
        id: AlertId::derive(|hash| {
            hash.text(key);
        }),
        domain: Domain::default(),
        source: "mon".into(),
        pipeline: "default".into(),
        dedup_key: Some(key.into()),
        environment: None,
        summary: key.into(),
        labels: Labels::from_pairs([("alertname", key)]),
        annotations: Labels::default(),
        url: None,
        ci: ci.map(CiId::from),
        binding: Binding::Unbound,
        names: Vec::new(),
        statements: Vec::new(),
        episodes,
        hot: Hot { count: 1, first_received_at: first, last_received_at: last, repeated: None },
        suppressed: None,
        stale: false,
        flapping: Flapping::default(),
        final_until: None,
        statements_coalesced: 0,
    }
}

/// started, detected = opened, acknowledged, restored, resolved; empty where it did not happen.
pub(crate) fn incident(name: &str, instants: [&str; 5]) -> Incident {
    let [started, opened, acknowledged, restored, resolved] = instants;
    let if_any = |clock: &str| (!clock.is_empty()).then(|| at(clock));
    let id = IncidentId::derive(|hash| {
        hash.text(name);
    });
    Incident {
        started_at: at(started),
        acknowledged_at: if_any(acknowledged),
        restored_at: if_any(restored),
        resolved_at: if_any(resolved),
        impact: 3,
        urgency: 3,
        title: name.into(),
        sources: vec!["mon".into()],
        ..testkit::incident(id, at(opened))
    }
}
