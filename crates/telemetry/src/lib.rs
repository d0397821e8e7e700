//! Our metrics, spans and logs, by name.
