//! The labels an alert is shown by. Alertmanager tells alerts apart by their labels and by nothing else; ours may have
//! none. docs/formats.md section 2.

use model::reason::Binding;
use model::{Alert, Labels};

/// What tells apart the alerts whose labels are the same all the same.
const LAST_RESORT: &str = "alert_id";

/// Its own labels; and where those lack them `alertname`, `ci`, `severity`, and of an alert that goes by a key that key
/// and its source.
pub(super) fn labels(alert: &Alert) -> Labels {
    let key = alert.dedup_key.as_deref();
    let fields = [
        ("alertname", Some(alert.alertname())),
        ("ci", ci(alert)),
        ("severity", Some(alert.severity().as_str())),
        ("dedup_key", key),
        ("source", key.map(|_| alert.source.as_str())),
    ];
    with(&alert.labels, fields.into_iter().filter_map(|(name, value)| Some((name, value?))))
}

/// Its own annotations, and what it says in short where nothing shown says it.
pub(super) fn annotations(alert: &Alert) -> Labels {
    let said = alert.labels.get("alertname") == Some(&*alert.summary);
    with(&alert.annotations, (!said).then_some(("summary", &*alert.summary)))
}

/// The same labels, and one that no other alert has.
pub(super) fn told_apart(labels: &Labels, alert: &Alert) -> Labels {
    with(labels, [(LAST_RESORT, alert.id.to_string().as_str())])
}

/// The item it is bound to; else the name it came with, unless a label says that too.
fn ci(alert: &Alert) -> Option<&str> {
    if let Some(ci) = &alert.ci {
        return Some(ci.as_str());
    }
    let name = match &alert.binding {
        Binding::Ambiguous { name, .. } => &**name,
        Binding::Bound { .. } | Binding::Unbound => alert.names.first()?,
    };
    alert.labels.iter().all(|(_, value)| value != name).then_some(name)
}

/// What there is stands; a field that says nothing adds nothing.
fn with<'a>(own: &'a Labels, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Labels {
    let lacking = |(name, value): &(&str, &str)| !value.is_empty() && own.get(name).is_none_or(str::is_empty);
    let more: Vec<(&str, &str)> = fields.into_iter().filter(lacking).collect();
    if more.is_empty() { own.clone() } else { Labels::from_pairs(own.iter().chain(more)) }
}
