//! Which condition a statement is about: its fingerprint. docs/formats.md section 6, docs/contract.md section 3.

use std::iter;

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
            DomainRule::Label(name) => labels.get(name).map_or_else(Domain::default, Domain::from_outside),
        }
    }

    /// By `dedup_key` within its source; without one by the identity labels, whatever source they come from, so that a
    /// pair of replicas tells of one alert.
    pub(crate) fn fingerprint(&self, domain: &Domain, said: &Said<'_>) -> Fingerprint {
        if let Some(key) = said.dedup_key {
            return Fingerprint::of_dedup_key(domain, said.source, key);
        }
        let stand_ins = self.stand_ins(said);
        match &self.identity {
            // As it nearly always is.
            Identity::All if stand_ins == [None; 2] => Fingerprint::of_labels(domain, self.counting(said.labels)),
            Identity::All => Fingerprint::of_labels(domain, self.candidates(said, stand_ins)),
            Identity::Labels(names) => {
                let all = self.candidates(said, stand_ins);
                let mut chosen = all.clone().filter(|(name, _)| contains(names, name)).peekable();
                if chosen.peek().is_some() {
                    Fingerprint::of_labels(domain, chosen)
                } else {
                    Fingerprint::of_labels(domain, all)
                }
            }
        }
    }

    /// The labels that take part.
    fn counting<'s>(&'s self, labels: &'s Labels) -> impl Iterator<Item = Pair<'s>> + Clone {
        labels.iter().filter(|(name, _)| !contains(&self.drop, name))
    }

    /// What takes part as if it were a label, sorted by name.
    fn stand_ins<'s>(&self, said: &Said<'s>) -> [Option<Pair<'s>>; 2] {
        let counts = |name: &str| !contains(&self.drop, name);
        let there = |name: &str| counts(name) && said.labels.get(name).is_some();
        let may_stand_in = |name: &'static str, value: Option<&'s str>| {
            value.filter(|_| counts(name) && !there(name)).map(|value| (name, value))
        };
        [may_stand_in("ci", said.ci), may_stand_in("summary", said.summary).filter(|_| !there("alertname"))]
    }

    /// All that takes part, sorted by name.
    fn candidates<'s>(
        &'s self,
        said: &Said<'s>,
        stand_ins: [Option<Pair<'s>>; 2],
    ) -> impl Iterator<Item = Pair<'s>> + Clone {
        let mut stand_ins = stand_ins.into_iter().flatten().peekable();
        let mut labels = self.counting(said.labels).peekable();
        iter::from_fn(move || {
            let first = stand_ins.next_if(|stand_in| labels.peek().is_none_or(|label| stand_in.0 < label.0));
            first.or_else(|| labels.next())
        })
    }
}

type Pair<'s> = (&'s str, &'s str);

#[inline]
fn contains(names: &[Box<str>], name: &str) -> bool {
    names.iter().any(|candidate| **candidate == *name)
}
