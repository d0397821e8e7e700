//! How services stand: as many series as there are services, so what is shown is bounded by whoever says it, and what is
//! gone is taken away.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use model::Timestamp;
use prometheus::core::Collector;
use prometheus::{Gauge, GaugeVec, IntGauge, Opts};

use crate::metrics::{VALID, gauge, seconds};

/// What is known of one service; what is not has no series.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceFigures {
    pub service: String,
    /// A share of one.
    pub availability: Option<f64>,
    /// A share of the whole budget; below nought the objective is missed.
    pub error_budget_remaining: Option<f64>,
    /// By the window that each is over, such as `1h`.
    pub burn_rates: Vec<(&'static str, Option<f64>)>,
}

#[derive(Clone, Debug)]
pub(crate) struct Services {
    availability: GaugeVec,
    budget: GaugeVec,
    burn_rate: GaugeVec,
    left_out: IntGauge,
    measured_at: Gauge,
    /// The labels of every series that is shown.
    shown: Arc<Mutex<BTreeSet<Series>>>,
}

/// Which of the gauges, and its labels.
type Series = (Figure, Vec<String>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Figure {
    Availability,
    Budget,
    BurnRate,
}

impl Default for Services {
    fn default() -> Services {
        Services {
            availability: shares(
                "watchfire_service_availability_ratio",
                "Availability over the window of the objective.",
                &["service"],
            ),
            budget: shares(
                "watchfire_service_error_budget_remaining_ratio",
                "What is left of the error budget, as a share of it.",
                &["service"],
            ),
            burn_rate: shares(
                "watchfire_service_burn_rate",
                "How fast the error budget burned, 1 being as fast as the objective allows.",
                &["service", "window"],
            ),
            left_out: gauge(
                "watchfire_services_left_out",
                "Services of which no figures are shown: there are too many.",
            ),
            measured_at: seconds(
                "watchfire_services_measured_timestamp_seconds",
                "When figures of services were computed last.",
            ),
            shown: Arc::default(),
        }
    }
}

impl Services {
    pub(crate) fn collectors(&self) -> Vec<Box<dyn Collector>> {
        vec![
            Box::new(self.availability.clone()),
            Box::new(self.budget.clone()),
            Box::new(self.burn_rate.clone()),
            Box::new(self.left_out.clone()),
            Box::new(self.measured_at.clone()),
        ]
    }

    pub(crate) fn stand(&self, at: Timestamp, services: &[ServiceFigures], left_out: usize) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let known: Vec<(Series, f64)> = services.iter().flat_map(series).collect();
        for ((figure, labels), value) in &known {
            self.of(*figure).with_label_values(&words(labels)).set(*value);
        }
        let now: BTreeSet<Series> = known.into_iter().map(|(series, _)| series).collect();
        for (figure, labels) in shown.difference(&now) {
            drop(self.of(*figure).remove_label_values(&words(labels)));
        }
        *shown = now;
        self.left_out.set(left_out as i64);
        self.measured_at.set(at.micros() as f64 / 1e6);
    }

    fn of(&self, figure: Figure) -> &GaugeVec {
        match figure {
            Figure::Availability => &self.availability,
            Figure::Budget => &self.budget,
            Figure::BurnRate => &self.burn_rate,
        }
    }
}

fn series(of: &ServiceFigures) -> Vec<(Series, f64)> {
    let labels = || vec![of.service.clone()];
    let availability = of.availability.map(|share| ((Figure::Availability, labels()), share));
    let budget = of.error_budget_remaining.map(|share| ((Figure::Budget, labels()), share));
    let burn_rates = of.burn_rates.iter().filter_map(|(window, rate)| {
        Some(((Figure::BurnRate, vec![of.service.clone(), (*window).to_owned()]), (*rate)?))
    });
    availability.into_iter().chain(budget).chain(burn_rates).collect()
}

fn words(labels: &[String]) -> Vec<&str> {
    labels.iter().map(String::as_str).collect()
}

fn shares(name: &str, help: &str, labels: &[&str]) -> GaugeVec {
    GaugeVec::new(Opts::new(name, help), labels).expect(VALID)
}

#[cfg(test)]
mod tests {
    use crate::Metrics;

    use super::*;

    fn figures(service: &str, burn_rate: Option<f64>) -> ServiceFigures {
        ServiceFigures {
            service: service.to_owned(),
            availability: Some(0.999),
            error_budget_remaining: burn_rate.map(|_| -0.25),
            burn_rates: vec![("1h", burn_rate), ("6h", None)],
        }
    }

    #[test]
    fn what_is_known_of_a_service_is_shown_and_what_is_gone_is_taken_away() {
        let (metrics, at) = (Metrics::default(), Timestamp::from_seconds(1_800_000_000));
        let of_services = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.starts_with("watchfire_service"));
            lines.map(str::to_owned).collect()
        };
        metrics.services_stand(at, &[figures("mail", None), figures("shop", Some(2.5))], 3);
        assert_eq!(
            of_services(&metrics.text()),
            [
                r#"watchfire_service_availability_ratio{service="mail"} 0.999"#,
                r#"watchfire_service_availability_ratio{service="shop"} 0.999"#,
                r#"watchfire_service_burn_rate{service="shop",window="1h"} 2.5"#,
                r#"watchfire_service_error_budget_remaining_ratio{service="shop"} -0.25"#,
                "watchfire_services_left_out 3",
                "watchfire_services_measured_timestamp_seconds 1800000000",
            ]
        );
        metrics.services_stand(at, &[figures("shop", None)], 0);
        assert_eq!(
            of_services(&metrics.text()),
            [
                r#"watchfire_service_availability_ratio{service="shop"} 0.999"#,
                "watchfire_services_left_out 0",
                "watchfire_services_measured_timestamp_seconds 1800000000",
            ]
        );
    }
}
