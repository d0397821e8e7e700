//! Opening: at once and visible; only telling waits.

use model::command::OpenIncident;
use model::incident::{AffectedService, Clocks, DetectedBy, Incident, Major, Priority, Told, urgency_of_severity};
use model::outage::ItemState;
use model::reason::{Evidence, Joining};
use model::{CiId, IncidentId, PipelineName, Reason, Severity, Timestamp};
use topology::{ItemIdx, Rollup};

use super::impact::affected;
use super::priority::weigh_services;
use crate::desk::Desk;
use crate::state::Member;
use crate::timer::Timer;

/// What a person's word weighs.
struct Said {
    impact: u8,
    urgency: u8,
    /// A service of criticality 1 is down by it.
    grave: bool,
}

impl Desk<'_> {
    /// The first incident of an episode. Its id follows from the episode, so it is opened once. `[I6]`
    pub(crate) fn open_incident(
        &mut self,
        member: Member,
        joining: Joining,
        rule: Option<Box<str>>,
    ) -> Option<IncidentId> {
        let (alert, episode) = self.episode(member)?;
        // Within one instant a person may part the same episode off more than once.
        let id =
            (0..).map(|nth| incident_id(member, self.now, nth)).find(|id| !self.state.incidents.contains_key(id))?;
        let recurs = alert.episodes.iter().rev().filter(|other| other.id != member.1).find_map(|other| other.incident);
        let received = episode.counts_from.unwrap_or(episode.first_received_at);
        let started = episode.counts_from.unwrap_or(episode.start).min(received);
        let mut incident = blank(id, alert.pipeline.clone(), self.now);
        incident.domain = self.state.domain.clone();
        incident.topology_version = self.graph().version();
        incident.environment = alert.environment.clone();
        incident.rule_key = rule;
        incident.started_at = started;
        incident.detected_at = received;
        // Opened by the event that made it; for what was suppressed first, where that ended.
        incident.opened_at = self.now;
        incident.recurrence_of = recurs;
        let pipeline = self.pipeline(&incident.pipeline);
        let tell_at = self.now + pipeline.group_wait;
        incident.clocks.tell_at = Some(tell_at);
        self.state.openings.insert(incident.opened_at, id);
        self.state.incidents.insert(id, incident);
        self.state.timers.set(tell_at, Timer::Tell(id));
        self.decide_incident(id, Reason::IncidentOpened { evidence: joining.evidence.clone(), score: joining.score });
        let by_itself = !joining.silently && !matches!(joining.evidence, Evidence::Person { .. });
        self.attach(member, id, joining);
        if by_itself {
            self.note_storm(id);
        }
        Some(id)
    }

    /// A person saw it before any monitoring did.
    pub(crate) fn open_by_hand(&mut self, by: &str, asked: &OpenIncident) -> IncidentId {
        let now = self.now;
        // What a person says twice at one instant are two incidents.
        let derived = |nth: i64| {
            IncidentId::derive(|hash| {
                hash.text("by hand").text(by).text(&asked.title).instant(now);
                (nth > 0).then(|| hash.number(nth));
            })
        };
        let id = (0..).map(derived).find(|id| !self.state.incidents.contains_key(id)).expect("ids do not run out");
        let mut incident = blank(id, PipelineName::from("default"), now);
        incident.domain = self.state.domain.clone();
        incident.topology_version = self.graph().version();
        incident.started_at = asked.started_at.unwrap_or(now).min(now);
        incident.detected_by = asked.detected_by;
        incident.title = model::text::cut(&asked.title, model::limits::TITLE_CHARS_MAX).into();
        incident.title_by = Some(by.into());
        incident.cis = asked.cis.clone();
        incident.cis.sort();
        incident.cis.dedup();
        incident.team = asked.team.clone();
        incident.assigned_by = asked.team.is_some().then(|| by.into());
        incident.by_hand = true;
        incident.touched = true;
        let policy = self.policy.fallback();
        let mut wait = policy.group_wait;
        if let Some(priority) = asked.priority {
            incident.priority = priority;
            incident.priority_by = Some(by.into());
        } else {
            let said = self.as_if_down(&asked.cis);
            (incident.impact, incident.urgency) = (said.impact, said.urgency);
            incident.priority = policy.priority.priority(said.impact, said.urgency);
            wait = if said.grave { wait.min(policy.group_wait_critical) } else { wait };
        }
        let (tell_at, priority) = (now + wait, incident.priority);
        incident.clocks.tell_at = Some(tell_at);
        self.state.openings.insert(incident.opened_at, id);
        self.state.incidents.insert(id, incident);
        self.state.members.entry(id).or_default();
        self.state.timers.set(tell_at, Timer::Tell(id));
        let evidence = Evidence::Person { by: by.into() };
        self.decide_incident(id, Reason::IncidentOpened { evidence, score: 1000 });
        self.propose_major(id, priority);
        self.incident_mut(id);
        id
    }

    /// What a person's word weighs: as much as if each item named were down. It is no evidence, so it lists no service
    /// as affected and makes no outage. docs/measures.md section 9.
    fn as_if_down(&self, cis: &[CiId]) -> Said {
        let graph = self.graph();
        let named: Vec<ItemIdx> = cis.iter().filter_map(|ci| self.item(ci)).collect();
        let mut rollup = Rollup::new();
        named.iter().for_each(|item| rollup.set_own(graph, *item, ItemState::Down));
        let services: Vec<AffectedService> = rollup
            .affected()
            .filter(|(item, _)| graph.is_service(*item))
            .map(|(item, state)| affected(graph, item, state, self.now))
            .collect();
        let production = named.iter().any(|item| graph.environment(*item) == "production");
        let no_service = urgency_of_severity(if named.is_empty() { Severity::Info } else { Severity::Critical });
        let (impact, urgency) = weigh_services(&services, production, no_service);
        let grave = services.iter().any(|service| service.criticality == 1 && service.now == ItemState::Down);
        Said { impact, urgency, grave: grave && production }
    }

    /// What still fires mildly when its incident closes lives on in a new one that is told to nobody.
    pub(crate) fn open_residual(&mut self, of: IncidentId, members: &[Member]) -> Option<IncidentId> {
        let (first, rest) = members.split_first()?;
        for member in members {
            self.detach(*member);
        }
        let joining = || Joining { evidence: Evidence::Opened, score: 0, silently: true, near_misses: Vec::new() };
        let id = self.open_incident(*first, joining(), None)?;
        for member in rest {
            self.attach(*member, id, joining());
        }
        if let Some(incident) = self.incident_mut(id) {
            incident.residual_of = Some(of);
            incident.clocks.tell_at = None;
        }
        self.decide_incident(id, Reason::ResidualOf { incident: of });
        Some(id)
    }
}

fn incident_id(member: Member, now: Timestamp, nth: i64) -> IncidentId {
    IncidentId::derive(|hash| {
        hash.bytes(&member.1.bytes()).instant(now);
        if nth > 0 {
            hash.number(nth);
        }
    })
}

pub(super) fn blank(id: IncidentId, pipeline: PipelineName, now: Timestamp) -> Incident {
    Incident {
        id,
        number: None,
        domain: Default::default(),
        pipeline,
        topology_version: 0,
        environment: None,
        rule_key: None,
        detected_by: DetectedBy::Monitoring,
        started_at: now,
        detected_at: now,
        opened_at: now,
        acknowledged_at: None,
        acknowledged_by: None,
        restored_at: None,
        resolved_at: None,
        closed_at: None,
        reopened_at: Vec::new(),
        holds: Vec::new(),
        impact: 3,
        urgency: 3,
        priority: Priority::P5,
        priority_by: None,
        major: Major::None,
        title: "".into(),
        title_by: None,
        team: None,
        assignee: None,
        assigned_by: None,
        services: Vec::new(),
        cis: Vec::new(),
        sources: Vec::new(),
        causes: Vec::new(),
        changes: Vec::new(),
        problem: None,
        problem_by: None,
        workaround: None,
        parent: None,
        storm: false,
        merged_into: None,
        merge_suggested: Vec::new(),
        residual_of: None,
        recurrence_of: None,
        residual: false,
        preexisting: false,
        stale: false,
        false_positive: None,
        resolution: None,
        review: None,
        comments: Vec::new(),
        touched: false,
        by_hand: false,
        clocks: Clocks::default(),
        told: Told::default(),
        alerts_unlisted: 0,
        version: 0,
    }
}
