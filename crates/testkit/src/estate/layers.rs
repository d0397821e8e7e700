//! The items of an estate, from the floor of a machine room up to what customers use.
//!
//! Of a thousand items some three hundred are virtual machines, as many parts of applications, a hundred and ten the
//! machines below, eighty databases with their instances and volumes. Applications belong to departments, whose services
//! share few of them; machines, storage and networks are shared by all.

use model::item::{ConfigurationItem, RedundantGroup, Relation, RelationKind};
use model::{CiId, Cmdb};

use crate::random::SplitMix64;

/// How one item needs another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Requires(usize),
    Uses(usize),
}

/// An item as it really is.
#[derive(Clone, Debug)]
pub struct Node {
    pub id: Box<str>,
    pub class: &'static str,
    pub needs: Vec<Need>,
    /// `k` of these must work.
    pub groups: Vec<(usize, Vec<usize>)>,
    /// Where it stands.
    pub located_in: Option<usize>,
    pub connected: Vec<usize>,
    /// The department, or the room, that it belongs to.
    pub cluster: usize,
    pub criticality: u8,
}

/// What there is, and who needs whom.
#[derive(Debug)]
pub struct Estate {
    pub nodes: Vec<Node>,
    /// Of each item what needs it, directly.
    pub needed_by: Vec<Vec<usize>>,
}

struct Building {
    nodes: Vec<Node>,
    random: SplitMix64,
}

impl Estate {
    pub fn build(items: usize, seed: u64) -> Estate {
        let mut building =
            Building { nodes: Vec::with_capacity(items + items / 8), random: SplitMix64::new(seed ^ 0xe57a) };
        building.all(items);
        let mut needed_by = vec![Vec::new(); building.nodes.len()];
        for (place, node) in building.nodes.iter().enumerate() {
            for below in node.below() {
                if !needed_by[below].contains(&place) {
                    needed_by[below].push(place);
                }
            }
        }
        Estate { nodes: building.nodes, needed_by }
    }

    /// The CMDB, in which of so many edges half are missing and half lead to another item of the same class.
    pub fn told(&self, wrong: f64, seed: u64) -> Cmdb {
        let mut random = SplitMix64::new(seed ^ 0xed6e);
        let mut of_class: std::collections::BTreeMap<&str, Vec<usize>> = Default::default();
        for (place, node) in self.nodes.iter().enumerate() {
            of_class.entry(node.class).or_default().push(place);
        }
        let mut told = |to: usize| -> Option<CiId> {
            let drawn = random.share();
            if drawn < wrong / 2.0 {
                return None;
            }
            let to = if drawn < wrong { *random.pick(&of_class[self.nodes[to].class]) } else { to };
            Some(CiId::from(&*self.nodes[to].id))
        };
        let items = self.nodes.iter().map(|node| {
            let mut item = ConfigurationItem::new(&*node.id, node.class);
            item.criticality = node.criticality;
            item.team = Some(format!("team-{}", node.cluster % 40).into());
            let mut relate = |kind: RelationKind, to: usize, item: &mut ConfigurationItem| {
                let relation = told(to).filter(|to| *to != item.id).map(|to| Relation { kind, to });
                item.relations.extend(
                    relation.filter(|relation| !item.relations.contains(relation)).into_iter().collect::<Vec<_>>(),
                );
            };
            for need in &node.needs {
                match need {
                    Need::Requires(to) => relate(RelationKind::Requires, *to, &mut item),
                    Need::Uses(to) => relate(RelationKind::Uses, *to, &mut item),
                }
            }
            node.located_in.iter().for_each(|to| relate(RelationKind::LocatedIn, *to, &mut item));
            node.connected.iter().for_each(|to| relate(RelationKind::Connected, *to, &mut item));
            for (k, members) in &node.groups {
                let mut of: Vec<CiId> =
                    members.iter().filter_map(|member| told(*member)).filter(|id| *id != item.id).collect();
                of.sort();
                of.dedup();
                if !of.is_empty() {
                    item.groups.push(RedundantGroup { k: (*k).min(of.len()) as u32, of });
                }
            }
            item
        });
        Cmdb { items: items.collect(), ..Cmdb::default() }
    }
}

impl Node {
    /// What it needs in any way, directly.
    pub fn below(&self) -> impl Iterator<Item = usize> {
        let needs = self.needs.iter().map(|need| match need {
            Need::Requires(to) | Need::Uses(to) => *to,
        });
        needs.chain(self.groups.iter().flat_map(|(_, members)| members.iter().copied()))
    }
}

impl Building {
    fn all(&mut self, items: usize) {
        let count = |share: f64| ((items as f64 * share) as usize).max(1);
        let rooms = count(0.002);
        let mut racks = Vec::new();
        let mut switches = Vec::new();
        for room in 0..rooms {
            let place = self.add(format!("room-{room}"), "location", room);
            let cores: Vec<usize> = (0..2).map(|nth| self.add(format!("core-{room}-{nth}"), "network", room)).collect();
            self.nodes[cores[0]].connected.push(cores[1]);
            for nth in 0..count(0.012).div_ceil(rooms) {
                let rack = self.add(format!("rack-{room}-{nth}"), "location", room);
                self.nodes[rack].located_in = Some(place);
                let switch = self.add(format!("sw-{room}-{nth}"), "network", room);
                self.nodes[switch].groups.push((1, cores.clone()));
                self.nodes[switch].located_in = Some(rack);
                racks.push(rack);
                switches.push(switch);
            }
        }
        let hubs: Vec<usize> = ["dns", "identity", "time"]
            .into_iter()
            .map(|name| {
                let hub = self.add(name.to_owned(), "service-hub", 0);
                let switch = *self.random.pick(&switches);
                self.nodes[hub].needs.push(Need::Requires(switch));
                hub
            })
            .collect();
        let arrays: Vec<usize> = (0..count(0.006)).map(|nth| self.array(nth, &racks, &switches)).collect();
        let hosts: Vec<usize> = (0..count(0.08)).map(|nth| self.host(nth, &racks, &switches)).collect();
        let machines: Vec<usize> = (0..count(0.3)).map(|nth| self.machine(nth, &hosts)).collect();
        let departments = count(0.012);
        for department in 0..departments {
            self.department(department, items / departments, &machines, &arrays, &hubs);
        }
    }

    fn add(&mut self, id: String, class: &'static str, cluster: usize) -> usize {
        self.nodes.push(Node {
            id: id.into(),
            class,
            needs: Vec::new(),
            groups: Vec::new(),
            located_in: None,
            connected: Vec::new(),
            cluster,
            criticality: 3,
        });
        self.nodes.len() - 1
    }

    fn array(&mut self, nth: usize, racks: &[usize], switches: &[usize]) -> usize {
        let at = self.random.below(racks.len());
        let array = self.add(format!("array-{nth}"), "storage", self.nodes[racks[at]].cluster);
        self.nodes[array].located_in = Some(racks[at]);
        let other = *self.random.pick(switches);
        self.nodes[array].groups.push((1, distinct(vec![switches[at], other])));
        array
    }

    fn host(&mut self, nth: usize, racks: &[usize], switches: &[usize]) -> usize {
        let at = nth % racks.len();
        let host = self.add(format!("host-{nth}"), "host", self.nodes[racks[at]].cluster);
        self.nodes[host].needs.push(Need::Requires(switches[at]));
        self.nodes[host].located_in = Some(racks[at]);
        host
    }

    fn machine(&mut self, nth: usize, hosts: &[usize]) -> usize {
        let host = *self.random.pick(hosts);
        let machine = self.add(format!("vm-{nth}"), "vm", self.nodes[host].cluster);
        self.nodes[machine].needs.push(Need::Requires(host));
        machine
    }

    /// Its databases, queues and applications, and above them the services that customers see.
    fn department(&mut self, department: usize, items: usize, machines: &[usize], arrays: &[usize], hubs: &[usize]) {
        let count = |share: f64| ((items as f64 * share) as usize).max(1);
        let databases: Vec<usize> =
            (0..count(0.03)).map(|nth| self.database(department, nth, machines, arrays)).collect();
        let queues: Vec<usize> = (0..count(0.015))
            .map(|nth| {
                let queue = self.add(format!("queue-{department}-{nth}"), "queue", department);
                let group = distinct((0..3).map(|_| *self.random.pick(machines)).collect());
                self.nodes[queue].groups.push((group.len().div_ceil(2), group));
                queue
            })
            .collect();
        let mut applications = Vec::new();
        for nth in 0..count(0.09) {
            let application = self.application(department, nth, machines);
            self.some(application, &databases, 1, 2, Need::Requires);
            self.some(application, &queues, 0, 1, Need::Requires);
            // Those of earlier number are further down.
            self.some(application, &applications, 0, 2, Need::Requires);
            self.some(application, &applications, 0, 1, Need::Uses);
            self.nodes[application].needs.push(Need::Uses(hubs[self.random.below(hubs.len())]));
            applications.push(application);
        }
        for nth in 0..count(0.015) {
            let service = self.add(format!("service-{department}-{nth}"), "service", department);
            self.nodes[service].criticality = 1 + self.random.below(3) as u8;
            self.some(service, &applications, 1, 4, Need::Requires);
            self.some(service, &applications, 0, 2, Need::Uses);
        }
    }

    fn database(&mut self, department: usize, nth: usize, machines: &[usize], arrays: &[usize]) -> usize {
        let database = self.add(format!("db-{department}-{nth}"), "database", department);
        let instances: Vec<usize> = (0..2)
            .map(|replica| {
                let volume = self.add(format!("vol-{department}-{nth}-{replica}"), "volume", department);
                let array = *self.random.pick(arrays);
                self.nodes[volume].needs.push(Need::Requires(array));
                let instance = self.add(format!("db-{department}-{nth}-{replica}"), "database-instance", department);
                let machine = *self.random.pick(machines);
                self.nodes[instance].needs.extend([Need::Requires(machine), Need::Requires(volume)]);
                instance
            })
            .collect();
        if self.random.once_in(3) {
            self.nodes[database].groups.push((1, instances));
        } else {
            self.nodes[database].needs.extend([Need::Requires(instances[0]), Need::Uses(instances[1])]);
        }
        database
    }

    fn application(&mut self, department: usize, nth: usize, machines: &[usize]) -> usize {
        let application = self.add(format!("app-{department}-{nth}"), "application", department);
        let replicas = 1 + self.random.below(4);
        let instances: Vec<usize> = (0..replicas)
            .map(|replica| {
                let name = format!("app-{department}-{nth}-{replica}");
                let instance = self.add(name, "application-instance", department);
                let machine = *self.random.pick(machines);
                self.nodes[instance].needs.push(Need::Requires(machine));
                instance
            })
            .collect();
        let k = (replicas * 2).div_ceil(3).min(replicas - usize::from(replicas > 1));
        self.nodes[application].groups.push((k, instances));
        application
    }

    /// Between `least` and `most` of these, none twice.
    fn some(&mut self, node: usize, of: &[usize], least: usize, most: usize, need: impl Fn(usize) -> Need) {
        let wanted = least + self.random.below(most - least + 1);
        for _ in 0..wanted.min(of.len()) {
            let to = *self.random.pick(of);
            let known = self.nodes[node].below().any(|below| below == to);
            if !known {
                self.nodes[node].needs.push(need(to));
            }
        }
    }
}

fn distinct(mut items: Vec<usize>) -> Vec<usize> {
    items.sort_unstable();
    items.dedup();
    items
}
