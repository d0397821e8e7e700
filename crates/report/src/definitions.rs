//! What the figures of each report mean, in a sentence each: answered once beside the rows. docs/measures.md has the
//! rules in full.

/// The version of what figures mean. Whoever changes a text below, or the formula behind it, gives a new one: what was issued
/// names the version it was issued under.
pub const VERSION: u64 = 1;

/// Names of figures, as rows have them, with their meaning.
pub type Texts = &'static [(&'static str, &'static str)];

pub const AVAILABILITY: Texts = &[
    ("agreed_seconds", "Time of the window inside the service's calendar, less maintenance; all shares are of it."),
    ("down_seconds", "Agreed time in which the service was down."),
    ("degraded_seconds", "Agreed time in which it was degraded and not down."),
    ("planned_seconds", "Time inside the calendar in which it was down in maintenance."),
    (
        "availability",
        "Agreed time less downtime, as a share of agreed time; degraded time is weighted as agreed, 0 unless said.",
    ),
    ("outages", "Failures that began in the window: unplanned, down, with an instant inside the calendar."),
    ("mean_outage_seconds", "Mean whole length of the failures that ended in the window."),
    ("mtbf_seconds", "Mean time between failures: agreed time less downtime, for each failure."),
    ("mtbsi_seconds", "Mean time between service incidents: MTBF and the mean outage."),
    ("objective", "The availability that is aimed at."),
    ("met", "Whether availability reaches the objective; null of a service without evidence."),
    (
        "coverage",
        "Share of the service and all it requires that any source has ever spoken of; 0 is no evidence, not health.",
    ),
    ("blind_seconds", "Agreed time in which a source that covers the service was silent."),
    ("availability_as_experienced", "Availability round the clock, planned outages counted as down."),
    (
        "customer_minutes_lost",
        "Users of the service times the agreed minutes in which it was down; null where the CMDB does not say how many.",
    ),
];

pub const WEEK: Texts = &[
    ("outages", "Failures that began in this hour of the week: unplanned, down, with an instant inside the calendar."),
    (
        "down_seconds",
        "Agreed time in this hour of the week in which services were down, those of all services together.",
    ),
];

pub const SLO: Texts = &[
    ("objective", "The availability that is aimed at over the window."),
    (
        "window",
        "30d and the like roll and end at the report's end or now; month and quarter are those of the calendar.",
    ),
    ("agreed_seconds", "Agreed time over the whole window, of a month or quarter the rest to come included."),
    ("budget_seconds", "Downtime that the objective allows: (1 - objective) of the agreed time."),
    ("consumed_seconds", "Downtime to date; null, like what follows from it, of a service without evidence."),
    ("remaining_seconds", "Budget less what is consumed; negative when the objective is missed."),
    (
        "burn_rate",
        "Downtime's share of agreed time over the last 1, 6, 24, 72 hours, divided by 1 - objective: above 1 the budget does not last.",
    ),
];

pub const SLA: Texts = &[
    (
        "target",
        "What was agreed: to respond (until the first acknowledgement), or to restore service; both from opening.",
    ),
    (
        "target_seconds",
        "What the clock of the target may show. It runs in the agreement's calendar, and not on hold for the customer or a supplier.",
    ),
    ("met", "Incidents of which it was done in time, where it was done in the window."),
    ("breached", "Incidents of which the clock passed the target in the window, whether it was done since or not."),
    ("running", "Incidents of which neither was so at the end of the window, or now."),
    ("attainment", "met as a share of met and breached."),
    (
        "next_breach_at",
        "When the next of those running passes the target; null where none does, or its clock stands still.",
    ),
];

pub const CONTINUITY: Texts = &[
    ("rto_seconds", "Recovery time objective: the longest acceptable time to restore."),
    ("rpo_seconds", "Recovery point objective: the longest acceptable span of lost data."),
    ("mtpd_seconds", "Maximum tolerable period of disruption."),
    ("recoveries", "Failures that ended in the window, and one still open that has outlasted the RTO."),
    ("rto_met", "Those of them no longer than the RTO."),
    ("rto_attainment", "The share of recoveries that met the RTO."),
    ("worst_recovery_seconds", "The longest of them."),
    ("mean_recovery_seconds", "Their mean."),
    ("rpo_exposure_seconds", "Age of the newest recovery point at the end; of several stores the largest."),
    ("rpo_worst_seconds", "The largest that age was over the window."),
    (
        "gaps",
        "What does not bear out its objectives: what it needs has no RTO (no_objective), a longer one (rto_longer), or no \
         recovery point (no_recovery_point), or its own RTO is longer than its MTPD (rto_over_mtpd).",
    ),
    ("last_exercise", "The continuity test held last, passed or not."),
    ("exercise_overdue", "Whether it was held longer ago than exercises are to be held."),
];

pub const INCIDENTS: Texts = &[
    ("opened", "Incidents opened in the window. Merged ones and false positives count in no figure."),
    ("resolved", "Incidents resolved in the window."),
    ("reopened", "Reopenings in the window; one incident may have several."),
    ("never_acknowledged", "Of those resolved in the window: nobody acknowledged them."),
    (
        "mttd",
        "Mean time to detect: from start to detection, of those detected in the window; older conditions left out.",
    ),
    ("mtta", "Mean time to acknowledge: from opening, of those acknowledged in the window."),
    ("mttr", "Mean time to restore service: from start, of those restored in the window."),
    ("mttr_with_service", "The same of those that affected a service: the headline."),
    ("mttr_without_service", "The same of the rest, which affected none."),
    ("mttr_resolve", "Mean time to resolve: from opening, less time on hold, of those resolved in the window."),
];

pub const PROBLEMS: Texts = &[
    ("incidents", "Its incidents that were opened in the window; merged ones and false positives left out."),
    (
        "lost_seconds",
        "Service-time in the window that was down, unplanned, in outages of its incidents: two services down for an hour are two hours.",
    ),
    ("degraded_seconds", "The same for services that were degraded and not down; no part of lost_seconds."),
    ("services", "The services that lost that time."),
];

pub const CHANGES: Texts = &[
    ("finished", "Changes that were finished in the window, their result known or not."),
    ("successful", "Those that ended successfully."),
    ("issues", "Those that ended with issues: no failures by that alone."),
    ("backed_out", "Those that were taken back."),
    ("failed", "Those whose result is a failure."),
    ("unknown", "Those of which nobody said how they ended."),
    ("caused_incident", "Those that caused an incident, as far as anybody knows, whatever their result."),
    ("failures", "Failed, backed out, or the cause of an incident; each once."),
    ("failure_rate", "Change failure rate: the share of finished changes that are failures."),
];

pub const NOISE: Texts = &[
    ("events", "Statements about alerts received; facts of other kinds and what was rejected left out."),
    (
        "alerts",
        "Alerts that events spoke of (none of Watchfire's own), from the receipt of their first to that of their last.",
    ),
    ("episodes", "Firings that began, by their receipt."),
    ("incidents", "Incidents opened; merged ones and false positives left out."),
    ("told", "Messages to people that were decided."),
    (
        "suppressed",
        "Firings that were suppressed on arrival, by the reason as far as their alerts remember it, else `lifted`.",
    ),
    ("compression", "The share of events that opened no incident."),
    ("deduplication", "The share of events that began no episode."),
    ("suppressed_share", "The share of episodes that were suppressed."),
    ("told_per_incident", "Messages for each incident."),
];

#[cfg(test)]
mod tests {
    use model::BodyDigest;

    use super::*;

    /// Of each version, the digest of its texts: a version that was released keeps its line for ever.
    const KNOWN: &[(u64, &str)] = &[(1, "dig_ca64f5ab37bfe58ccdd8ab61ad693c0c")];

    #[test]
    fn no_definition_changes_without_a_new_version() {
        let all = [AVAILABILITY, WEEK, SLO, SLA, CONTINUITY, INCIDENTS, PROBLEMS, CHANGES, NOISE];
        let digest = BodyDigest::derive(|hash| {
            for (name, text) in all.iter().copied().flatten() {
                hash.text(name).text(text);
            }
        });
        let last = KNOWN.last().map(|(version, digest)| (*version, (*digest).to_owned()));
        let told = "the texts changed: raise VERSION, and add its line to KNOWN";
        assert_eq!(last, Some((VERSION, digest.to_string())), "{told}");
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 + 1 == pair[1].0), "versions follow each other");
    }
}
