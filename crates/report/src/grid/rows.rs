//! The columns of each report, and the cells of its rows.

use wire::v1::{
    AvailabilityRow, BurnDown, ChangesRow, ContinuityRow, Exercise, Gap, GapKind, Group, IncidentsRow, NoiseRow,
    ProblemsRow, Ratio, Sample, Seconds, SlaRow, SloRow, WeekRow,
};

use super::{Cell, Column, Tabular};
use crate::availability::is_evident;
use crate::sla::word;

impl Tabular for AvailabilityRow {
    const TITLE: &'static str = "Availability of services";
    const NOTHING: &'static str =
        "No services: the CMDB has no item of class service, nor of a class marked so. Import one, or name an item.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("service"),
        Column::new("availability", "avail."),
        Column::new("objective", "slo"),
        Column::plain("met"),
        Column::new("down_seconds", "down"),
        Column::new("degraded_seconds", "degr."),
        Column::new("planned_seconds", "planned"),
        Column::new("agreed_seconds", "agreed"),
        Column::plain("outages"),
        Column::new("mean_outage_seconds", "mean"),
        Column::new("mtbf_seconds", "mtbf"),
        Column::detail("mtbsi_seconds", "mtbsi"),
        Column::plain("coverage"),
        Column::new("blind_seconds", "blind"),
        Column::new("availability_as_experienced", "felt"),
        Column::detail("customer_minutes_lost", "customer minutes lost"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let unwatched = !is_evident(self);
        let evident = |share: Option<Ratio>| match share {
            Some(Ratio(share)) if unwatched => Cell::Unwatched(share),
            share => portion(share),
        };
        vec![
            Cell::Text(self.service.clone()),
            evident(self.availability),
            self.objective.map_or(Cell::Nothing, |Ratio(objective)| Cell::Objective(objective)),
            self.met.map_or(Cell::Nothing, |met| Cell::Flag { value: met, good: met }),
            seconds(self.down_seconds),
            seconds(self.degraded_seconds),
            seconds(self.planned_seconds),
            seconds(self.agreed_seconds),
            Cell::Count(self.outages),
            length(self.mean_outage_seconds),
            length(self.mtbf_seconds),
            length(self.mtbsi_seconds),
            portion(self.coverage),
            seconds(self.blind_seconds),
            evident(self.availability_as_experienced),
            self.customer_minutes_lost.map_or(Cell::Nothing, |Ratio(minutes)| Cell::Factor(minutes)),
        ]
    }

    fn group(&self) -> Option<&Group> {
        Some(&self.group)
    }
}

impl Tabular for WeekRow {
    const TITLE: &'static str = "When in the week services are down";
    const NOTHING: &'static str = "No hours.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("weekday"),
        Column::plain("hour"),
        Column::plain("outages"),
        Column::new("down_seconds", "down"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(self.weekday.clone()),
            Cell::Count(self.hour),
            Cell::Count(self.outages),
            seconds(self.down_seconds),
        ]
    }
}

impl Tabular for SloRow {
    const TITLE: &'static str = "Objectives and error budgets";
    const NOTHING: &'static str =
        "No SLOs: none of the services asked for has an objective. Give one `objectives: {slo: 0.999}` in the CMDB.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("service"),
        Column::plain("objective"),
        Column::plain("window"),
        Column::new("agreed_seconds", "agreed"),
        Column::new("budget_seconds", "budget"),
        Column::new("consumed_seconds", "consumed"),
        Column::new("remaining_seconds", "remaining"),
        Column::new("burn_rate_1h", "burn 1h"),
        Column::new("burn_rate_6h", "burn 6h"),
        Column::new("burn_rate_24h", "burn 24h"),
        Column::new("burn_rate_72h", "burn 72h"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let burn = |rate: Option<Ratio>| rate.map_or(Cell::Nothing, |Ratio(rate)| Cell::Burn(rate));
        vec![
            Cell::Text(self.service.clone()),
            Cell::Objective(self.objective.0),
            Cell::Text(self.window.clone()),
            seconds(self.agreed_seconds),
            seconds(self.budget_seconds),
            length(self.consumed_seconds),
            length(self.remaining_seconds),
            burn(self.burn_rate.hour),
            burn(self.burn_rate.six_hours),
            burn(self.burn_rate.day),
            burn(self.burn_rate.three_days),
        ]
    }

    fn burn_down(&self) -> Option<&BurnDown> {
        self.burn_down.as_ref()
    }
}

impl Tabular for SlaRow {
    const TITLE: &'static str = "Agreements: targets met and breached";
    const NOTHING: &'static str = "No agreements: none stands in the CMDB for what is asked about. Write one under \
         `agreements`, such as {id: gold, kind: sla, service: checkout, targets: {P1: {respond: 15m, restore: 4h}}}.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("agreement"),
        Column::plain("priority"),
        Column::plain("target"),
        Column::new("target_seconds", "within"),
        Column::plain("attainment"),
        Column::plain("met"),
        Column::plain("breached"),
        Column::plain("running"),
        Column::new("next_breach_at", "next breach"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> =
            [&*self.agreement, &*self.priority, word(self.target)].map(|text| Cell::Text(text.to_owned())).into();
        cells.extend([seconds(self.target_seconds), portion(self.attainment)]);
        cells.extend([self.met, self.breached, self.running].map(Cell::Count));
        cells.push(self.next_breach_at.map_or(Cell::Nothing, |at| Cell::Instant(at.0)));
        cells
    }

    fn group(&self) -> Option<&Group> {
        Some(&self.group)
    }
}

impl Tabular for ContinuityRow {
    const TITLE: &'static str = "Continuity: recovery and recovery points";
    const NOTHING: &'static str = "No continuity objectives: none of the services asked for has an RTO, RPO or MTPD. \
         Give one `objectives: {rto: 1h}` in the CMDB.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("service"),
        Column::new("rto_seconds", "rto"),
        Column::new("rpo_seconds", "rpo"),
        Column::new("mtpd_seconds", "mtpd"),
        Column::plain("recoveries"),
        Column::new("rto_met", "rto met"),
        Column::detail("rto_attainment", "rto attainment"),
        Column::new("worst_recovery_seconds", "worst recovery"),
        Column::new("mean_recovery_seconds", "mean recovery"),
        Column::new("rpo_exposure_seconds", "rpo exposure"),
        Column::new("rpo_worst_seconds", "rpo worst"),
        Column::new("last_exercise_held_at", "last exercise"),
        Column::detail("last_exercise_recovery_seconds", "exercise recovery"),
        Column::detail("last_exercise_recovery_point_seconds", "exercise recovery point"),
        Column::new("last_exercise_passed", "passed"),
        Column::new("exercise_overdue", "overdue"),
        Column::plain("gaps"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let last = self.last_exercise.as_ref();
        let of_last = |figure: fn(&Exercise) -> Option<Seconds>| length(last.and_then(figure));
        vec![
            Cell::Text(self.service.clone()),
            length(self.rto_seconds),
            length(self.rpo_seconds),
            length(self.mtpd_seconds),
            Cell::Count(self.recoveries),
            self.rto_met.map_or(Cell::Nothing, Cell::Count),
            portion(self.rto_attainment),
            length(self.worst_recovery_seconds),
            length(self.mean_recovery_seconds),
            length(self.rpo_exposure_seconds),
            length(self.rpo_worst_seconds),
            last.map_or(Cell::Nothing, |last| Cell::Instant(last.held_at.0)),
            of_last(|last| last.recovery_seconds),
            of_last(|last| last.recovery_point_seconds),
            last.map_or(Cell::Nothing, |last| Cell::Flag { value: last.passed, good: last.passed }),
            self.exercise_overdue.map_or(Cell::Nothing, |overdue| Cell::Flag { value: overdue, good: !overdue }),
            listed(self.gaps.iter().map(gap)),
        ]
    }
}

impl Tabular for IncidentsRow {
    const TITLE: &'static str = "Incidents and the time they took";
    const NOTHING: &'static str = "No incidents in this time.";
    const COLUMNS: &'static [Column] = &[
        Column::detail("mttr_with_service_count", "restored, of services"),
        Column::new("mttr_with_service_mean_seconds", "mttr (services)"),
        Column::new("mttr_with_service_median_seconds", "median"),
        Column::detail("mttr_with_service_p90_seconds", "mttr (services) p90"),
        Column::new("mttr_with_service_p95_seconds", "p95"),
        Column::detail("mttr_without_service_count", "restored, of no service"),
        Column::new("mttr_without_service_mean_seconds", "mttr (rest)"),
        Column::detail("mttr_without_service_median_seconds", "mttr (rest) median"),
        Column::detail("mttr_without_service_p90_seconds", "mttr (rest) p90"),
        Column::detail("mttr_without_service_p95_seconds", "mttr (rest) p95"),
        Column::plain("opened"),
        Column::plain("resolved"),
        Column::plain("reopened"),
        Column::new("never_acknowledged", "never acked"),
        Column::detail("mttd_count", "detected"),
        Column::new("mttd_mean_seconds", "mttd"),
        Column::detail("mttd_median_seconds", "mttd median"),
        Column::detail("mttd_p90_seconds", "mttd p90"),
        Column::detail("mttd_p95_seconds", "mttd p95"),
        Column::detail("mtta_count", "acknowledged"),
        Column::new("mtta_mean_seconds", "mtta"),
        Column::detail("mtta_median_seconds", "mtta median"),
        Column::detail("mtta_p90_seconds", "mtta p90"),
        Column::new("mtta_p95_seconds", "mtta p95"),
        Column::detail("mttr_count", "restored"),
        Column::new("mttr_mean_seconds", "mttr (all)"),
        Column::detail("mttr_median_seconds", "mttr median"),
        Column::detail("mttr_p90_seconds", "mttr p90"),
        Column::detail("mttr_p95_seconds", "mttr p95"),
        Column::detail("mttr_resolve_count", "resolved in all"),
        Column::new("mttr_resolve_mean_seconds", "mttr (resolve)"),
        Column::detail("mttr_resolve_median_seconds", "mttr (resolve) median"),
        Column::detail("mttr_resolve_p90_seconds", "mttr (resolve) p90"),
        Column::detail("mttr_resolve_p95_seconds", "mttr (resolve) p95"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let counts = [self.opened, self.resolved, self.reopened, self.never_acknowledged];
        let samples = [&self.mttd, &self.mtta, &self.mttr, &self.mttr_resolve];
        let headline = [&self.mttr_with_service, &self.mttr_without_service].into_iter().flat_map(sample);
        headline.chain(counts.into_iter().map(Cell::Count)).chain(samples.into_iter().flat_map(sample)).collect()
    }

    fn group(&self) -> Option<&Group> {
        Some(&self.group)
    }
}

impl Tabular for ChangesRow {
    const TITLE: &'static str = "Changes and how they ended";
    const NOTHING: &'static str = "No change touched a service in this time.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("finished"),
        Column::plain("successful"),
        Column::plain("issues"),
        Column::new("backed_out", "backed out"),
        Column::plain("failed"),
        Column::plain("unknown"),
        Column::new("caused_incident", "caused incident"),
        Column::plain("failures"),
        Column::new("failure_rate", "failure rate"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let results = [self.successful, self.issues, self.backed_out, self.failed, self.unknown];
        let counts = std::iter::once(self.finished).chain(results).chain([self.caused_incident, self.failures]);
        counts.map(Cell::Count).chain([portion(self.failure_rate)]).collect()
    }

    fn group(&self) -> Option<&Group> {
        Some(&self.group)
    }
}

impl Tabular for NoiseRow {
    const TITLE: &'static str = "Noise: from events to messages";
    const NOTHING: &'static str = "Nothing came in this time.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("events"),
        Column::plain("alerts"),
        Column::plain("episodes"),
        Column::plain("incidents"),
        Column::plain("told"),
        Column::plain("suppressed"),
        Column::plain("compression"),
        Column::plain("deduplication"),
        Column::new("suppressed_share", "suppressed share"),
        Column::new("told_per_incident", "told per incident"),
    ];

    fn cells(&self) -> Vec<Cell> {
        let counts = [self.events, self.alerts, self.episodes, self.incidents, self.told];
        let mut cells: Vec<Cell> = counts.into_iter().map(Cell::Count).collect();
        cells.push(listed(self.suppressed.iter().map(|(code, count)| format!("{code} {count}"))));
        cells.extend([self.compression, self.deduplication, self.suppressed_share].map(portion));
        cells.push(self.told_per_incident.map_or(Cell::Nothing, |Ratio(factor)| Cell::Factor(factor)));
        cells
    }

    fn group(&self) -> Option<&Group> {
        Some(&self.group)
    }
}

impl Tabular for ProblemsRow {
    const TITLE: &'static str = "Problems by time lost";
    const NOTHING: &'static str = "No problem has an incident or an outage in this time.";
    const COLUMNS: &'static [Column] = &[
        Column::plain("problem"),
        Column::plain("state"),
        Column::new("known_error", "known error"),
        Column::plain("incidents"),
        Column::new("lost_seconds", "lost"),
        Column::new("degraded_seconds", "degr."),
        Column::plain("ci"),
        Column::plain("services"),
        Column::plain("title"),
    ];

    fn cells(&self) -> Vec<Cell> {
        vec![
            Cell::Text(self.problem.clone()),
            Cell::Text(self.state.as_str().to_owned()),
            Cell::Flag { value: self.known_error, good: true },
            Cell::Count(self.incidents),
            seconds(self.lost_seconds),
            seconds(self.degraded_seconds),
            self.ci.clone().map_or(Cell::Nothing, Cell::Text),
            listed(self.services.iter().cloned()),
            Cell::Text(self.title.clone()),
        ]
    }

    fn group(&self) -> Option<&Group> {
        None
    }
}

fn seconds(seconds: Seconds) -> Cell {
    Cell::Seconds(seconds.value())
}

fn length(figure: Option<Seconds>) -> Cell {
    figure.map_or(Cell::Nothing, seconds)
}

fn portion(share: Option<Ratio>) -> Cell {
    share.map_or(Cell::Nothing, |Ratio(share)| Cell::Share(share))
}

fn sample(sample: &Sample) -> [Cell; 5] {
    let [mean, median, p90, p95] =
        [sample.mean_seconds, sample.median_seconds, sample.p90_seconds, sample.p95_seconds].map(length);
    [Cell::Count(sample.count), mean, median, p90, p95]
}

fn gap(gap: &Gap) -> String {
    let kind = match gap.kind {
        GapKind::RtoLonger => "rto_longer",
        GapKind::NoObjective => "no_objective",
        GapKind::NoRecoveryPoint => "no_recovery_point",
        GapKind::RtoOverMtpd => "rto_over_mtpd",
    };
    format!("{} {kind}", gap.requires)
}

fn listed(texts: impl Iterator<Item = String>) -> Cell {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() { Cell::Nothing } else { Cell::List(texts) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row of zeros, as JSON leaves it.
    fn row<T: serde::de::DeserializeOwned>(text: &str) -> T {
        serde_json::from_str(text).expect("it is a row")
    }

    #[track_caller]
    fn every_column_has_its_cell<T: Tabular>(row: &T) {
        assert_eq!(row.cells().len(), T::COLUMNS.len());
        let mut names: Vec<&str> = T::COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), T::COLUMNS.len(), "no two columns share a name");
        let mut headings: Vec<&str> = T::COLUMNS.iter().map(|column| column.heading).collect();
        headings.sort_unstable();
        headings.dedup();
        assert_eq!(headings.len(), T::COLUMNS.len(), "no two columns share a heading");
    }

    const SAMPLE: &str =
        r#"{"count":0,"mean_seconds":null,"median_seconds":null,"p90_seconds":null,"p95_seconds":null}"#;

    #[test]
    fn every_report_has_a_cell_for_each_of_its_columns() {
        every_column_has_its_cell::<AvailabilityRow>(&row(
            r#"{"service":"a","agreed_seconds":0,"down_seconds":0,"degraded_seconds":0,"planned_seconds":0,
                "availability":null,"outages":0,"mean_outage_seconds":null,"mtbf_seconds":null,"mtbsi_seconds":null,
                "objective":null,"met":null,"coverage":null,"blind_seconds":0,"availability_as_experienced":null}"#,
        ));
        every_column_has_its_cell::<SloRow>(&row(
            r#"{"service":"a","objective":0.9,"window":"30d","agreed_seconds":0,"budget_seconds":0,
                "consumed_seconds":0,"remaining_seconds":0,"burn_rate":{"1h":null,"6h":null,"24h":null,"72h":null}}"#,
        ));
        every_column_has_its_cell::<WeekRow>(&row(r#"{"weekday":"mon","hour":0,"outages":0,"down_seconds":0}"#));
        every_column_has_its_cell::<SlaRow>(&row(
            r#"{"agreement":"a","priority":"P1","target":"respond","target_seconds":900,"met":0,"breached":0,
                "running":0,"attainment":null}"#,
        ));
        every_column_has_its_cell::<ContinuityRow>(&row(
            r#"{"service":"a","rto_seconds":null,"rpo_seconds":null,"mtpd_seconds":null,"recoveries":0,"rto_met":null,
                "rto_attainment":null,"worst_recovery_seconds":null,"mean_recovery_seconds":null,
                "rpo_exposure_seconds":null,"rpo_worst_seconds":null,"gaps":[],"last_exercise":null,
                "exercise_overdue":null}"#,
        ));
        every_column_has_its_cell::<IncidentsRow>(&row(&format!(
            r#"{{"group":{{}},"opened":0,"resolved":0,"reopened":0,"never_acknowledged":0,"mttd":{SAMPLE},
                "mtta":{SAMPLE},"mttr":{SAMPLE},"mttr_resolve":{SAMPLE}}}"#
        )));
        every_column_has_its_cell::<ChangesRow>(&row(
            r#"{"group":{},"finished":0,"successful":0,"issues":0,"backed_out":0,"failed":0,"unknown":0,
                "caused_incident":0,"failures":0,"failure_rate":null}"#,
        ));
        every_column_has_its_cell::<NoiseRow>(&row(
            r#"{"group":{},"events":0,"alerts":0,"episodes":0,"incidents":0,"told":0,"suppressed":{},
                "compression":null,"deduplication":null,"suppressed_share":null,"told_per_incident":null}"#,
        ));
        every_column_has_its_cell::<ProblemsRow>(&row(
            r#"{"problem":"a","title":"b","state":"open","known_error":false,"ci":null,"incidents":0,"lost_seconds":0,
                "degraded_seconds":0,"services":[]}"#,
        ));
    }
}
