//! Domains ([`Domain`]): what they may be called, and which partition of the log of events each belongs to. It depends on
//! nothing but the name and how many partitions there are, so that every process, of every version, says the same.

use crate::CommitHash;
use crate::fingerprint::Derivation;
use crate::name::Domain;

/// Names that begin with one of these, and no more, are ours.
const OURS: char = '~';

impl Default for Domain {
    fn default() -> Domain {
        Domain::from("default")
    }
}

impl Domain {
    /// As somebody outside names it: a tenant may be called anything. What would begin as our own names do begins with
    /// one character more.
    pub fn from_outside(name: &str) -> Domain {
        if name.starts_with(OURS) { Domain::from(format!("{OURS}{name}")) } else { Domain::from(name) }
    }

    /// Part of an id that would else be the same in two domains. The default one stays unsaid: it was there before others.
    pub fn tell_apart(&self, hash: &mut Derivation) {
        if *self != Domain::default() {
            hash.text(self.as_str());
        }
    }

    /// No name from outside is.
    fn is_ours(&self) -> bool {
        self.as_str().strip_prefix(OURS).is_some_and(|rest| !rest.starts_with(OURS))
    }
}

/// Which partition of the log a domain's records stand in.
pub fn partition_of(domain: &Domain, partitions: u32) -> u32 {
    let hash = CommitHash::derive(|d| {
        d.text(domain.as_str());
    });
    let [a, b, c, d, ..] = hash.bytes();
    u32::from_le_bytes([a, b, c, d]) % partitions.max(1)
}

/// The domain in which a partition keeps what is everybody's: the default one where it is its own, else one of this
/// purpose alone.
pub fn home_of(partition: u32, partitions: u32) -> Domain {
    let default = Domain::default();
    if partition_of(&default, partitions) == partition { default } else { Domain::from(format!("{OURS}{partition}")) }
}

/// Whether the engine of this partition is the one that decides the domain.
pub fn is_decided_in(domain: &Domain, partition: u32, partitions: u32) -> bool {
    match domain.is_ours() {
        true => *domain == home_of(partition, partitions),
        false => partition_of(domain, partitions) == partition,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_stands_where_it_always_stood() {
        let place = |name: &str| partition_of(&Domain::from(name), 12);
        assert_eq!(["default", "acme", "globex"].map(place), [8, 0, 7]);
        assert_eq!(partition_of(&Domain::from("acme"), 1), 0);
    }

    #[test]
    fn nobody_outside_can_name_the_home_of_a_partition() {
        let names = ["", "default", "acme", "~", "~~", "~3", "~~3", "~~~3", "3", "a~3"];
        let homes: Vec<Domain> = (0..12).map(|partition| home_of(partition, 12)).collect();
        let named = names.map(Domain::from_outside);
        assert!(named.iter().all(|domain| *domain == Domain::default() || !homes.contains(domain)), "{named:?}");
        assert!((1..named.len()).all(|nth| !named[..nth].contains(&named[nth])), "two names stay two: {named:?}");
        assert_eq!(named[2].as_str(), "acme");
    }

    #[test]
    fn each_domain_is_decided_in_one_place() {
        let mut domains = ["default", "acme", "~3", "~~3"].map(Domain::from_outside).to_vec();
        domains.extend((0..12).map(|partition| home_of(partition, 12)));
        for domain in domains {
            let holding = (0..12).filter(|partition| is_decided_in(&domain, *partition, 12)).count();
            assert_eq!(holding, 1, "{domain}");
        }
    }
}
