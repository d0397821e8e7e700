//! What a pipeline does, in sentences that people read who did not write its file.

use engine::{Anchor, Clears, Expiry, Inhibit, Order, Pipeline, Rule};
use model::{Effect, Matcher, Span};
use wire::Decoder;
use wire::decoder::{BindName, DomainRule, Identity};

use crate::pipeline::Compiled;

/// Sentences, by what they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Which events are its own.
    pub takes: String,
    /// How they are read.
    pub reading: Vec<String>,
    /// When an alert begins, ends and counts.
    pub alerts: Vec<String>,
    /// Who belongs to one incident.
    pub together: Vec<String>,
    /// The clocks of an incident, and what it is worth.
    pub incidents: Vec<String>,
}

impl Words {
    pub fn of(pipeline: &Compiled) -> Words {
        Words {
            takes: takes(pipeline),
            reading: reading(&pipeline.decoder),
            alerts: alerts(&pipeline.policy),
            together: together(&pipeline.policy),
            incidents: incidents(&pipeline.policy),
        }
    }
}

fn takes(pipeline: &Compiled) -> String {
    let selector = &pipeline.selector;
    if selector.is_everything() {
        return "Takes what no other pipeline takes.".to_owned();
    }
    let format = selector.format.map_or("any format".to_owned(), |format| format!("the format {}", format.as_str()));
    let source = match &*selector.source {
        source if source.chars().all(|c| c == '*') => "any source".to_owned(),
        source if source.contains('*') => format!("sources called like `{source}`"),
        source => format!("the source `{source}`"),
    };
    format!("Takes events in {format}, of {source}.")
}

fn reading(decoder: &Decoder) -> Vec<String> {
    let mut said = vec![identity(decoder), severity(decoder)];
    said.extend(decoder.effects.iter().map(|(matchers, effect)| {
        let means = match effect {
            Effect::Down => "means that its item is down",
            Effect::Degraded => "means that its item works worse",
            Effect::None => "says nothing about whether its item works",
        };
        format!("An event with {} {means}.", all_of(matchers))
    }));
    said.push(match decoder.bind.is_empty() {
        true => "No item is looked for.".to_owned(),
        false => {
            format!("Its item is looked for under, the most trusted first: {}.", listed(decoder.bind.iter().map(name)))
        }
    });
    match &decoder.domain {
        DomainRule::Fixed(domain) if *domain == model::Domain::default() => {}
        DomainRule::Fixed(domain) => said.push(format!("Everything belongs to the domain `{domain}`.")),
        DomainRule::Label(label) => said.push(format!("The label `{label}` says which domain an event belongs to.")),
    }
    said
}

fn identity(decoder: &Decoder) -> String {
    let labels = match &decoder.identity {
        Identity::All if decoder.drop.is_empty() => "all their labels are equal".to_owned(),
        Identity::All => format!("all their labels but {} are equal", listed(quoted(&decoder.drop))),
        Identity::Labels(labels) => format!("the labels {} are equal", listed(quoted(labels))),
    };
    format!("Events speak of the same alert where {labels}, or where they carry the same `dedup_key`.")
}

fn severity(decoder: &Decoder) -> String {
    let words = decoder.severity_map.iter().map(|(word, severity)| format!("`{word}` is {}", severity.as_str()));
    let words: Vec<String> = words.collect();
    let of_its_own = if words.is_empty() { String::new() } else { format!(": {}", words.join(", ")) };
    format!("Severity is what `{}` says{of_its_own}.", decoder.severity_from)
}

fn name(name: &BindName) -> String {
    match name {
        BindName::Ci => "the event's own `ci`".to_owned(),
        BindName::Label(label) => format!("label `{label}`"),
    }
}

fn alerts(policy: &Pipeline) -> Vec<String> {
    let mut said = vec![format!(
        "An alert counts from severity {} on; what is milder opens no incident.",
        policy.open_at.as_str()
    )];
    if policy.order == Order::Arrival {
        said.push(
            "Events are taken in the order in which they come: the times that the source gives are not used."
                .to_owned(),
        );
    }
    said.push(match policy.clears {
        Clears::Always => "An alert ends when its source says so.".to_owned(),
        Clears::Never => "The source never says that something is over: a person does, and is believed.".to_owned(),
    });
    said.push(match policy.expiry {
        Expiry::Clock => "Where the source says until when an alert holds, it ends then unless said again.".to_owned(),
        Expiry::Source => format!(
            "Where the source says until when an alert holds, it ends then unless said again; while the source is silent \
             it is kept for {} as stale, since silence is no good news.",
            policy.stale_limit
        ),
    });
    said.extend(policy.resolve_timeout.map(|after| format!("An alert that is not said again for {after} has ended.")));
    said.push(match &policy.flapping {
        None => "Flapping is not looked for.".to_owned(),
        Some(flapping) => format!(
            "An alert that changes {} times within {} is flapping, until it stays as it is for {}.",
            flapping.changes, flapping.within, flapping.steady
        ),
    });
    said.extend(policy.inhibit.iter().map(inhibited));
    said
}

fn inhibited(inhibit: &Inhibit) -> String {
    let equal = match inhibit.equal.is_empty() {
        true => String::new(),
        false => format!(", with the same {}", listed(quoted(&inhibit.equal))),
    };
    format!(
        "While an alert with {} fires, one with {}{equal} is explained by it and tells nobody.",
        all_of(&inhibit.source),
        all_of(&inhibit.target)
    )
}

fn together(policy: &Pipeline) -> Vec<String> {
    let mut said: Vec<String> = policy.rules.iter().map(rule).collect();
    said.push(format!(
        "Alerts whose items depend on each other join one incident within {} of its alerts, and until {} after it began.",
        policy.join_window.gap, policy.join_window.cap
    ));
    said.push(match &policy.storm {
        None => "Storms are not looked for.".to_owned(),
        Some(storm) => format!(
            "{} incidents that open within {} are a storm: one incident stands for them, and only P1 and P2 are told \
             one by one.",
            storm.incidents, storm.within
        ),
    });
    said.push(format!("An incident lists {} alerts; further ones count, and are not listed.", policy.max_alerts));
    said
}

fn rule(rule: &Rule) -> String {
    let which = match rule.matchers.is_empty() {
        true => "All alerts".to_owned(),
        false => format!("Alerts with {}", all_of(&rule.matchers)),
    };
    let alike = match rule.group_by.is_empty() {
        true => String::new(),
        false => format!(" and the same {}", listed(quoted(&rule.group_by))),
    };
    let from = match rule.anchor {
        Anchor::First => "of its first alert",
        Anchor::Last => "of its newest alert",
        Anchor::Start => "of the start that the source says",
    };
    let alone = if rule.exclusive { "; nothing else joins it" } else { "" };
    format!("Rule `{}`: {}{alike} make one incident, within {} {from}{alone}.", rule.name, which, rule.window)
}

fn incidents(policy: &Pipeline) -> Vec<String> {
    let rows = policy.priority.0.iter().map(|row| row.map(|priority| priority.as_str()).join(" "));
    let mut said = vec![
        told_after(policy.group_wait, policy.group_wait_critical),
        format!(
            "It is restored once nothing from severity {} on fires, and resolved after {} of quiet.",
            policy.restore_at.as_str(),
            policy.quiet_period
        ),
        format!("What fires again within {} of that opens the same incident again.", policy.reopen_window),
        format!("It is closed {} after it was resolved.", policy.close_after),
        format!(
            "Priority, by impact from high to low, and in each by urgency: {}.",
            rows.collect::<Vec<_>>().join(" / ")
        ),
        match policy.auto_declare {
            true => "A P1 is declared a major incident.".to_owned(),
            false => "A P1 is proposed as a major incident; a person declares it.".to_owned(),
        },
    ];
    if policy.clears == Clears::Always {
        said.push(format!(
            "Resolved by a person while an alert fires, it opens again where that is said {} later.",
            policy.recheck_after
        ));
    }
    said
}

fn told_after(wait: Span, critical: Span) -> String {
    match wait == critical {
        true => format!("People are told {wait} after it opened."),
        false => format!("People are told {wait} after it opened; {critical} once a service of criticality 1 is down."),
    }
}

fn all_of(matchers: &[Matcher]) -> String {
    match matchers.is_empty() {
        true => "any labels".to_owned(),
        false => listed(matchers.iter().map(|matcher| format!("`{matcher}`"))),
    }
}

fn quoted(names: &[Box<str>]) -> impl Iterator<Item = String> {
    names.iter().map(|name| format!("`{name}`"))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PipelineSet;

    fn words(text: &str) -> Words {
        let (set, _) = PipelineSet::parse(&[("pipeline.yaml", text)]).expect("the file reads");
        let own = set.pipelines().find(|pipeline| pipeline.name.as_str() == "own").expect("it is among them");
        Words::of(own)
    }

    #[test]
    fn what_a_file_says_is_said_in_sentences() {
        let words = words(
            "name: own\nmatch: {format: prometheus, source: 'eu-*'}\nidentity: [alertname, host]\n\
             severity: {from: level, map: {page: critical}}\neffect: [{match: ['alertname=\"Cert\"'], effect: none}]\n\
             bind: [ci, label:host]\nrules: [{name: racks, match: ['job=\"snmp\"'], group_by: [rack], exclusive: true}]\n\
             inhibit: [{source: ['a=\"1\"'], target: ['b=\"2\"'], equal: [host]}]\n",
        );
        assert_eq!(words.takes, "Takes events in the format prometheus, of sources called like `eu-*`.");
        let expected = [
            "Events speak of the same alert where the labels `alertname` and `host` are equal, or where they carry the same `dedup_key`.",
            "Severity is what `level` says: `page` is critical.",
            "An event with `alertname=\"Cert\"` says nothing about whether its item works.",
            "Its item is looked for under, the most trusted first: the event's own `ci` and label `host`.",
        ];
        assert_eq!(words.reading, expected);
        assert_eq!(
            words.together[0],
            "Rule `racks`: Alerts with `job=\"snmp\"` and the same `rack` make one incident, within 5m of its first alert; \
             nothing else joins it."
        );
        let explained = "While an alert with `a=\"1\"` fires, one with `b=\"2\"`, with the same `host` is explained by it and tells nobody.";
        assert_eq!(words.alerts.last().map(String::as_str), Some(explained));
    }

    #[test]
    fn what_is_switched_off_is_said_too() {
        let words =
            words("name: own\nmatch: {source: zabbix}\nflapping: off\nstorm: off\nclears: never\norder: arrival\n");
        assert_eq!(words.takes, "Takes events in any format, of the source `zabbix`.");
        assert!(words.alerts.contains(&"Flapping is not looked for.".to_owned()), "{words:?}");
        assert!(words.together.contains(&"Storms are not looked for.".to_owned()), "{words:?}");
        assert!(words.incidents.iter().all(|said| !said.contains("while an alert fires")), "{words:?}");
    }
}
