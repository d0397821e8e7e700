//! From the keys of a file to the model: words, durations, dates and clock times.

use model::incident::Priority;
use model::item::{
    AgreedTarget, Agreement, AgreementKind, CalendarDef, Class, Date, Hours, Objectives, RedundantGroup, Relation,
    RelationKind, SloWindow, Weekday,
};
use model::{CiId, Cmdb, ConfigurationItem, Domain, Severity, Span, Timestamp};
use serde_saphyr::Spanned;

use super::fault::{Fault, nearest};
use super::places::{Location, Places};
use super::shape::{
    AgreementShape, CalendarShape, ClassShape, FileShape, HoursShape, ItemShape, ObjectivesShape, TargetShape,
    TargetsShape,
};
use super::{CmdbFile, LooseRelation, attach};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];
/// The calendar that is none.
const ALWAYS: &str = "24x7";

pub(super) fn read(name: &str, text: &str) -> Result<CmdbFile, Vec<Fault>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if let Some(file) = read_json(name, text) {
        return Ok(file);
    }
    let shape = FileShape::parse(name, text)?;
    let places = Places::known(name, &shape);
    let mut reader = Reader { file: name, faults: Vec::new() };
    let file = reader.file(shape, places);
    if reader.faults.is_empty() { Ok(file) } else { Err(reader.faults) }
}

/// The quick way, for a file that is JSON and has no fault: one with a fault is read again with its places.
fn read_json(name: &str, text: &str) -> Option<CmdbFile> {
    if !text.trim_start().starts_with('{') {
        return None;
    }
    let shape: FileShape = serde_json::from_str(text).ok()?;
    let mut reader = Reader { file: name, faults: Vec::new() };
    let file = reader.file(shape, Places::to_be_found(name, text));
    reader.faults.is_empty().then_some(file)
}

struct Reader<'f> {
    file: &'f str,
    faults: Vec<Fault>,
}

impl Reader<'_> {
    fn file(&mut self, shape: FileShape, places: Places) -> CmdbFile {
        let relationships = shape.relationships.unwrap_or_default().into_iter();
        let loose = relationships.map(|relationship| LooseRelation {
            from: CiId::from(relationship.from.value),
            relation: relation(RelationKind::from_word(&relationship.kind), relationship.to),
        });
        let loose = loose.collect();
        let mut cmdb = Cmdb {
            classes: shape.classes.unwrap_or_default().into_iter().map(|class| self.class(class)).collect(),
            calendars: shape.calendars.unwrap_or_default().into_iter().map(|days| self.calendar(days)).collect(),
            items: shape.items.unwrap_or_default().into_iter().map(|item| self.item(item)).collect(),
            agreements: shape
                .agreements
                .unwrap_or_default()
                .into_iter()
                .filter_map(|agreement| self.agreement(agreement))
                .collect(),
        };
        let loose = attach(&mut cmdb, loose);
        CmdbFile { cmdb, loose, sources: vec![places] }
    }

    fn class(&mut self, shape: ClassShape) -> Class {
        let implied = Class::implied(&shape.id);
        let down_at = shape.down_at.and_then(|word| {
            let known = Severity::ALL.map(|severity| (severity.as_str(), severity));
            self.word(&word, &known)
        });
        Class {
            down_at: down_at.unwrap_or(implied.down_at),
            service: shape.service.unwrap_or(implied.service),
            id: implied.id,
        }
    }

    fn calendar(&mut self, shape: CalendarShape) -> CalendarDef {
        CalendarDef {
            id: shape.id.into(),
            time_zone: shape.time_zone.into(),
            hours: shape.hours.into_iter().map(|hours| self.hours(hours)).collect(),
            holidays: shape.holidays.unwrap_or_default().iter().filter_map(|day| self.date(day)).collect(),
        }
    }

    fn hours(&mut self, shape: HoursShape) -> Hours {
        let days = shape.days.iter().filter_map(|day| self.word(day, &DAYS)).collect();
        let from_minute = self.minute(&shape.from).unwrap_or_default();
        let to_minute = self.minute(&shape.to).unwrap_or(MINUTES_OF_DAY);
        if to_minute <= from_minute {
            let what = format!("`to` ({}) is not after `from` ({}): ", shape.to.value, shape.from.value);
            self.fault(&shape.to, what + "swap them, or write two entries for hours past midnight");
        }
        Hours { days, from_minute, to_minute }
    }

    fn item(&mut self, shape: ItemShape) -> ConfigurationItem {
        let mut item = ConfigurationItem::new(shape.id.value, &shape.class);
        item.name = shape.name.map(Into::into);
        item.environment = shape.environment.map_or(item.environment, Into::into);
        item.criticality = shape.criticality.unwrap_or(item.criticality);
        item.team = shape.team.map(Into::into);
        item.supplier = shape.supplier.map(Into::into);
        item.users = shape.users;
        item.aliases = shape.aliases.unwrap_or_default().into_iter().map(Into::into).collect();
        item.domain = shape.domain.map_or(item.domain, Domain::from);
        let requires = shape.requires.unwrap_or_default().into_iter().map(|to| relation(RelationKind::Requires, to));
        let uses = shape.uses.unwrap_or_default().into_iter().map(|to| relation(RelationKind::Uses, to));
        item.relations = requires.chain(uses).collect();
        item.relations.sort();
        item.relations.dedup();
        let groups = shape.redundant.unwrap_or_default().into_iter();
        item.groups = groups
            .map(|group| RedundantGroup {
                of: group.of.into_iter().map(|id| CiId::from(id.value)).collect(),
                k: group.k,
            })
            .collect();
        item.objectives = self.objectives(shape.objectives.unwrap_or_default());
        item.live_since = shape.live_since.and_then(|at| self.instant(&at));
        item.retired_at = shape.retired_at.and_then(|at| self.instant(&at));
        item
    }

    fn objectives(&mut self, shape: ObjectivesShape) -> Objectives {
        let mut span = |said: Option<Spanned<String>>| said.and_then(|said| self.span(&said));
        Objectives {
            rto: span(shape.rto),
            rpo: span(shape.rpo),
            mtpd: span(shape.mtpd),
            exercise_every: span(shape.exercise_every),
            slo: shape.slo,
            slo_window: shape.slo_window.and_then(|said| self.slo_window(&said)),
            degraded_weight: shape.degraded_weight.unwrap_or_default(),
            calendar: shape.calendar.filter(|id| id != ALWAYS).map(Into::into),
        }
    }

    /// `None` where its kind does not read, which is a fault.
    fn agreement(&mut self, shape: AgreementShape) -> Option<Agreement> {
        let targets = self.targets(shape.targets);
        Some(Agreement {
            kind: self.word(&shape.kind, &AgreementKind::ALL.map(|kind| (kind.as_str(), kind)))?,
            id: shape.id.value.into(),
            service: shape.service.map(|id| CiId::from(id.value)),
            team: shape.team.map(Into::into),
            supplier: shape.supplier.map(Into::into),
            calendar: shape.calendar.filter(|id| id != ALWAYS).map(Into::into),
            targets,
        })
    }

    fn targets(&mut self, shape: TargetsShape) -> Vec<AgreedTarget> {
        let TargetsShape { p1, p2, p3, p4, p5 } = shape;
        let said = Priority::ALL.into_iter().zip([p1, p2, p3, p4, p5]);
        said.filter_map(|(priority, target)| Some(self.target(priority, target?))).collect()
    }

    fn target(&mut self, priority: Priority, shape: TargetShape) -> AgreedTarget {
        let mut span = |said: Option<Spanned<String>>| said.and_then(|said| self.span(&said));
        AgreedTarget { priority, respond: span(shape.respond), restore: span(shape.restore) }
    }

    fn slo_window(&mut self, said: &Spanned<String>) -> Option<SloWindow> {
        match said.value.as_str() {
            "month" => Some(SloWindow::Month),
            "quarter" => Some(SloWindow::Quarter),
            text => {
                let span = Span::parse(text).filter(|span| *span > Span::ZERO);
                let wrong = || format!("`{text}` is no window: write a duration such as 30d, month or quarter");
                self.or_fault(said, span.map(SloWindow::Rolling), wrong)
            }
        }
    }

    fn span(&mut self, said: &Spanned<String>) -> Option<Span> {
        let span = Span::parse(&said.value).filter(|span| *span > Span::ZERO);
        self.or_fault(said, span, || format!("`{}` is no duration: write one such as 15m, 1h30m or 180d", said.value))
    }

    /// An instant, or a date, by which its first instant in UTC is meant.
    fn instant(&mut self, said: &Spanned<String>) -> Option<Timestamp> {
        let midnight = || Timestamp::parse(&format!("{}T00:00:00Z", said.value));
        let instant = Timestamp::parse(&said.value).or_else(midnight);
        self.or_fault(said, instant, || {
            format!("`{}` is no instant: write 2026-05-01T10:00:00Z, or a date such as 2026-05-01", said.value)
        })
    }

    fn date(&mut self, said: &Spanned<String>) -> Option<Date> {
        let date = Timestamp::parse(&format!("{}T00:00:00Z", said.value)).and_then(|midnight| {
            let (year, month, day) = midnight.date();
            Some(Date { year: i16::try_from(year).ok()?, month, day })
        });
        self.or_fault(said, date, || format!("`{}` is no date: write one such as 2026-05-01", said.value))
    }

    fn minute(&mut self, said: &Spanned<String>) -> Option<u16> {
        let wrong = || format!("`{}` is no time of day: write \"00:00\" to \"24:00\"", said.value);
        self.or_fault(said, minute_of_day(&said.value), wrong)
    }

    fn word<T: Copy>(&mut self, said: &Spanned<String>, known: &[(&str, T)]) -> Option<T> {
        let found = known.iter().find(|(word, _)| *word == said.value).map(|(_, value)| *value);
        self.or_fault(said, found, || {
            let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
            match nearest(&said.value, &words) {
                Some(near) => format!("`{}` is not known: did you mean `{near}`?", said.value),
                None => format!("`{}` is not known: write one of {}", said.value, words.join(", ")),
            }
        })
    }

    fn or_fault<T>(&mut self, said: &Spanned<String>, read: Option<T>, wrong: impl FnOnce() -> String) -> Option<T> {
        if read.is_none() {
            self.fault(said, wrong());
        }
        read
    }

    fn fault(&mut self, said: &Spanned<String>, what: String) {
        let place = &said.referenced;
        let at = Location { file: self.file.into(), line: place.line(), column: place.column() };
        self.faults.push(Fault { at, what });
    }
}

const MINUTES_OF_DAY: u16 = 1440;

fn minute_of_day(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|digit| digit.is_ascii_digit());
        plain.then(|| digits.parse::<u16>().ok()).flatten()
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    let whole = hour * 60 + minute;
    (minute < 60 && whole <= MINUTES_OF_DAY).then_some(whole)
}

fn relation(kind: RelationKind, to: Spanned<String>) -> Relation {
    Relation { kind, to: CiId::from(to.value) }
}
