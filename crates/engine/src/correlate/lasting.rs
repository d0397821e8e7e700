//! Until when an incident lasted, by the sources' own times: whether what begins now belongs to it must not depend on
//! how late either was heard. `[I16]`

use model::incident::Incident;
use model::{Span, Timestamp, limits};

use crate::desk::Desk;

impl Desk<'_> {
    /// Whether what began at `start` began while the incident lasted, or within `after` of its end. What is heard later
    /// than the pipeline's `reopen_window` and [`limits::LATE_ARRIVAL`] after it was resolved is another incident's.
    pub(super) fn reaches(&self, incident: &Incident, start: Timestamp, after: Span) -> bool {
        let patience = self.pipeline(&incident.pipeline).reopen_window + limits::LATE_ARRIVAL;
        let heard_in_time = incident.resolved_at.is_none_or(|resolved| self.now - resolved <= patience);
        !incident.is_final()
            && incident.false_positive.is_none()
            && heard_in_time
            && self.lasted_until(incident).is_none_or(|until| start <= until + after)
    }

    /// When it would have been resolved had everything been heard at once; `None` while it lasts.
    fn lasted_until(&self, incident: &Incident) -> Option<Timestamp> {
        let by_clock = incident.restored_at? + self.pipeline(&incident.pipeline).quiet_period;
        let by_clock_alone = match incident.resolved_at {
            Some(resolved) => resolved - by_clock <= limits::LATE_ARRIVAL,
            None => self.now - by_clock <= limits::LATE_ARRIVAL && incident.hold().is_none(),
        };
        // A person resolved it, or keeps it open: what people do holds.
        if by_clock_alone { Some(by_clock) } else { incident.resolved_at }
    }

    /// Open, or resolved by the clock alone so lately that what is heard now may have come too late to keep it open.
    pub(super) fn open_in_time(&self, incident: &Incident) -> bool {
        let by_clock = incident.resolution.as_ref().is_some_and(|resolution| resolution.by.is_none());
        let lately = incident.resolved_at.is_none_or(|at| by_clock && self.now - at <= limits::LATE_ARRIVAL);
        !incident.is_final() && incident.false_positive.is_none() && lately
    }
}
