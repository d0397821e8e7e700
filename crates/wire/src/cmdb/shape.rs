//! The keys of a CMDB file, as they are written. Unknown ones are refused.

use serde::{Deserialize, Serialize};
use serde_saphyr::{Error, Spanned};

use super::fault::Fault;

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileShape {
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) classes: Option<Vec<ClassShape>>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) calendars: Option<Vec<CalendarShape>>,
    #[serde(default)]
    pub(super) items: Option<Vec<ItemShape>>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) relationships: Option<Vec<RelationshipShape>>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) agreements: Option<Vec<AgreementShape>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassShape {
    pub(super) id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) down_at: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarShape {
    pub(super) id: String,
    pub(super) time_zone: String,
    pub(super) hours: Vec<HoursShape>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) holidays: Option<Vec<Spanned<String>>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoursShape {
    pub(super) days: Vec<Spanned<String>>,
    pub(super) from: Spanned<String>,
    pub(super) to: Spanned<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ItemShape {
    pub(super) id: Spanned<String>,
    pub(super) class: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) criticality: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) users: Option<u64>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) aliases: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) domain: Option<String>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) requires: Option<Vec<Spanned<String>>>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) uses: Option<Vec<Spanned<String>>>,
    #[serde(default, skip_serializing_if = "empty")]
    pub(super) redundant: Option<Vec<GroupShape>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) objectives: Option<ObjectivesShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) live_since: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) retired_at: Option<Spanned<String>>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupShape {
    pub(super) of: Vec<Spanned<String>>,
    pub(super) k: u32,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ObjectivesShape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) slo: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) slo_window: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) degraded_weight: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rto: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rpo: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) mtpd: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exercise_every: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calendar: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RelationshipShape {
    pub(super) from: Spanned<String>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) to: Spanned<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgreementShape {
    pub(super) id: Spanned<String>,
    pub(super) kind: Spanned<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) team: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) supplier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) calendar: Option<String>,
    pub(super) targets: TargetsShape,
}

/// By priority; the words are `model::incident::Priority`'s.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetsShape {
    #[serde(rename = "P1", default, skip_serializing_if = "Option::is_none")]
    pub(super) p1: Option<TargetShape>,
    #[serde(rename = "P2", default, skip_serializing_if = "Option::is_none")]
    pub(super) p2: Option<TargetShape>,
    #[serde(rename = "P3", default, skip_serializing_if = "Option::is_none")]
    pub(super) p3: Option<TargetShape>,
    #[serde(rename = "P4", default, skip_serializing_if = "Option::is_none")]
    pub(super) p4: Option<TargetShape>,
    #[serde(rename = "P5", default, skip_serializing_if = "Option::is_none")]
    pub(super) p5: Option<TargetShape>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetShape {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) respond: Option<Spanned<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) restore: Option<Spanned<String>>,
}

/// Nesting that no file needs: a bound on what a hostile one can make the parser do.
const DEPTH_MAX: usize = 32;

impl FileShape {
    /// With the place of every value. Reads JSON too, which is YAML.
    pub(super) fn parse_yaml(text: &str) -> Result<FileShape, Box<Error>> {
        let budget = serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_events: usize::MAX,
            max_nodes: usize::MAX,
            max_total_scalar_bytes: usize::MAX,
        };
        let options = serde_saphyr::options! { with_snippet: false, budget: budget };
        let shape: Result<Option<FileShape>, Error> = serde_saphyr::from_str_with_options(text, options);
        shape.map(Option::unwrap_or_default).map_err(Box::new)
    }

    pub(super) fn parse(file: &str, text: &str) -> Result<FileShape, Vec<Fault>> {
        FileShape::parse_yaml(text).map_err(|error| vec![Fault::of_yaml(file, text, &error)])
    }
}

fn empty<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_none_or(Vec::is_empty)
}
