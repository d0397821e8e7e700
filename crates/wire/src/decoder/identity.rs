//! Which condition a statement is about: its fingerprint. docs/formats.md section 6, docs/contract.md section 3.

use model::{Domain, Fingerprint, Labels};

use super::{Decoder, DomainRule, Identity};

/// What takes part in the identity of a statement.
pub(crate) struct Said<'s> {
    pub(crate) source: &'s str,
    pub(crate) dedup_key: Option<&'s str>,
    /// Without empty values.
    pub(crate) labels: &'s Labels,
    /// Stands in as the label `ci` where there is none.
    pub(crate) ci: Option<&'s str>,
    /// Stands in as the label `summary` where no `alertname` says what the condition is.
    pub(crate) summary: Option<&'s str>,
}

impl Decoder {
    pub(crate) fn domain_of(&self, labels: &Labels) -> Domain {
        match &self.domain {
            DomainRule::Fixed(domain) => domain.clone(),
            DomainRule::Label(name) => labels.get(name).map_or_else(Domain::default, Domain::from),
        }
    }

    /// By `dedup_key` within its source; without one by the identity labels, whatever source they come from, so that a
    /// pair of replicas tells of one alert.
    pub(crate) fn fingerprint(&self, domain: &Domain, said: &Said<'_>) -> Fingerprint {
        if let Some(key) = said.dedup_key {
            return Fingerprint::of_dedup_key(domain, said.source, key);
        }
        let all = self.candidates(said);
        let chosen = match &self.identity {
            Identity::All => None,
            Identity::Labels(names) => Some(all.iter().copied().filter(|(name, _)| contains(names, name)).collect()),
        };
        let pairs = chosen.filter(|chosen: &Vec<_>| !chosen.is_empty()).unwrap_or(all);
        Fingerprint::of_labels(domain, pairs)
    }

    /// Sorted by name.
    fn candidates<'s>(&self, said: &Said<'s>) -> Vec<(&'s str, &'s str)> {
        let mut pairs = Vec::with_capacity(said.labels.len() + 2);
        pairs.extend(said.labels.iter().filter(|(name, _)| !contains(&self.drop, name)));
        let named = pairs.iter().any(|(name, _)| *name == "alertname");
        let summary = said.summary.filter(|_| !named);
        for (name, stand_in) in [("ci", said.ci), ("summary", summary)] {
            let Some(value) = stand_in.filter(|_| !contains(&self.drop, name)) else { continue };
            if let Err(place) = pairs.binary_search_by(|(candidate, _)| candidate.cmp(&name)) {
                pairs.insert(place, (name, value));
            }
        }
        pairs
    }
}

fn contains(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|candidate| **candidate == *name)
}
