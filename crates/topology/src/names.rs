//! The names items go by, found by hash: a table of buckets over entries of eight bytes, text compared where it stands.
//!
//! What is looked up comes from outside, what is stored comes from the CMDB: a lookup never adds to the table, so no
//! sender can make its chains long.

use std::hash::Hasher;
use std::net::IpAddr;

use model::map::FoldHasher;
use model::reason::NameKind;

use crate::csr::Csr;
use crate::graph::ItemIdx;
use crate::items::Items;

/// The longest name that DNS can say; longer ones are not shortened.
const DNS_NAME_BYTES_MAX: usize = 253;

pub(crate) struct Names {
    /// Whole names, addresses in their canonical spelling, and hosts without part of their domain.
    whole: Table,
    /// Patterns, by what stands before their first wildcard.
    patterns: Table,
    /// The lengths in bytes that those beginnings have, ascending.
    beginnings: Box<[usize]>,
}

struct Table(Csr<Entry>);

/// Which name of which item.
#[derive(Clone, Copy, Default)]
struct Entry {
    item: ItemIdx,
    /// 0 the id, 1 the name, 2 the first alias, …; with [`Entry::SHORT`], that host name without part of its domain.
    source: u32,
}

impl Names {
    pub(crate) fn of(items: &Items) -> Names {
        let mut whole = Vec::with_capacity(items.rows.len());
        let mut patterns = Vec::new();
        let mut beginnings = Vec::new();
        for (row, at) in items.rows.iter().zip(0..) {
            let aliases = row.aliases.iter().map(|alias| &**alias);
            let names = std::iter::once(Some(row.id.as_str())).chain([row.name.as_deref()]).chain(aliases.map(Some));
            for (name, source) in names.zip(0..).filter_map(|(name, source)| Some((name?, source))) {
                let entry = Entry { item: ItemIdx::new(at), source };
                match entry.kind(name) {
                    NameKind::Pattern => {
                        beginnings.push(beginning(name).len());
                        patterns.push((hash(beginning(name)), entry));
                    }
                    NameKind::Address => whole.extend(address(name).map(|ip| (hash(&ip.to_string()), entry))),
                    NameKind::Id | NameKind::Name | NameKind::Alias | NameKind::Shortened => {
                        whole.push((hash(name), entry));
                        let short = Entry { source: source | Entry::SHORT, ..entry };
                        whole.extend(without_domain(name).map(|form| (hash(form), short)));
                    }
                }
            }
        }
        beginnings.sort_unstable();
        beginnings.dedup();
        Names { whole: Table::of(whole), patterns: Table::of(patterns), beginnings: beginnings.into_boxed_slice() }
    }

    pub(crate) fn find(&self, items: &Items, id: &str) -> Option<ItemIdx> {
        let is_it = |entry: &&Entry| entry.source == 0 && entry.text(items) == id;
        self.whole.bucket(id).iter().find(is_it).map(|entry| entry.item)
    }

    /// Items that have this very name, with the kind of name it is to them; addresses however they are spelt.
    pub(crate) fn exact<'a>(
        &'a self,
        items: &'a Items,
        name: &'a str,
    ) -> impl Iterator<Item = (NameKind, ItemIdx)> + 'a {
        let textual =
            self.whole.bucket(name).iter().filter(move |entry| !entry.is_short() && entry.text(items) == name);
        let kinds = textual.map(|entry| (entry.kind(name), entry.item)).filter(|(kind, _)| *kind != NameKind::Address);
        kinds.chain(address(name).into_iter().flat_map(move |ip| self.at_address(items, ip)))
    }

    fn at_address<'a>(&'a self, items: &'a Items, ip: IpAddr) -> impl Iterator<Item = (NameKind, ItemIdx)> + 'a {
        let is_alias = |entry: &&Entry| !entry.is_short() && entry.source >= Entry::ALIASES;
        let spelt = ip.to_string();
        let entries = self.whole.bucket(&spelt).iter().filter(is_alias);
        entries.filter(move |entry| address(entry.text(items)) == Some(ip)).map(|e| (NameKind::Address, e.item))
    }

    /// Items with a pattern that matches, and how many characters of it are no wildcards.
    pub(crate) fn matching<'a>(
        &'a self,
        items: &'a Items,
        name: &'a str,
    ) -> impl Iterator<Item = (usize, ItemIdx)> + 'a {
        let begins = self.beginnings.iter().map_while(move |length| name.len().checked_sub(*length).map(|_| *length));
        begins.filter_map(|length| name.get(..length)).flat_map(move |begin| {
            let patterns = self.patterns.bucket(begin).iter().map(|entry| (entry.text(items), entry.item));
            let hits = patterns.filter(move |(text, _)| beginning(text) == begin && glob(text, name));
            hits.map(|(text, item)| (text.chars().filter(|c| !is_wildcard(*c)).count(), item))
        })
    }

    /// Items whose host name is this one and a domain behind it.
    pub(crate) fn extending<'a>(&'a self, items: &'a Items, host: &'a str) -> impl Iterator<Item = ItemIdx> + 'a {
        let extends = move |text: &str| text.strip_prefix(host).is_some_and(|rest| rest.starts_with('.'));
        let short = self.whole.bucket(host).iter().filter(|entry| entry.is_short());
        short.filter(move |entry| extends(entry.text(items))).map(|entry| entry.item)
    }
}

impl Entry {
    const SHORT: u32 = 1 << 31;
    const ALIASES: u32 = 2;

    fn is_short(&self) -> bool {
        self.source & Entry::SHORT != 0
    }

    fn text<'a>(&self, items: &'a Items) -> &'a str {
        let row = &items.rows[self.item.at()];
        match self.source & !Entry::SHORT {
            0 => row.id.as_str(),
            1 => row.name.as_deref().unwrap_or_default(),
            source => row.aliases.get((source - Entry::ALIASES) as usize).map(|alias| &**alias).unwrap_or_default(),
        }
    }

    /// What sort of name its text is.
    fn kind(&self, text: &str) -> NameKind {
        match self.source {
            0 => NameKind::Id,
            1 => NameKind::Name,
            _ if text.contains(is_wildcard) => NameKind::Pattern,
            _ if address(text).is_some() => NameKind::Address,
            _ => NameKind::Alias,
        }
    }
}

impl Table {
    fn of(mut entries: Vec<(u32, Entry)>) -> Table {
        let buckets = entries.len().next_power_of_two();
        entries.iter_mut().for_each(|(hash, _)| *hash &= buckets as u32 - 1);
        Table(Csr::scatter(buckets, entries.iter().copied()))
    }

    fn bucket(&self, text: &str) -> &[Entry] {
        self.0.row(hash(text) as usize & (self.0.rows() - 1))
    }
}

/// Mixed once more than the hasher does: buckets are told apart by low bits, and numbered names differ in few.
pub(crate) fn hash(text: &str) -> u32 {
    let mut hasher = FoldHasher::default();
    hasher.write(text.as_bytes());
    let hash = hasher.finish();
    let mixed = (hash ^ hash >> 29).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed >> 32) as u32
}

/// An IP address in any spelling, in brackets too.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().map(|ip: IpAddr| ip.to_canonical())
}

/// A host name without the last label of its domain, without the last two, … down to its first label.
pub(crate) fn without_domain(name: &str) -> impl Iterator<Item = &str> {
    let start = is_host_name(name).then_some(name);
    std::iter::successors(start, |form| form.rsplit_once('.').map(|(shorter, _)| shorter)).skip(1)
}

/// `host:port` and `[address]:port` without the port.
pub(crate) fn without_port(name: &str) -> Option<&str> {
    let (host, port) = match name.strip_prefix('[') {
        Some(rest) => rest.split_once("]:")?,
        None => name.rsplit_once(':').filter(|(host, _)| !host.contains(':'))?,
    };
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    (is_port && !host.is_empty()).then_some(host)
}

fn is_host_name(name: &str) -> bool {
    let is_label =
        |label: &str| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    name.len() <= DNS_NAME_BYTES_MAX && name.split('.').all(is_label) && address(name).is_none()
}

fn is_wildcard(c: char) -> bool {
    matches!(c, '*' | '?')
}

fn beginning(pattern: &str) -> &str {
    pattern.split(is_wildcard).next().unwrap_or_default()
}

/// `*` is any text, none too; `?` is one character. Linear but for the text that a `*` tries again.
fn glob(pattern: &str, text: &str) -> bool {
    let (mut wanted, mut given) = (pattern.chars(), text.chars());
    let mut retry = None;
    loop {
        let (mut next_wanted, mut next_given) = (wanted.clone(), given.clone());
        match (next_wanted.next(), next_given.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                retry = Some((next_wanted.clone(), given.clone()));
                wanted = next_wanted;
                continue;
            }
            (Some(c), Some(g)) if c == '?' || c == g => {
                (wanted, given) = (next_wanted, next_given);
                continue;
            }
            _ => {}
        }
        let Some((after_star, from)) = &mut retry else { return false };
        if from.next().is_none() {
            return false;
        }
        (wanted, given) = (after_star.clone(), from.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_stripped_where_they_are_ports() {
        for (name, bare) in [
            ("db-7:9100", Some("db-7")),
            ("10.1.2.3:9100", Some("10.1.2.3")),
            ("[::1]:9100", Some("::1")),
            ("::1", None),
            ("fe80::1:9100", None),
            ("db-7:", None),
            ("db-7:http", None),
            ("db-7:123456", None),
            (":9100", None),
            ("[]:9100", None),
            ("[::1]", None),
        ] {
            assert_eq!(without_port(name), bare, "{name}");
        }
    }

    #[test]
    fn domains_are_stripped_label_by_label_and_only_from_hosts() {
        let forms = |name| without_domain(name).collect::<Vec<_>>();
        assert_eq!(forms("db-7.prod.example.com"), ["db-7.prod.example", "db-7.prod", "db-7"]);
        for name in ["db-7", "10.1.2.3", "a b.c", "a..b", ".a", "a.", "http://a.b/c"] {
            assert!(forms(name).is_empty(), "{name}");
        }
    }

    #[test]
    fn globs_match_the_whole_name() {
        for (pattern, text, matches) in [
            ("checkout-*", "checkout-1", true),
            ("checkout-*", "checkout-", true),
            ("checkout-*", "old-checkout-1", false),
            ("*-db", "eu-db-db", true),
            ("*-db", "eu-dbx", false),
            ("a*b*c", "a-b-b-cc", true),
            ("a*b*c", "acb", false),
            ("db-?", "db-7", true),
            ("db-?", "db-ü", true),
            ("db-?", "db-", false),
            ("*", "", true),
            ("**a", "ba", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} {text}");
        }
    }
}
