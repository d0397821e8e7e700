//! From words to values, each error with its place.

use std::net::SocketAddr;
use std::path::Path;
use std::str::FromStr;

use api::Role;
use connect::Network;
use model::{CiId, Matcher, SourceName, Span};
use report::GroupBy;
use report::burn::{BurnAlert, REFERENCE, Urgency, WORKBOOK};
use report::issued::{Every, Kind, Schedule};
use store::Retention;
use telemetry::LogFormat;

use super::secret::Secret;
use super::shape::{
    AuthShape, BurnShape, ReportShape, RetentionShape, Shape, SloAlertsShape, SourceShape, TargetShape, Text,
    TokenShape, WatchdogShape,
};
use super::{Config, ExpectedSource, Target, Token, Watchdog};
use crate::outcome::Faults;
use crate::place;

const LISTEN: &str = "127.0.0.1:8080";
const WATCHDOG_EVERY: Span = Span::from_seconds(60);
/// A secret in a file is read after the configuration; everything else about its target is looked at with it.
const STAND_IN: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const LOG_LEVEL: &str = "info";
const LOG_LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// `origin` is what errors call the place all of it comes from; paths are meant from `folder`.
pub(super) fn resolve(shape: Shape, origin: &str, folder: &Path) -> Result<Config, Faults> {
    let mut resolver = Resolver { origin, folder, faults: Vec::new() };
    let config = resolver.config(shape);
    match config {
        Some(config) if resolver.faults.is_empty() => Ok(config),
        _ => Err(Faults(resolver.faults)),
    }
}

pub(super) struct Resolver<'o> {
    origin: &'o str,
    folder: &'o Path,
    faults: Vec<String>,
}

impl Resolver<'_> {
    fn config(&mut self, shape: Shape) -> Option<Config> {
        let kafka = shape.kafka.and_then(|kafka| self.kafka(kafka));
        let listen = shape.http.unwrap_or_default().listen;
        let url = shape.store.unwrap_or_default().url;
        let log = shape.log.unwrap_or_default();
        let AuthShape { tokens, oidc, open } = shape.auth.unwrap_or_default();
        let listen = self.or(listen, LISTEN, listening);
        let store = self.or(url, place::DEFAULT, str::parse);
        let tokens = self.each(numbered(tokens), Resolver::token);
        self.distinct(&tokens);
        let oidc = oidc.and_then(|oidc| self.oidc(oidc));
        let retention = self.retention(shape.retention.unwrap_or_default());
        let sources = self.each(shape.sources, Resolver::source);
        let slo_alerts = self.slo_alerts(shape.slo_alerts.unwrap_or_default());
        let watchdog = shape.watchdog.and_then(|watchdog| self.watchdog(watchdog));
        let notify = self.each(numbered(shape.notify), Resolver::target);
        let notify_allow = self.each(shape.notify_allow, |resolver, said| resolver.read(&said, Network::parse));
        let reports = self.each(shape.reports, Resolver::report);
        self.apart(&reports);
        let format = self.or(log.format, "text", log_format);
        let level = self.or(log.level, LOG_LEVEL, log_level);
        Some(Config {
            listen: listen?,
            store: store?,
            pipelines: self.paths(shape.pipelines),
            cmdb: self.paths(shape.cmdb),
            kafka,
            tokens,
            oidc,
            open: open.unwrap_or(false),
            retention,
            sources,
            slo_alerts,
            watchdog,
            notify,
            notify_allow,
            reports,
            log: (format?, level?),
        })
    }

    fn token(&mut self, (nth, shape): (usize, TokenShape)) -> Option<Token> {
        let role = self.read(&shape.role, |word| {
            let names = Role::ALL.map(Role::as_str).join(", ");
            Role::from_word(word).ok_or_else(|| format!("`{word}` is no role: write one of {names}"))
        });
        let said_at = self.said_at(&shape.token, &shape.token_file, &format!("auth.tokens[{nth}].token"));
        let secret = self.secret(&shape.name, shape.token, shape.token_file, "token");
        let (role, secret) = (role?, secret?);
        if let Secret::Inline(text) = &secret
            && let Err(what) = api::Token::new(&shape.name.value, role, text)
        {
            self.fault(&shape.name, &what);
        }
        Some(Token { name: shape.name.value, role, secret, said_at })
    }

    /// One of the two ways to say it.
    pub(super) fn secret(&mut self, at: &Text, inline: Option<Text>, file: Option<Text>, key: &str) -> Option<Secret> {
        match (inline, file) {
            (Some(inline), None) => Some(Secret::Inline(inline.value)),
            (None, Some(file)) => Some(Secret::File(self.folder.join(file.value))),
            (None, None) => {
                self.fault(at, &format!("`{}` has no secret: add `{key}_file` (or `{key}`)", at.value));
                None
            }
            (Some(_), Some(_)) => {
                self.fault(at, &format!("`{}` has `{key}` and `{key}_file`: keep one", at.value));
                None
            }
        }
    }

    /// For the errors of what is in the file: its key, and its place where it has a line.
    pub(super) fn said_at(&self, inline: &Option<Text>, file: &Option<Text>, key: &str) -> String {
        let named = match (file, inline) {
            (Some(file), _) => Some((format!("{key}_file"), file)),
            (None, inline) => inline.as_ref().map(|inline| (key.to_owned(), inline)),
        };
        match named {
            Some((key, said)) if said.referenced.line() > 0 => format!("{}: `{key}`", self.at(&said.referenced)),
            Some((key, _)) => format!("`{key}`"),
            None => format!("`{key}`"),
        }
    }

    /// The audit names people by their tokens.
    fn distinct(&mut self, tokens: &[Token]) {
        for (nth, token) in tokens.iter().enumerate() {
            if tokens.iter().take(nth).any(|other| other.name == token.name) {
                let origin = self.origin;
                self.faults.push(format!("{origin}: two tokens are called `{}`: give one another name", token.name));
            }
        }
    }

    fn retention(&mut self, shape: RetentionShape) -> Retention {
        let default = Retention::default();
        let mut span = |said: Option<Text>, unless: Span| match said {
            Some(said) => self.read(&said, crate::moment::span).unwrap_or(unless),
            None => unless,
        };
        Retention {
            statements: span(shape.statements, default.statements),
            timeline: span(shape.timeline, default.timeline),
            dead_letters: span(shape.dead_letters, default.dead_letters),
            ..default
        }
    }

    fn source(&mut self, shape: SourceShape) -> Option<ExpectedSource> {
        let heartbeat = self.read(&shape.heartbeat, positive)?;
        Some(ExpectedSource { name: SourceName::from(shape.name.value.as_str()), heartbeat })
    }

    /// Each list that is not said is the workbook's.
    fn slo_alerts(&mut self, shape: SloAlertsShape) -> Vec<BurnAlert> {
        let mut all: Vec<BurnAlert> = Vec::new();
        for (urgency, said) in [(Urgency::Page, shape.page), (Urgency::Ticket, shape.ticket)] {
            let Some(said) = said else {
                all.extend(WORKBOOK.into_iter().filter(|alert| alert.urgency == urgency));
                continue;
            };
            for shape in said {
                let Some(alert) = self.burn_alert(urgency, &shape) else { continue };
                match all.iter().any(|known| known.long == alert.long) {
                    true => self.fault(&shape.long, &format!("two alerts look back {}: keep one", alert.long)),
                    false => all.push(alert),
                }
            }
        }
        all
    }

    fn burn_alert(&mut self, urgency: Urgency, shape: &BurnShape) -> Option<BurnAlert> {
        let (long, short) = (self.read(&shape.long, positive), self.read(&shape.short, positive));
        let (long, short) = long.zip(short)?;
        if long > REFERENCE {
            self.fault(&shape.long, &format!("`{long}` is longer than {REFERENCE}, of which it is a part: write less"));
        } else if short >= long {
            self.fault(&shape.short, &format!("`{short}` is no shorter than `long`, {long}: write less"));
        } else if !(shape.burn_rate.is_finite() && shape.burn_rate > 0.0) {
            let what = format!("a `burn_rate` of {} says nothing: write more than 0", shape.burn_rate);
            self.fault(&shape.long, &what);
        } else {
            return Some(BurnAlert { urgency, long, short, burn_rate: shape.burn_rate });
        }
        None
    }

    fn watchdog(&mut self, shape: WatchdogShape) -> Option<Watchdog> {
        let every = match &shape.every {
            Some(every) => self.read(every, positive),
            None => Some(WATCHDOG_EVERY),
        };
        let url = self.read(&shape.url, web_address);
        Some(Watchdog { url: url?, every: every? })
    }

    fn target(&mut self, (nth, shape): (usize, TargetShape)) -> Option<Target> {
        let said = shape.r#match.unwrap_or_default();
        let matchers: Vec<Matcher> = said
            .iter()
            .filter_map(|said| self.read(said, |text| Matcher::parse(text).map_err(|error| error.to_string())))
            .collect();
        let said_at = self.said_at(&shape.secret, &shape.secret_file, &format!("notify[{nth}].secret"));
        let secret = self.secret(&shape.webhook, shape.secret, shape.secret_file, "secret")?;
        let stand_in = match &secret {
            Secret::Inline(text) => text,
            Secret::File(_) => STAND_IN,
        };
        self.read(&shape.webhook, |url| connect::Target::new(url, stand_in, matchers.clone()))?;
        Some(Target { webhook: shape.webhook.value, secret, said_at, matchers })
    }

    /// What the report itself would refuse is said where it stands.
    fn report(&mut self, shape: ReportShape) -> Option<Schedule> {
        let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let known = |word: &str| Kind::from_word(word).ok_or_else(|| unknown("report", word, &kinds));
        let kind = self.read(&shape.report, known);
        let everies = Every::ALL.map(Every::as_str);
        let every =
            self.read(&shape.every, |word| Every::from_word(word).ok_or_else(|| unknown("period", word, &everies)));
        let groups = GroupBy::ALL.map(GroupBy::as_str);
        let group = |word: &str| GroupBy::from_word(word).ok_or_else(|| unknown("group", word, &groups));
        let group_by = self.each(shape.group_by, |resolver, said| resolver.read(&said, group));
        let name = self.read(&shape.name, |name| match name.trim() {
            "" => Err("a report needs a name: write one".to_owned()),
            name => Ok(name.to_owned()),
        });
        let services = shape.services.unwrap_or_default();
        let schedule = Schedule {
            name: name?,
            kind: kind?,
            every: every?,
            time_zone: shape.time_zone.map(|zone| zone.value),
            services: services.iter().map(|id| CiId::from(id.value.as_str())).collect(),
            group_by: GroupBy::each_once(group_by),
        };
        match schedule.check() {
            Ok(()) => Some(schedule),
            Err(why) => {
                self.fault(&shape.name, &why.to_string());
                None
            }
        }
    }

    /// What was issued is found by its schedule's name.
    fn apart(&mut self, reports: &[Schedule]) {
        for (nth, report) in reports.iter().enumerate() {
            if reports.iter().take(nth).any(|other| other.name == report.name) {
                let (origin, name) = (self.origin, &report.name);
                self.faults.push(format!("{origin}: two reports are called `{name}`: give one another name"));
            }
        }
    }

    fn paths(&self, said: Option<Vec<Text>>) -> Vec<std::path::PathBuf> {
        said.unwrap_or_default().into_iter().map(|path| self.folder.join(path.value)).collect()
    }

    pub(super) fn each<S, T>(&mut self, said: Option<Vec<S>>, read: impl Fn(&mut Self, S) -> Option<T>) -> Vec<T> {
        said.unwrap_or_default().into_iter().filter_map(|shape| read(self, shape)).collect()
    }

    pub(super) fn or<T>(
        &mut self,
        said: Option<Text>,
        unless: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match said {
            Some(said) => self.read(&said, read),
            None => read(unless).ok(),
        }
    }

    pub(super) fn read<T>(&mut self, said: &Text, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        read(&said.value).map_err(|what| self.fault(said, &what)).ok()
    }

    pub(super) fn fault(&mut self, said: &Text, what: &str) {
        self.fault_at(&said.referenced, what);
    }

    pub(super) fn fault_at(&mut self, place: &serde_saphyr::Location, what: &str) {
        let at = self.at(place);
        self.faults.push(format!("{at}: {what}"));
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder
    }

    /// A value that a variable gave has no line.
    pub(super) fn at(&self, place: &serde_saphyr::Location) -> String {
        match place.line() {
            0 => self.origin.to_owned(),
            line => format!("{}:{line}:{}", self.origin, place.column()),
        }
    }
}

/// With their places, from nought.
fn numbered<S>(said: Option<Vec<S>>) -> Option<Vec<(usize, S)>> {
    said.map(|said| said.into_iter().enumerate().collect())
}

fn unknown(what: &str, said: &str, known: &[&str]) -> String {
    format!("`{said}` is no {what}: write one of {}", known.join(", "))
}

fn listening(text: &str) -> Result<SocketAddr, String> {
    let written = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None if text.starts_with(':') => format!("0.0.0.0{text}"),
        None => text.to_owned(),
    };
    SocketAddr::from_str(&written)
        .map_err(|_| format!("`{text}` is no address to listen on: write an IP address and a port, such as {LISTEN}"))
}

fn positive(text: &str) -> Result<Span, String> {
    let span = crate::moment::span(text)?;
    if span > Span::ZERO { Ok(span) } else { Err(format!("`{text}` is no time at all: write one such as 5m")) }
}

fn web_address(text: &str) -> Result<String, String> {
    let known = text.starts_with("https://") || text.starts_with("http://");
    known.then(|| text.to_owned()).ok_or_else(|| format!("`{text}` is no web address: begin it with https://"))
}

/// Levels, or parts with levels of their own: `info,sqlx=warn`.
fn log_level(text: &str) -> Result<String, String> {
    let level = |part: &str| part.rsplit('=').next().unwrap_or_default().trim().to_ascii_lowercase();
    match text.split(',').find(|part| !LOG_LEVELS.contains(&level(part).as_str())) {
        Some(part) => Err(format!("`{part}` is no level of logs: write one of {}", LOG_LEVELS.join(", "))),
        None => Ok(text.to_owned()),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        other => Err(format!("`{other}` is no format of logs: write text or json")),
    }
}
