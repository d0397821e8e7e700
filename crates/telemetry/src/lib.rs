//! Our metrics, spans and logs, by name. No other crate spells a metric's name; docs/operations.md lists them.

mod log;
mod metrics;
mod services;

pub use log::{
    LogFormat, commit_failed, delivery_failed, fatal, listening, load_failed, log_not_written, notice, set_up_logs,
    warning,
};
pub use metrics::Metrics;
pub use services::ServiceFigures;
