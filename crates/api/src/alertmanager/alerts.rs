//! Alerts that fire, as Alertmanager lists them.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use model::matcher::MatchOp;
use model::{Labels, Matcher};
use wire::alertmanager_v2::{AlertGroup, GettableAlert, Receiver};

use super::{By, Refused, filters, yes};
use crate::Api;
use crate::asked::Asked;
use crate::auth::Viewer;

/// The label alerts are grouped by.
const GROUPED_BY: &str = "alertname";

/// Alerts that fire, by fingerprint.
#[utoipa::path(get, path = "/api/v2/alerts", tag = "alertmanager",
    params(
        ("active" = Option<bool>, Query, description = "true unless said"),
        ("silenced" = Option<bool>, Query, description = "true unless said"),
        ("inhibited" = Option<bool>, Query, description = "true unless said"),
        ("unprocessed" = Option<bool>, Query, description = "nothing here is ever unprocessed"),
        ("filter" = Option<String>, Query, description = "a matcher, such as severity=\"critical\"; repeats"),
        ("receiver" = Option<String>, Query, description = "a regular expression for the receiver's name"),
    ),
    responses((status = 200, body = Vec<GettableAlert>)))]
pub(super) async fn list(
    _: By<Viewer>,
    State(api): State<Api>,
    asked: Asked,
) -> Result<Json<Vec<GettableAlert>>, Refused> {
    alerts(&api, &asked).map(Json)
}

/// The same, grouped by `alertname`.
#[utoipa::path(get, path = "/api/v2/alerts/groups", tag = "alertmanager",
    params(
        ("active" = Option<bool>, Query, description = "true unless said"),
        ("silenced" = Option<bool>, Query, description = "true unless said"),
        ("inhibited" = Option<bool>, Query, description = "true unless said"),
        ("muted" = Option<bool>, Query, description = "true unless said"),
        ("filter" = Option<String>, Query, description = "a matcher, such as severity=\"critical\"; repeats"),
        ("receiver" = Option<String>, Query, description = "a regular expression for the receiver's name"),
    ),
    responses((status = 200, body = Vec<AlertGroup>)))]
pub(super) async fn groups(
    _: By<Viewer>,
    State(api): State<Api>,
    asked: Asked,
) -> Result<Json<Vec<AlertGroup>>, Refused> {
    let muted = yes(&asked, "muted")?;
    let mut groups: BTreeMap<String, Vec<GettableAlert>> = BTreeMap::new();
    for alert in alerts(&api, &asked)?.into_iter().filter(|alert| muted || alert.status.muted_by.is_empty()) {
        groups.entry(alert.labels.get(GROUPED_BY).unwrap_or_default().to_owned()).or_default().push(alert);
    }
    let group = |(name, alerts): (String, Vec<GettableAlert>)| AlertGroup {
        labels: Labels::from_pairs((!name.is_empty()).then_some((GROUPED_BY, name))),
        receiver: Receiver::watchfire(),
        alerts,
    };
    Ok(Json(groups.into_iter().map(group).collect()))
}

fn alerts(api: &Api, asked: &Asked) -> Result<Vec<GettableAlert>, Refused> {
    let matchers = filters(asked)?;
    let (active, silenced, inhibited) = (yes(asked, "active")?, yes(asked, "silenced")?, yes(asked, "inhibited")?);
    if let Some(pattern) = asked.one("receiver") {
        let receiver = Matcher::new("receiver", MatchOp::Pattern, pattern).map_err(Refused::bad)?;
        if !receiver.matches_value(&Receiver::watchfire().name) {
            return Ok(Vec::new());
        }
    }
    let labelled = |labels: &Labels| {
        matchers.iter().all(|matcher| matcher.matches_value(labels.get(&matcher.name).unwrap_or_default()))
    };
    let wanted = |alert: &GettableAlert| {
        let status = &alert.status;
        (active || status.state != "active")
            && (silenced || status.silenced_by.is_empty())
            && (inhibited || status.inhibited_by.is_empty())
    };
    let live = api.runtime().live().alerts();
    let matching = live.iter().filter(|alert| labelled(&alert.labels));
    let mut alerts: Vec<GettableAlert> =
        matching.filter_map(|alert| GettableAlert::from_model(alert)).filter(wanted).collect();
    alerts.sort_by(|a, b| a.fingerprint.cmp(&b.fingerprint));
    Ok(alerts)
}
