//! What a running service is told: a YAML file, overridden by `WATCHFIRE_…` variables. docs/contract.md section 2.
//!
//! Read in this order: `shape` (the keys as they are written), `resolve` (from words to values, each error with its
//! place), `overlay` (variables over the file), [`secret`], [`schema`](mod@schema) (the same for editors).
//!
//! Rule: a configuration is used whole or not at all, and an unknown key is refused with the one that may be meant.

mod kafka;
mod oidc;
mod overlay;
mod resolve;
pub(crate) mod schema;
pub(crate) mod secret;
mod shape;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use api::Role;
use connect::Network;
use model::{Matcher, SourceName, Span};
use report::burn::BurnAlert;
use report::issued::Schedule;
use store::Retention;
use telemetry::LogFormat;

use crate::files::TextFile;
use crate::outcome::Faults;
use crate::place::StorePlace;
pub(crate) use kafka::Kafka;
pub(crate) use oidc::Oidc;
use secret::Secret;
pub(crate) use shape::{KEYS, nearest};

/// Everything, checked.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) listen: SocketAddr,
    pub(crate) store: StorePlace,
    /// Files and folders; none: the shipped pipelines.
    pub(crate) pipelines: Vec<PathBuf>,
    pub(crate) cmdb: Vec<PathBuf>,
    pub(crate) kafka: Option<Kafka>,
    pub(crate) tokens: Vec<Token>,
    /// Where people sign in.
    pub(crate) oidc: Option<Oidc>,
    /// Without tokens or an identity provider whoever reaches the port may do anything, and that is meant.
    pub(crate) open: bool,
    pub(crate) retention: Retention,
    pub(crate) sources: Vec<ExpectedSource>,
    /// How fast an error budget may burn; none: nobody is told.
    pub(crate) slo_alerts: Vec<BurnAlert>,
    pub(crate) watchdog: Option<Watchdog>,
    pub(crate) notify: Vec<Target>,
    /// Private addresses that may be told.
    pub(crate) notify_allow: Vec<Network>,
    /// Issued once their periods are over.
    pub(crate) reports: Vec<Schedule>,
    pub(crate) log: (LogFormat, String),
}

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) secret: Secret,
    /// Where the configuration says the secret: its place in the file, if it has one, and its key.
    pub(crate) said_at: String,
}

/// A monitoring system that has to speak, also if it never did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExpectedSource {
    pub(crate) name: SourceName,
    pub(crate) heartbeat: Span,
}

/// Our own heartbeat, outward.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Watchdog {
    pub(crate) url: String,
    pub(crate) every: Span,
}

/// Who is told.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) webhook: String,
    pub(crate) secret: Secret,
    /// As of a token.
    pub(crate) said_at: String,
    /// All of them have to hold; none: everything is told.
    pub(crate) matchers: Vec<Matcher>,
}

impl Token {
    /// With its secret, which may be in a file; the error names that file and the key.
    pub(crate) fn read(&self) -> Result<api::Token, String> {
        self.secret.with(&self.said_at, |secret| api::Token::new(&self.name, self.role, secret))
    }
}

impl Target {
    /// As a token is.
    pub(crate) fn read(&self) -> Result<connect::Target, String> {
        let target = |secret: &str| connect::Target::new(&self.webhook, secret, self.matchers.clone());
        self.secret.with(&self.said_at, target)
    }
}

impl Config {
    /// Of a file, or of no file, and of variables. With what is odd without being wrong.
    pub(crate) fn load(
        file: Option<&TextFile>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(Config, Vec<String>), Faults> {
        let (config, mut remarks) = overlay::over(file, variables)?;
        config.consistent(file)?;
        remarks.extend(config.nobody_pushes());
        Ok((config, remarks))
    }

    /// What one file says by itself. What it leaves to variables is not asked for.
    pub(crate) fn of_file(file: &TextFile) -> Result<Config, Faults> {
        resolve::resolve(shape::Shape::parse(file)?, &file.name(), folder(&file.path))
    }

    /// Whether every secret is there and serves, as it must to run.
    pub(crate) fn secrets(&self) -> Result<(), Faults> {
        let tokens = self.tokens.iter().filter_map(|token| token.read().err());
        let targets = self.notify.iter().filter_map(|target| target.read().err());
        let kafka = self.kafka.iter().filter_map(|kafka| kafka.read().err());
        let oidc = self.oidc.iter().filter_map(|oidc| oidc.read().err());
        let wrong: Vec<String> = tokens.chain(oidc).chain(targets).chain(kafka).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Faults(wrong)) }
    }

    /// People sign in, and no program can: what is pushed would be refused.
    fn nobody_pushes(&self) -> Option<String> {
        let pushes = self.tokens.iter().any(|token| token.role.allows(Role::Ingest)) || self.kafka.is_some();
        (self.oidc.is_some() && !pushes).then(|| {
            "`auth.oidc` lets people in, and no token may push: give monitoring systems one of the role ingest under \
             `auth.tokens`"
                .to_owned()
        })
    }

    /// What no single value says.
    fn consistent(&self, file: Option<&TextFile>) -> Result<(), Faults> {
        let asks_who = !self.tokens.is_empty() || self.oidc.is_some();
        if self.listen.ip().is_loopback() || asks_who || self.open {
            return Ok(());
        }
        let place = file.map(|file| format!("{}: ", file.name())).unwrap_or_default();
        Err(Faults::one(format!(
            "{place}`http.listen` is {}, which others can reach, and nobody is asked who they are: add `auth.tokens` or `auth.oidc`, \
             listen on 127.0.0.1, or say `auth: {{open: true}}` if anybody may do anything",
            self.listen
        )))
    }
}

/// Of the environment, those that are text.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()))
}

/// A remark on each variable of the environment that looks like one of ours and means nothing.
pub(crate) fn unknown_variables() -> Vec<String> {
    overlay::unknown_among(variables())
}

/// Paths in a file are meant from where the file is.
fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}
