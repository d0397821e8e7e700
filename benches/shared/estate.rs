//! An estate of any size in layers, as they are drawn in a CMDB: services need applications, applications hosts and a
//! database, hosts stand in racks and hang on a switch; racks of hosts share a storage array.

use model::item::{Relation, RelationKind};
use model::{Cmdb, ConfigurationItem};
use testkit::SplitMix64;

/// Of a hundred items: services, applications, databases, arrays and switches; the rest is hosts.
const SERVICES: usize = 2;
const APPLICATIONS: usize = 28;
const DATABASES: usize = 3;
const SHARED: usize = 1;

/// How many hosts an estate of `items` has: `host-0` and on.
pub fn hosts(items: usize) -> usize {
    items - items / 100 * (SERVICES + APPLICATIONS + DATABASES + 2 * SHARED)
}

/// The estate, the same each time.
pub fn estate(items: usize) -> Cmdb {
    let mut random = SplitMix64::new(7);
    let share = |of: usize| items / 100 * of;
    let (services, applications, databases) = (share(SERVICES), share(APPLICATIONS), share(DATABASES));
    let (shared, hosts) = (share(SHARED), hosts(items));
    let mut all = Vec::with_capacity(items);
    for at in 0..services {
        let mut service = ConfigurationItem::new(format!("service-{at}"), "service");
        service.criticality = 1 + (at % 4) as u8;
        service.relations = (0..6).map(|_| needs("app", random.below(applications))).collect();
        all.push(service);
    }
    for at in 0..applications {
        let mut application = ConfigurationItem::new(format!("app-{at}"), "application");
        application.relations =
            vec![needs("host", at % hosts), needs("host", random.below(hosts)), needs("db", random.below(databases))];
        // One in four needs another application: what fails deep down comes up through several layers.
        if at > 0 && random.once_in(4) {
            application.relations.push(needs("app", random.below(at)));
        }
        all.push(application);
    }
    for at in 0..databases {
        let mut database = ConfigurationItem::new(format!("db-{at}"), "database");
        database.relations = vec![needs("host", random.below(hosts)), needs("array", at % shared)];
        all.push(database);
    }
    for at in 0..hosts {
        let mut host = ConfigurationItem::new(format!("host-{at}"), "host");
        host.relations = vec![needs("switch", at % shared)];
        all.push(host);
    }
    all.extend((0..shared).map(|at| ConfigurationItem::new(format!("array-{at}"), "storage")));
    all.extend((0..shared).map(|at| ConfigurationItem::new(format!("switch-{at}"), "network")));
    Cmdb { items: all, ..Cmdb::default() }
}

fn needs(kind: &str, at: usize) -> Relation {
    Relation { kind: RelationKind::Requires, to: format!("{kind}-{at}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estate_has_the_items_that_were_asked_for_and_is_sound() {
        let cmdb = estate(1000);
        assert_eq!(cmdb.items.len(), 1000);
        let graph = topology::Graph::build(&cmdb, 1).expect("it is sound");
        assert!(graph.find(&format!("host-{}", hosts(1000) - 1)).is_some());
        assert!(graph.find(&format!("host-{}", hosts(1000))).is_none());
    }
}
