//! Alerts that fire, as Alertmanager lists them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use model::matcher::MatchOp;
use model::{Alert, Labels, Matcher};
use wire::alertmanager_v2::{AlertGroup, GettableAlert, Receiver, silence_uuid};

use super::{By, Refused, filters, silences, yes};
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
    alerts(&api, &asked).await.map(Json)
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
    for alert in alerts(&api, &asked).await?.into_iter().filter(|alert| muted || alert.status.muted_by.is_empty()) {
        groups.entry(alert.labels.get(GROUPED_BY).unwrap_or_default().to_owned()).or_default().push(alert);
    }
    let group = |(name, alerts): (String, Vec<GettableAlert>)| AlertGroup {
        labels: Labels::from_pairs((!name.is_empty()).then_some((GROUPED_BY, name))),
        receiver: Receiver::watchfire(),
        alerts,
    };
    Ok(Json(groups.into_iter().map(group).collect()))
}

async fn alerts(api: &Api, asked: &Asked) -> Result<Vec<GettableAlert>, Refused> {
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
            && labelled(&alert.labels)
    };
    let mut shown = shown(api);
    shown.retain(|(_, alert)| wanted(alert));
    name_silences(api, &mut shown).await?;
    Ok(shown.into_iter().map(|(_, alert)| alert).collect())
}

/// Everything that fires, by fingerprint, no two with one fingerprint.
fn shown(api: &Api) -> Vec<(Arc<Alert>, GettableAlert)> {
    let live = api.runtime().live().alerts();
    let firing = live.into_iter().filter_map(|alert| GettableAlert::from_model(&alert).map(|shown| (alert, shown)));
    let mut shown: Vec<(Arc<Alert>, GettableAlert)> = firing.collect();
    let by_fingerprint = |a: &(_, GettableAlert), b: &(_, GettableAlert)| a.1.fingerprint.cmp(&b.1.fingerprint);
    shown.sort_by(by_fingerprint);
    // All that are alike, not all but one: which comes first is no reason to be called otherwise.
    for alike in shown.chunk_by_mut(|a, b| a.1.fingerprint == b.1.fingerprint).filter(|alike| alike.len() > 1) {
        alike.iter_mut().for_each(|(alert, shown)| shown.tell_apart(alert));
    }
    shown.sort_by(by_fingerprint);
    shown
}

/// The engine keeps the silence that holds longest; here all that match are named.
async fn name_silences(api: &Api, shown: &mut [(Arc<Alert>, GettableAlert)]) -> Result<(), Refused> {
    if shown.iter().all(|(_, alert)| alert.status.silenced_by.is_empty()) {
        return Ok(());
    }
    let now = api.now();
    let mut silences = silences::all(api, now).await?;
    silences.retain(|silence| silence.interval.contains(now));
    for (alert, shown) in shown.iter_mut().filter(|(_, alert)| !alert.status.silenced_by.is_empty()) {
        let matching = silences.iter().filter(|silence| silence.matches(alert));
        let named = &mut shown.status.silenced_by;
        named.extend(matching.map(|silence| silence_uuid(silence.id)));
        named.sort();
        named.dedup();
    }
    Ok(())
}
