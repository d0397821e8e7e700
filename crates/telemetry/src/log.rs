//! Logs: what an operator has to know, on standard error, each line with what to do where there is anything to do.

use std::error::Error;
use std::io::IsTerminal as _;

use tracing::{error, info, warn};
use tracing_subscriber::EnvFilter;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// Sets up the process's logs once; a second call changes nothing.
pub fn set_up_logs(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let colour = std::io::stderr().is_terminal() && !plain;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let builder = builder.with_target(false).with_ansi(colour);
    let done = match format {
        LogFormat::Text => builder.try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    drop(done);
}

/// The cause and what caused it, on one line.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        let next_text = next.to_string();
        if !text.ends_with(&next_text) {
            text.push_str(": ");
            text.push_str(&next_text);
        }
        cause = next.source();
    }
    text
}

pub fn commit_failed(why: &dyn Error) {
    warn!("a commit was not confirmed; the state is loaded again: {}", chain(why));
}

pub fn log_not_written(why: &str) {
    warn!("nothing could be written to the log of events, trying again: {why}");
}

pub fn load_failed(why: &dyn Error) {
    warn!("the store cannot be loaded yet, trying again: {}", chain(why));
}

pub fn delivery_failed(target: &str, why: &str) {
    warn!("could not deliver to {target}, trying again later: {why}");
}

pub fn fatal(why: &str) {
    error!("stopping: {why}");
}

pub fn listening(address: &str) {
    info!("listening on http://{address}");
}

pub fn warning(text: &str) {
    warn!("{text}");
}

pub fn notice(text: &str) {
    info!("{text}");
}
