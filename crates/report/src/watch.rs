//! How much of a service anybody watches, and when those who do were silent. docs/measures.md section 5, "coverage".

use std::collections::{BTreeMap, BTreeSet};

use calendar::IntervalSet;
use model::source::Coverage;
use model::{CiId, Interval, SourceName, Timestamp};
use store::{Store, StoreError};

use crate::question::Question;
use crate::services::Service;

pub(crate) struct Watch {
    /// By item: each source that has spoken of it, and since when.
    spoken: BTreeMap<CiId, Vec<(SourceName, Timestamp)>>,
    silent: BTreeMap<SourceName, IntervalSet>,
}

impl Watch {
    /// Who has spoken of what ever, and who was silent within `span`.
    pub(crate) async fn read(
        store: &Store,
        question: &Question,
        services: &[Service<'_>],
        span: Interval,
    ) -> Result<Watch, StoreError> {
        let named: Option<Vec<CiId>> = (!question.services.is_empty()).then(|| below(services));
        let mut spoken: BTreeMap<CiId, Vec<(SourceName, Timestamp)>> = BTreeMap::new();
        for Coverage { ci, source, since } in store.coverage(named.as_deref()).await? {
            spoken.entry(ci).or_default().push((source, since));
        }
        Ok(Watch { spoken, silent: silences(store, span, question.now).await? })
    }

    /// Of the service and of everything it requires: when any source first spoke of it.
    pub(crate) fn first_heard(&self, service: &Service<'_>) -> Vec<Option<Timestamp>> {
        let first = |ci: &CiId| self.spoken.get(ci)?.iter().map(|(_, since)| *since).min();
        closure(service).map(first).collect()
    }

    /// The service, and what it requires, as far as any source had spoken of it by then.
    pub(crate) fn spoken_of(&self, service: &Service<'_>, by: Timestamp) -> Vec<String> {
        let heard = closure(service).zip(self.first_heard(service));
        heard.filter(|(_, first)| first.is_some_and(|first| first <= by)).map(|(ci, _)| ci.to_string()).collect()
    }

    /// Whether any source had spoken of any of them by then.
    pub(crate) fn heard_of(&self, service: &Service<'_>, by: Timestamp) -> bool {
        self.first_heard(service).into_iter().flatten().any(|first| first <= by)
    }

    /// When a source that covers the service, since it first did, was silent.
    pub(crate) fn blind(&self, service: &Service<'_>) -> IntervalSet {
        if self.silent.is_empty() {
            return IntervalSet::new();
        }
        let mut covers: BTreeMap<&SourceName, Timestamp> = BTreeMap::new();
        for (source, since) in closure(service).filter_map(|ci| self.spoken.get(ci)).flatten() {
            covers.entry(source).and_modify(|first| *first = (*since).min(*first)).or_insert(*since);
        }
        let silent = covers.into_iter().filter_map(|(source, since)| Some((self.silent.get(source)?, since)));
        silent
            .flat_map(|(silent, since)| silent.clip(Interval::or_empty(since, Timestamp::MAX)).as_slice().to_vec())
            .collect()
    }
}

fn closure<'s>(service: &'s Service<'_>) -> impl Iterator<Item = &'s CiId> {
    service.graph.requires_closure(service.idx).into_iter().map(|idx| service.graph.id(idx))
}

fn below(services: &[Service<'_>]) -> Vec<CiId> {
    services.iter().flat_map(closure).cloned().collect::<BTreeSet<CiId>>().into_iter().collect()
}

/// Silences that are over, and those that last until now.
pub(crate) async fn silences(
    store: &Store,
    span: Interval,
    now: Timestamp,
) -> Result<BTreeMap<SourceName, IntervalSet>, StoreError> {
    let mut silent: BTreeMap<SourceName, Vec<Interval>> = BTreeMap::new();
    for gap in store.source_gaps(span).await? {
        silent.entry(gap.source).or_default().push(gap.interval);
    }
    for source in store.sources().await? {
        if let Some(since) = source.silent_since {
            silent.entry(source.name).or_default().push(Interval::or_empty(since, now));
        }
    }
    Ok(silent.into_iter().map(|(source, gaps)| (source, gaps.into_iter().collect())).collect())
}
