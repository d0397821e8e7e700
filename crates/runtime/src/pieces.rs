//! Where a batch of items is cut: each piece is decided before it is asked whose the items of the next one are.
//!
//! Wherever a log was cut into portions, instants are parted at the same places, or it would not come to the same:
//! between items of one instant nothing counts that came before it. `[I16]`

use std::collections::BTreeSet;

use model::event::Event;
use model::{Domain, Timestamp};

use crate::forward::whose;
use crate::push::Item;

/// Where the first piece ends; `None`: all of it is one.
///
/// A command begins a piece: whose it is follows from what comes before it. So does the first that is said of a domain,
/// behind something that is everybody's: the domain is born with what everybody knows by then.
pub(crate) fn end_of_the_first(items: &[(Timestamp, Item)], is_known: impl Fn(&Domain) -> bool) -> Option<usize> {
    let command = items.iter().skip(1).position(|(_, item)| matches!(item, Item::Command(_))).map(|at| at + 1);
    let piece = items.get(..command.unwrap_or(items.len())).unwrap_or_default();
    birth_after_news(piece, is_known).or(command)
}

fn birth_after_news(piece: &[(Timestamp, Item)], is_known: impl Fn(&Domain) -> bool) -> Option<usize> {
    let news = piece.iter().position(|(_, item)| is_everybodys(item))?;
    let before: BTreeSet<&Domain> = piece.iter().take(news).filter_map(|(_, item)| domain_of(item)).collect();
    let is_new = |domain: &Domain| !before.contains(domain) && !is_known(domain);
    let born =
        (news..piece.len()).find(|at| piece.get(*at).and_then(|(_, item)| domain_of(item)).is_some_and(is_new))?;
    let (now, _) = piece.get(born)?;
    let instant = piece.partition_point(|(at, _)| at < now);
    Some(if news < instant { instant } else { born })
}

fn is_everybodys(item: &Item) -> bool {
    match item {
        Item::Event(event) => matches!(event, Event::Change(_) | Event::Maintenance(_)),
        Item::Command(command) => whose::is_everybodys(command),
        Item::Unreadable(_) => false,
    }
}

fn domain_of(item: &Item) -> Option<&Domain> {
    match item {
        Item::Event(Event::Alert(alert)) => Some(&alert.domain),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use model::SilenceId;
    use model::command::{Action, Command};
    use model::event::Event;
    use testkit::firing;

    use super::*;

    fn alert(domain: &str) -> Item {
        let mut alert = firing("disk").alert();
        alert.domain = Domain::from(domain);
        Item::Event(Event::from(alert))
    }

    fn everybodys() -> Item {
        let action = Action::ExpireSilence(SilenceId::from_bytes([7; 16]));
        Item::Command(Box::new(Command { by: "ann".into(), at: None, action }))
    }

    /// Words: `name@instant`; `!` is everybody's. Domains that are known begin with `k`.
    fn cut(words: &str) -> Option<usize> {
        let item = |word: &str| {
            let (name, at) = word.split_once('@').expect("a name and an instant");
            let item = if name == "!" { everybodys() } else { alert(name) };
            (Timestamp::from_seconds(at.parse().expect("a number")), item)
        };
        let items: Vec<_> = words.split(' ').map(item).collect();
        end_of_the_first(&items, |domain| domain.as_str().starts_with('k'))
    }

    #[test]
    fn a_piece_ends_before_a_command() {
        assert_eq!(cut("a@1 a@2 !@3 !@3"), Some(2));
        assert_eq!(cut("!@1 k@2 k@2"), None);
        assert_eq!(cut("a@1 b@2"), None);
    }

    #[test]
    fn a_domain_is_born_behind_what_is_everybodys() {
        assert_eq!(cut("!@1 k@2 a@3 a@4"), Some(2));
        assert_eq!(cut("!@1 k@2 k@3 a@3"), Some(2), "its instant is not parted for what came before that");
        assert_eq!(cut("!@1 k@1 a@1 k@1"), Some(2), "it stands in one instant with it");
        assert_eq!(cut("k@1 a@2"), None, "nothing new is everybody's");
    }
}
