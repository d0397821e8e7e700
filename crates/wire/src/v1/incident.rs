//! Incidents, with what is affected and what probably caused it.

use model::AlertId;
use model::fact::ChangeStood;
use model::incident::{Confidence, DetectedBy, HoldFor, IncidentState, Major, Priority, Verdict, number_text};
use model::item::AgreementKind;
use model::outage::ItemState;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::reason::cause::change_text;
use super::{Clock, Instant, Ratio, Review, Seconds, TargetKind, cause_evidence, owned, text, texts};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Incident {
    pub id: String,
    pub number: Option<String>,
    pub domain: String,
    pub environment: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: IncidentState,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub priority: Priority,
    /// 1 high, 2 medium, 3 low.
    pub impact: u8,
    /// 1 high, 2 medium, 3 low.
    pub urgency: u8,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub major: Major,
    pub title: String,
    pub team: Option<String>,
    pub assignee: Option<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub detected_by: DetectedBy,

    pub started_at: Instant,
    pub detected_at: Instant,
    pub opened_at: Instant,
    pub acknowledged_at: Option<Instant>,
    pub restored_at: Option<Instant>,
    pub resolved_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    /// Whose acknowledgement is in force.
    pub acknowledged_by: Option<String>,
    pub reopened_at: Vec<Instant>,
    pub holds: Vec<Hold>,
    /// Told by a service that was asked, as of then; an incident that is written down has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreements: Option<Vec<IncidentAgreement>>,

    /// Cumulative, as `cis` are.
    pub services: Vec<AffectedService>,
    pub cis: Vec<String>,
    pub sources: Vec<String>,
    /// Sorted by id; those that began first, where not all are listed.
    pub alerts: Vec<String>,
    /// Alerts past the pipeline's `max_alerts`: counted, not listed.
    pub alerts_unlisted: u64,
    /// Best first.
    pub causes: Vec<Cause>,
    /// Suspects, the likeliest first.
    pub changes: Vec<SuspectChange>,
    /// The change that caused it, as far as anybody knows: its id.
    pub caused_by_change: Option<String>,
    pub problem: Option<String>,
    pub workaround: Option<String>,
    pub parent: Option<String>,
    /// It stands for a storm: the incidents that name it as their parent.
    pub storm: bool,
    pub merged_into: Option<String>,
    pub merge_suggested: Vec<String>,
    pub residual_of: Option<String>,
    pub recurrence_of: Option<String>,
    /// Alerts too mild to hold up restoration still fire.
    pub residual: bool,
    pub preexisting: bool,
    pub stale: bool,
    /// Why it is said never to have happened.
    pub false_positive: Option<String>,
    /// Its tickets in other systems.
    pub external: Vec<External>,
    pub resolution: Option<Resolution>,
    /// Of a declared major incident, once it is written.
    pub review: Option<Review>,
    pub comments: Vec<Comment>,
    /// Rises with every change.
    pub version: u64,
}

/// One target of an agreement that the incident is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct IncidentAgreement {
    pub agreement: String,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub kind: AgreementKind,
    pub target: TargetKind,
    pub target_seconds: Seconds,
    pub state: Clock,
    /// When it was done, or when the clock passed the target; while it runs, when it will, `None` where it stands.
    pub at: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AffectedService {
    pub id: String,
    /// The worst it was through this incident.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub state: ItemState,
    /// What it is through this incident at present.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub now: ItemState,
    pub since: Instant,
    pub criticality: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cause {
    pub ci: String,
    pub score: Ratio,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub confidence: Confidence,
    /// Each with its `code`, its figures and a sentence in `text`.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub because: Vec<Value>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub verdict: Option<Verdict>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SuspectChange {
    pub id: String,
    pub reference: String,
    pub summary: String,
    pub ci: String,
    /// From its end, or from its start where no end is known, to the start of the incident; 0 while it ran.
    pub before_seconds: Seconds,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub stood: ChangeStood,
    /// So many of the alerting items its item explains, itself included.
    pub explains: u32,
    pub of: u32,
    pub score: Ratio,
    /// Why it is suspected, in a sentence.
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Hold {
    pub from: Instant,
    pub to: Option<Instant>,
    pub until: Option<Instant>,
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub r#for: HoldFor,
    pub reason: String,
    pub by: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct External {
    pub system: String,
    pub id: String,
    pub url: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resolution {
    pub code: Option<String>,
    pub notes: Option<String>,
    /// `null`: by the clock.
    pub by: Option<String>,
    pub forced: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Comment {
    pub at: Instant,
    pub by: String,
    pub text: String,
}

impl Incident {
    /// `members` are the alerts whose episodes it holds, each once, in the order in which they began: past the
    /// pipeline's `max_alerts` they are counted and not listed. `external` is for whoever knows them.
    pub fn from_model(incident: &model::Incident, members: &[AlertId]) -> Incident {
        let unlisted = usize::try_from(incident.alerts_unlisted).unwrap_or(usize::MAX);
        let listed = members.len().saturating_sub(unlisted);
        let mut alerts: Vec<AlertId> = members.iter().take(listed).copied().collect();
        alerts.sort_unstable();
        Incident {
            id: text(incident.id),
            number: incident.number.map(number_text),
            domain: text(&incident.domain),
            environment: owned(incident.environment.as_deref()),
            state: incident.state(),
            priority: incident.priority,
            impact: incident.impact,
            urgency: incident.urgency,
            major: incident.major,
            title: text(&incident.title),
            team: owned(incident.team.as_deref()),
            assignee: owned(incident.assignee.as_deref()),
            detected_by: incident.detected_by,
            started_at: Instant(incident.started_at),
            detected_at: Instant(incident.detected_at),
            opened_at: Instant(incident.opened_at),
            acknowledged_at: incident.acknowledged_at.map(Instant),
            restored_at: incident.restored_at.map(Instant),
            resolved_at: incident.resolved_at.map(Instant),
            closed_at: incident.closed_at.map(Instant),
            acknowledged_by: owned(incident.acknowledged_by.as_deref()),
            reopened_at: incident.reopened_at.iter().copied().map(Instant).collect(),
            holds: incident.holds.iter().map(Hold::from_model).collect(),
            agreements: None,
            services: incident.services.iter().map(AffectedService::from_model).collect(),
            cis: texts(&incident.cis),
            sources: texts(&incident.sources),
            alerts: texts(&alerts),
            alerts_unlisted: incident.alerts_unlisted,
            causes: incident.causes.iter().map(Cause::from_model).collect(),
            changes: incident.changes.iter().map(SuspectChange::from_model).collect(),
            caused_by_change: incident.caused_by().map(|change| text(change.id)),
            problem: incident.problem.map(text),
            workaround: owned(incident.workaround.as_deref()),
            parent: incident.parent.map(text),
            storm: incident.storm,
            merged_into: incident.merged_into.map(text),
            merge_suggested: texts(&incident.merge_suggested),
            residual_of: incident.residual_of.map(text),
            recurrence_of: incident.recurrence_of.map(text),
            residual: incident.residual,
            preexisting: incident.preexisting,
            stale: incident.stale,
            false_positive: owned(incident.false_positive.as_deref()),
            external: Vec::new(),
            resolution: incident.resolution.as_ref().map(Resolution::from_model),
            review: incident.review.as_ref().map(Review::from_model),
            comments: incident.comments.iter().map(Comment::from_model).collect(),
            version: incident.version,
        }
    }
}

impl AffectedService {
    fn from_model(service: &model::incident::AffectedService) -> AffectedService {
        AffectedService {
            id: text(&service.id),
            state: service.state,
            now: service.now,
            since: Instant(service.since),
            criticality: service.criticality,
        }
    }
}

impl Cause {
    fn from_model(cause: &model::incident::Cause) -> Cause {
        Cause {
            ci: text(&cause.ci),
            score: Ratio::of_thousandths(cause.score),
            confidence: cause.confidence,
            because: cause.because.iter().map(cause_evidence).collect(),
            verdict: cause.verdict,
        }
    }
}

impl SuspectChange {
    pub fn from_model(change: &model::incident::SuspectChange) -> SuspectChange {
        SuspectChange {
            id: text(change.id),
            reference: text(&change.reference),
            summary: text(&change.summary),
            ci: text(&change.ci),
            before_seconds: change.before.into(),
            stood: change.stood,
            explains: change.explains,
            of: change.of,
            score: Ratio::of_thousandths(change.score),
            text: change_text(change),
        }
    }
}

impl Hold {
    fn from_model(hold: &model::incident::Hold) -> Hold {
        Hold {
            from: Instant(hold.from),
            to: hold.to.map(Instant),
            until: hold.until.map(Instant),
            r#for: hold.reason_for,
            reason: text(&hold.reason),
            by: text(&hold.by),
        }
    }
}

impl Resolution {
    pub(super) fn from_model(resolution: &model::incident::Resolution) -> Resolution {
        Resolution {
            code: owned(resolution.code.as_deref()),
            notes: owned(resolution.notes.as_deref()),
            by: owned(resolution.by.as_deref()),
            forced: resolution.forced,
        }
    }
}

impl Comment {
    pub(super) fn from_model(comment: &model::incident::Comment) -> Comment {
        Comment { at: Instant(comment.at), by: text(&comment.by), text: text(&comment.text) }
    }
}
