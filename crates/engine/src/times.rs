//! When an event says what it says: its own instants, or its receipt where they cannot be used.

use model::alert::{Clear, Firing, Statement};
use model::event::{AlertEvent, Status};
use model::{Reason, Timestamp, limits};

use crate::policy::Order;

/// What an event said, placed in time.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) statement: Statement,
    /// An instant that lay ahead of its receipt and was not believed.
    pub(crate) clamped: Option<Reason>,
}

pub(crate) fn said(event: &AlertEvent, receipt: Timestamp, order: Order) -> Said {
    let mut clamp = Clamp { receipt: receipt.max(event.heard_at.unwrap_or(receipt)), clamped: None };
    let statement = match (event.status, order) {
        (Status::Firing, Order::Own) => firing(event, receipt, &mut clamp),
        (Status::Resolved, Order::Own) => resolved(event, receipt, &mut clamp),
        (Status::Firing, Order::Arrival) => Statement::Firing(Firing {
            instant: receipt,
            start: receipt,
            own_instant: true,
            undated: true,
            severity: event.severity,
            effect: event.effect,
            first_received_at: receipt,
            last_received_at: receipt,
            ends_at: event.ends_at,
        }),
        (Status::Resolved, Order::Arrival) => Statement::Clear(Clear {
            instant: receipt,
            start: None,
            severity: event.severity,
            effect: event.effect,
            received_at: receipt,
        }),
    };
    Said { statement, clamped: clamp.clamped }
}

fn firing(event: &AlertEvent, receipt: Timestamp, clamp: &mut Clamp) -> Statement {
    let at = event.at.map(|at| clamp.believe(at));
    let starts_at = event.starts_at.map(|at| clamp.believe(at));
    let instant = at.or(starts_at).unwrap_or(receipt);
    Statement::Firing(Firing {
        instant,
        start: starts_at.unwrap_or(instant).min(instant),
        own_instant: at.is_some() || starts_at.is_none(),
        undated: at.is_none() && starts_at.is_none(),
        severity: event.severity,
        effect: event.effect,
        first_received_at: receipt,
        last_received_at: receipt,
        // A promise lies ahead by its nature.
        ends_at: event.ends_at,
    })
}

fn resolved(event: &AlertEvent, receipt: Timestamp, clamp: &mut Clamp) -> Statement {
    let ends_at = event.ends_at.map(|at| clamp.believe(at));
    let at = event.at.map(|at| clamp.believe(at));
    let instant = ends_at.or(at).unwrap_or(receipt);
    let start = event.starts_at.map(|at| clamp.believe(at)).filter(|start| *start <= instant);
    Statement::Clear(Clear { instant, start, severity: event.severity, effect: event.effect, received_at: receipt })
}

struct Clamp {
    receipt: Timestamp,
    clamped: Option<Reason>,
}

impl Clamp {
    /// An instant far ahead of its receipt is a clock that is wrong.
    fn believe(&mut self, said: Timestamp) -> Timestamp {
        if said - self.receipt <= limits::AHEAD_MAX {
            return said;
        }
        self.clamped.get_or_insert(Reason::ClockAhead { said, taken: self.receipt });
        self.receipt
    }
}
