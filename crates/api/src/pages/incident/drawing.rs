//! The drawn piece of the dependency graph: boxes with name, class and state, and what they were at each step.

use model::outage::ItemState;
use wire::v1;

use super::layers::{self, BOX_HEIGHT, BOX_WIDTH};
use crate::incidents::map::{IncidentMap, MapItem, MapState};
use crate::pages::told;

/// Steps that one can go through; of more, some are left out.
const STEPS_MAX: usize = 40;
/// Items that a step tells by name.
const NAMED_MAX: usize = 4;
const NAME_CHARS_MAX: usize = 22;
const CLASS_CHARS_MAX: usize = 13;

#[derive(Debug)]
pub(crate) struct Drawing {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) boxes: Vec<Boxed>,
    pub(crate) lines: Vec<Line>,
    pub(crate) steps: Vec<Step>,
    /// The step that is shown.
    pub(crate) shown: usize,
    pub(crate) cut: bool,
}

#[derive(Debug)]
pub(crate) struct Boxed {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) id: String,
    pub(crate) address: String,
    pub(crate) name: String,
    /// As much of the name as the box holds.
    pub(crate) short: String,
    pub(crate) class: String,
    pub(crate) class_short: String,
    pub(crate) is_cause: bool,
    /// At the step that is shown.
    pub(crate) state: ItemState,
    pub(crate) alerting: bool,
    /// At each step: a letter for the state, in capitals where it alerts.
    pub(crate) states: String,
}

#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) path: String,
    pub(crate) kind: String,
    /// Both ends are worse than up.
    pub(crate) hot: bool,
    pub(crate) title: String,
}

/// What changed at an instant.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: v1::Instant,
    pub(crate) text: String,
}

impl Drawing {
    /// `None`: there is nothing that a picture would show better than words.
    pub(crate) fn of(map: &IncidentMap, over: bool) -> Option<Drawing> {
        if map.items.is_empty() {
            return None;
        }
        let place = |id: &str| map.items.iter().position(|item| item.id == id);
        let links: Vec<(usize, usize)> =
            map.links.iter().filter_map(|link| Some((place(&link.from)?, place(&link.to)?))).collect();
        let layout = layers::layout(map.items.len(), &links);
        let instants = instants(&map.steps);
        let shown = shown(map, &instants, over);
        let then = instants.get(shown).copied();
        let boxes: Vec<Boxed> = map
            .items
            .iter()
            .zip(&layout.boxes)
            .map(|(item, place)| boxed(item, *place, map.cause.as_deref(), &instants, then))
            .collect();
        let bad = |at: usize| boxes.get(at).is_some_and(|item: &Boxed| item.state != ItemState::Up);
        let lines = links.iter().zip(&layout.lines).zip(&map.links).map(|((&(from, to), points), link)| Line {
            from,
            to,
            path: path(points),
            kind: link.kind.clone(),
            hot: bad(from) && bad(to),
            title: need(link),
        });
        Some(Drawing {
            width: layout.width,
            height: layout.height,
            lines: lines.collect(),
            boxes,
            steps: told_steps(map, &instants),
            shown,
            cut: map.cut,
        })
    }

    pub(crate) fn last(&self) -> usize {
        self.steps.len().saturating_sub(1)
    }
}

fn need(link: &crate::incidents::map::MapLink) -> String {
    match (link.kind.as_str(), link.k, link.of) {
        ("group", Some(k), Some(of)) => format!("{} needs {k} of {of}, of which {} is one", link.from, link.to),
        ("uses", ..) => format!("{} uses {}", link.from, link.to),
        _ => format!("{} requires {}", link.from, link.to),
    }
}

fn boxed(
    item: &MapItem,
    place: layers::Place,
    cause: Option<&str>,
    instants: &[v1::Instant],
    then: Option<v1::Instant>,
) -> Boxed {
    let class = item.class.clone().unwrap_or_else(|| "not in the CMDB".to_owned());
    let now = then.map(|then| state_at(item, then)).unwrap_or_default();
    Boxed {
        x: place.x,
        y: place.y,
        id: item.id.clone(),
        address: address(&item.id, item.service),
        short: isolated(&item.name, NAME_CHARS_MAX),
        name: item.name.clone(),
        class_short: isolated(&class, CLASS_CHARS_MAX),
        class,
        is_cause: cause == Some(item.id.as_str()),
        state: now.0,
        alerting: now.1,
        states: instants.iter().map(|at| letter(state_at(item, *at))).collect(),
    }
}

/// Where a service, or any other item, is shown.
pub(crate) fn address(id: &str, service: bool) -> String {
    format!("/{}/{}", if service { "services" } else { "cis" }, told::encoded(id))
}

fn letter((state, alerting): (ItemState, bool)) -> char {
    let letter = match state {
        ItemState::Up => 'u',
        ItemState::AtRisk => 'r',
        ItemState::Degraded => 'g',
        ItemState::Down => 'd',
    };
    if alerting { letter.to_ascii_uppercase() } else { letter }
}

fn state_at(item: &MapItem, at: v1::Instant) -> (ItemState, bool) {
    let last = item.states.iter().rev().find(|state| state.at <= at);
    last.map_or((ItemState::Up, false), |state| (state.state, state.alerting))
}

/// Letters of one text do not turn those around it: SVG has no style for that that every browser knows.
fn isolated(text: &str, chars_max: usize) -> String {
    format!("\u{2068}{}\u{2069}", model::text::cut(text, chars_max))
}

/// The first, the last, and of those between as many as there is room for.
fn instants(steps: &[v1::Instant]) -> Vec<v1::Instant> {
    if steps.len() <= STEPS_MAX {
        return steps.to_vec();
    }
    let last = steps.len() - 1;
    (0..STEPS_MAX).filter_map(|at| steps.get(at * last / (STEPS_MAX - 1)).copied()).collect()
}

/// How it is now; of what is over, how it was when it was worst.
fn shown(map: &IncidentMap, instants: &[v1::Instant], over: bool) -> usize {
    let last = instants.len().saturating_sub(1);
    if !over {
        return last;
    }
    let badness = |at: &v1::Instant| {
        let states = map.items.iter().map(|item| state_at(item, *at));
        states.map(|(state, alerting)| (state as usize) * 2 + usize::from(alerting)).sum::<usize>()
    };
    let worst = instants.iter().enumerate().max_by_key(|(place, at)| (badness(at), std::cmp::Reverse(*place)));
    worst.map_or(last, |(place, _)| place)
}

fn told_steps(map: &IncidentMap, instants: &[v1::Instant]) -> Vec<Step> {
    let mut before: Option<v1::Instant> = None;
    let mut steps = Vec::with_capacity(instants.len());
    for at in instants {
        let since = before.replace(*at);
        let within = |state: &&MapState| since.is_none_or(|since| state.at > since) && state.at <= *at;
        let changed = map.items.iter().filter(|item| item.states.iter().any(|state| within(&state)));
        let changes: Vec<Change<'_>> = changed
            .map(|item| (item, since.map(|since| state_at(item, since)).unwrap_or_default(), state_at(item, *at)))
            .collect();
        steps.push(Step { at: *at, text: told_changes(&changes) });
    }
    steps
}

/// An item's state, and whether it alerts itself.
type Standing = (ItemState, bool);
/// An item, how it stood, and how it stands.
type Change<'a> = (&'a MapItem, Standing, Standing);

fn told_changes(changes: &[Change<'_>]) -> String {
    let named = |is: &dyn Fn(&Standing, &Standing) -> bool| {
        let names = changes.iter().filter(|(_, was, now)| is(was, now)).map(|(item, ..)| item.name.as_str());
        names.collect::<Vec<_>>()
    };
    let mut said = Vec::new();
    let mut say = |names: Vec<&str>, one: &str, many: &str| {
        if !names.is_empty() {
            said.push(format!("{} {}", listed(&names), if names.len() == 1 { one } else { many }));
        }
    };
    say(named(&|was, now| now.1 && !was.1), "begins to alert", "begin to alert");
    for state in [ItemState::Down, ItemState::Degraded, ItemState::AtRisk] {
        let word = told::state(state);
        let silent = named(&|was, now| now.0 == state && was.0 != state && (!now.1 || was.1));
        say(silent, &format!("is {word}"), &format!("are {word}"));
    }
    say(named(&|was, now| was.0 != ItemState::Up && now.0 == ItemState::Up), "is up again", "are up again");
    let quiet = named(&|was, now| was.1 && !now.1 && now.0 != ItemState::Up);
    say(quiet, "no longer alerts itself", "no longer alert themselves");
    if said.is_empty() { "something changed and changed back".to_owned() } else { said.join("; ") }
}

/// `a, b and 3 more`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] if names.len() <= NAMED_MAX => format!("{} and {last}", first.join(", ")),
        _ => {
            let shown = &names[..NAMED_MAX - 1];
            format!("{} and {} more", shown.join(", "), names.len() - shown.len())
        }
    }
}

/// A smooth line through its points.
fn path(points: &[(i32, i32)]) -> String {
    let mut path = String::new();
    for (at, (x, y)) in points.iter().enumerate() {
        match at.checked_sub(1).and_then(|before| points.get(before)) {
            None => path.push_str(&format!("M{x} {y}")),
            Some((_, was)) if was == y => path.push_str(&format!("H{x}")),
            Some((from, was)) => {
                let middle = (from + x) / 2;
                path.push_str(&format!("C{middle} {was} {middle} {y} {x} {y}"));
            }
        }
    }
    path
}

impl Boxed {
    pub(crate) fn width(&self) -> i32 {
        BOX_WIDTH
    }

    pub(crate) fn height(&self) -> i32 {
        BOX_HEIGHT
    }

    pub(crate) fn right(&self) -> i32 {
        self.x + BOX_WIDTH - 10
    }

    pub(crate) fn class_of_state(&self) -> &'static str {
        told::class(self.state)
    }

    /// What the box says of its state.
    pub(crate) fn word(&self) -> String {
        let state = told::state(self.state);
        if self.alerting { format!("{state}, alerts") } else { state.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    fn at(seconds: i64) -> v1::Instant {
        v1::Instant(Timestamp::from_seconds(seconds))
    }

    fn item(id: &str, states: &[(i64, ItemState, bool)]) -> MapItem {
        let state =
            |&(seconds, state, alerting): &(i64, ItemState, bool)| MapState { at: at(seconds), state, alerting };
        let states = states.iter().map(state).collect();
        MapItem { id: id.to_owned(), name: id.to_owned(), class: None, service: false, rank: None, states }
    }

    fn map(items: Vec<MapItem>) -> IncidentMap {
        let mut steps: Vec<v1::Instant> = items.iter().flat_map(|item| &item.states).map(|state| state.at).collect();
        steps.sort();
        steps.dedup();
        let (links, services) = (Vec::new(), Vec::new());
        let (id, cause) = ("inc".to_owned(), Some("disk".to_owned()));
        IncidentMap {
            id,
            number: None,
            topology_version: 1,
            cause,
            items,
            links,
            cut: false,
            steps,
            services,
            services_cut: false,
        }
    }

    fn spreading() -> IncidentMap {
        map(vec![
            item("disk", &[(0, ItemState::Down, true), (100, ItemState::Up, false)]),
            item("shop", &[(0, ItemState::Down, false), (60, ItemState::Down, true), (100, ItemState::Up, false)]),
        ])
    }

    #[test]
    fn each_step_says_what_changed() {
        let drawing = Drawing::of(&spreading(), false).unwrap();
        let texts: Vec<&str> = drawing.steps.iter().map(|step| step.text.as_str()).collect();
        assert_eq!(texts, ["disk begins to alert; shop is down", "shop begins to alert", "disk and shop are up again"]);
        let states: Vec<&str> = drawing.boxes.iter().map(|item| item.states.as_str()).collect();
        assert_eq!(states, ["DDu", "dDu"]);
    }

    #[test]
    fn what_lasts_is_shown_as_it_is_and_what_is_over_at_its_worst() {
        assert_eq!(Drawing::of(&spreading(), false).unwrap().shown, 2);
        let over = Drawing::of(&spreading(), true).unwrap();
        assert_eq!((over.shown, over.boxes[1].word()), (1, "down, alerts".to_owned()));
    }

    #[test]
    fn of_many_steps_the_first_and_the_last_stay() {
        let steps: Vec<v1::Instant> = (0..1000).map(at).collect();
        let chosen = instants(&steps);
        assert_eq!((chosen.len(), chosen[0], chosen[STEPS_MAX - 1]), (STEPS_MAX, at(0), at(999)));
    }

    #[test]
    fn many_names_are_counted() {
        assert_eq!(listed(&["a"]), "a");
        assert_eq!(listed(&["a", "b", "c", "d"]), "a, b, c and d");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }
}
