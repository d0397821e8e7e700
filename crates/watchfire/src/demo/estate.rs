//! A believable company: about 200 items in layers, redundant groups, twelve services with objectives.

use model::incident::Priority;
use model::item::{
    AgreedTarget, Agreement, AgreementKind, CalendarDef, Class, Date, Hours, Objectives, RedundantGroup, Relation,
    RelationKind, SloWindow, Weekday,
};
use model::{Cmdb, ConfigurationItem, Severity, Span};

/// A service: its name, criticality, team, how many use it, objective, and the databases its applications need.
struct Plan {
    id: &'static str,
    name: &'static str,
    criticality: u8,
    team: &'static str,
    users: Option<u64>,
    slo: f64,
    rto_minutes: i64,
    /// Agreed in office hours only.
    office: bool,
    apps: &'static [(&'static str, &'static str)],
}

const SERVICES: [Plan; 12] = [
    Plan {
        id: "checkout",
        name: "Checkout",
        criticality: 1,
        team: "team-payments",
        users: Some(48_000),
        slo: 0.999,
        rto_minutes: 30,
        office: false,
        apps: &[("checkout-api", "db-orders"), ("cart-api", "redis-1")],
    },
    Plan {
        id: "payments",
        name: "Payments",
        criticality: 1,
        team: "team-payments",
        users: Some(48_000),
        slo: 0.999,
        rto_minutes: 30,
        office: false,
        apps: &[("payments-api", "db-payments"), ("fraud-api", "db-payments")],
    },
    Plan {
        id: "catalog",
        name: "Catalog",
        criticality: 2,
        team: "team-shop",
        users: Some(120_000),
        slo: 0.995,
        rto_minutes: 60,
        office: false,
        apps: &[("catalog-api", "db-catalog"), ("images", "nas-1")],
    },
    Plan {
        id: "login",
        name: "Login",
        criticality: 1,
        team: "team-identity",
        users: Some(130_000),
        slo: 0.999,
        rto_minutes: 30,
        office: false,
        apps: &[("login-api", "db-users"), ("token-api", "redis-2")],
    },
    Plan {
        id: "search",
        name: "Search",
        criticality: 2,
        team: "team-shop",
        users: Some(120_000),
        slo: 0.995,
        rto_minutes: 60,
        office: false,
        apps: &[("search-api", "db-search"), ("indexer", "mq-1")],
    },
    Plan {
        id: "mail",
        name: "Mail",
        criticality: 3,
        team: "team-office",
        users: Some(900),
        slo: 0.99,
        rto_minutes: 120,
        office: false,
        apps: &[("mail-relay", "mq-2"), ("mail-web", "redis-2")],
    },
    Plan {
        id: "billing",
        name: "Billing",
        criticality: 2,
        team: "team-finance",
        users: Some(60),
        slo: 0.995,
        rto_minutes: 120,
        office: true,
        apps: &[("billing-api", "db-billing"), ("invoices", "nas-1")],
    },
    Plan {
        id: "reporting",
        name: "Reporting",
        criticality: 3,
        team: "team-finance",
        users: Some(40),
        slo: 0.99,
        rto_minutes: 240,
        office: true,
        apps: &[("reports-web", "db-reports"), ("etl", "db-reports")],
    },
    Plan {
        id: "hr-portal",
        name: "HR portal",
        criticality: 3,
        team: "team-office",
        users: Some(900),
        slo: 0.99,
        rto_minutes: 240,
        office: true,
        apps: &[("hr-web", "db-hr"), ("hr-sync", "db-hr")],
    },
    Plan {
        id: "warehouse",
        name: "Warehouse",
        criticality: 2,
        team: "team-logistics",
        users: None,
        slo: 0.995,
        rto_minutes: 60,
        office: false,
        apps: &[("stock-api", "db-stock"), ("scanner-gw", "mq-1")],
    },
    Plan {
        id: "support",
        name: "Support desk",
        criticality: 3,
        team: "team-office",
        users: None,
        slo: 0.99,
        rto_minutes: 240,
        office: true,
        apps: &[("tickets-web", "db-tickets"), ("chat", "redis-2")],
    },
    Plan {
        id: "website",
        name: "Website",
        criticality: 2,
        team: "team-shop",
        users: Some(250_000),
        slo: 0.999,
        rto_minutes: 30,
        office: false,
        apps: &[("web-front", "redis-1"), ("cms", "db-cms")],
    },
];

/// Databases and the storage each lives on.
const DATABASES: [(&str, &str); 11] = [
    ("db-orders", "san-1"),
    ("db-payments", "san-1"),
    ("db-catalog", "san-1"),
    ("db-users", "san-1"),
    ("db-search", "san-2"),
    ("db-billing", "san-2"),
    ("db-reports", "san-2"),
    ("db-hr", "san-2"),
    ("db-stock", "san-2"),
    ("db-tickets", "san-3"),
    ("db-cms", "san-3"),
];

/// How much longer a service's loss can be borne than it takes to restore.
const MTPD_OF_RTO: i64 = 8;
const HOSTS: usize = 60;
const RACKS: usize = 6;
const INSTANCES: usize = 3;

/// The company's CMDB, always the same.
pub(crate) fn cmdb() -> Cmdb {
    let mut estate = Estate::default();
    estate.network();
    estate.storage();
    estate.middleware();
    for plan in &SERVICES {
        estate.service(plan);
    }
    let classes = vec![Class { id: "network".into(), down_at: Severity::Major, service: false }];
    Cmdb { classes, calendars: vec![office()], items: estate.items, agreements: agreements() }
}

/// The id of its one calendar.
const OFFICE: &str = "office";
/// Who answers for its storage.
const STORAGE_SUPPLIER: &str = "fjord-storage";

fn office() -> CalendarDef {
    use Weekday::{Fri, Mon, Thu, Tue, Wed};
    let hours = vec![Hours { days: vec![Mon, Tue, Wed, Thu, Fri], from_minute: 8 * 60, to_minute: 18 * 60 }];
    let new_year = Date { year: 2026, month: 1, day: 1 };
    let may_day = Date { year: 2026, month: 5, day: 1 };
    CalendarDef { id: OFFICE.into(), time_zone: "Europe/Berlin".into(), hours, holidays: vec![new_year, may_day] }
}

/// With the shop's customers, among its teams, and with whoever delivers its storage.
fn agreements() -> Vec<Agreement> {
    let target = |priority, respond_minutes, restore_hours| AgreedTarget {
        priority,
        respond: Some(Span::from_minutes(respond_minutes)),
        restore: Some(Span::from_hours(restore_hours)),
    };
    let urgent = || vec![target(Priority::P1, 15, 2), target(Priority::P2, 30, 4), target(Priority::P3, 120, 24)];
    let agreement = |id: &str, kind| Agreement {
        id: id.into(),
        kind,
        service: None,
        team: None,
        supplier: None,
        calendar: None,
        targets: urgent(),
    };
    let of_service = |service: &str| Agreement {
        service: Some(service.into()),
        ..agreement(&format!("{service}-gold"), AgreementKind::Sla)
    };
    vec![
        of_service("checkout"),
        of_service("payments"),
        Agreement {
            service: Some("billing".into()),
            calendar: Some(OFFICE.into()),
            targets: vec![target(Priority::P2, 60, 8), target(Priority::P3, 240, 16)],
            ..agreement("billing-office", AgreementKind::Sla)
        },
        Agreement { team: Some("team-database".into()), ..agreement("database-team", AgreementKind::Ola) },
        Agreement { supplier: Some(STORAGE_SUPPLIER.into()), ..agreement("storage-contract", AgreementKind::Uc) },
    ]
}

/// Databases, which everything is backed up for.
pub(crate) fn databases() -> impl Iterator<Item = &'static str> {
    DATABASES.iter().map(|(id, _)| *id)
}

/// Applications with the number of their instances.
pub(crate) fn applications() -> impl Iterator<Item = (&'static str, usize)> {
    SERVICES.iter().flat_map(|plan| plan.apps).map(|(app, _)| (*app, INSTANCES))
}

#[derive(Default)]
struct Estate {
    items: Vec<ConfigurationItem>,
    next_host: usize,
}

impl Estate {
    fn add(&mut self, id: &str, class: &str, requires: &[&str]) -> &mut ConfigurationItem {
        let mut item = ConfigurationItem::new(id, class);
        item.team = Some("team-platform".into());
        item.relations =
            requires.iter().map(|to| Relation { kind: RelationKind::Requires, to: (*to).into() }).collect();
        let at = self.items.len();
        self.items.push(item);
        &mut self.items[at]
    }

    fn network(&mut self) {
        self.add("link-dc1-dc2", "network", &[]);
        for core in ["core-sw-1", "core-sw-2"] {
            self.add(core, "network", &[]);
        }
        for rack in 1..=RACKS {
            let id = format!("rack-sw-{rack}");
            let item = self.add(&id, "network", &[]);
            item.groups = vec![RedundantGroup { of: vec!["core-sw-1".into(), "core-sw-2".into()], k: 1 }];
        }
        for host in 1..=HOSTS {
            let rack = format!("rack-sw-{}", host % RACKS + 1);
            let item = self.add(&format!("host-{host:02}"), "host", &[&rack]);
            item.aliases =
                vec![format!("10.1.{}.{}", host % RACKS, host).into(), format!("host-{host:02}.dc1.example").into()];
        }
    }

    fn storage(&mut self) {
        for id in ["san-1", "san-2", "san-3", "nas-1"] {
            let item = self.add(id, "storage", &[]);
            item.team = Some("team-storage".into());
            item.supplier = Some(STORAGE_SUPPLIER.into());
            item.objectives.rto = Some(Span::from_minutes(30));
        }
    }

    fn middleware(&mut self) {
        for (id, storage) in DATABASES {
            let host = self.host();
            let item = self.add(id, "database", &[storage, &host]);
            item.team = Some("team-database".into());
            item.objectives = Objectives {
                rto: Some(Span::from_minutes(30)),
                rpo: Some(Span::from_hours(8)),
                ..Objectives::default()
            };
        }
        for id in ["redis-1", "redis-2", "mq-1", "mq-2"] {
            let host = self.host();
            self.add(id, if id.starts_with("mq") { "queue" } else { "cache" }, &[&host]);
        }
    }

    fn host(&mut self) -> String {
        self.next_host += 1;
        format!("host-{:02}", (self.next_host * 7) % HOSTS + 1)
    }

    fn service(&mut self, plan: &Plan) {
        let mut needs = Vec::new();
        for (app, backend) in plan.apps {
            let mut instances = Vec::new();
            for nth in 1..=INSTANCES {
                let id = format!("{app}-{nth}");
                let host = self.host();
                self.add(&id, "instance", &[&host]).team = Some(plan.team.into());
                instances.push(id.as_str().into());
            }
            let item = self.add(app, "application", &[backend]);
            item.team = Some(plan.team.into());
            item.groups = vec![RedundantGroup { of: instances, k: 2 }];
            needs.push(*app);
        }
        let item = self.add(plan.id, "service", &needs);
        item.name = Some(plan.name.into());
        item.criticality = plan.criticality;
        item.team = Some(plan.team.into());
        item.users = plan.users;
        item.objectives = Objectives {
            slo: Some(plan.slo),
            slo_window: Some(SloWindow::Rolling(Span::from_days(30))),
            rto: Some(Span::from_minutes(plan.rto_minutes)),
            rpo: Some(Span::from_hours(8)),
            mtpd: Some(Span::from_minutes(plan.rto_minutes * MTPD_OF_RTO)),
            exercise_every: (plan.criticality == 1).then_some(Span::from_days(180)),
            calendar: plan.office.then(|| OFFICE.into()),
            ..Objectives::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_company_is_sound_and_of_the_size_that_is_told() {
        let cmdb = cmdb();
        assert!((190..=230).contains(&cmdb.items.len()), "{}", cmdb.items.len());
        let graph = topology::Graph::build(&cmdb, 1).expect("sound");
        assert_eq!(graph.services().count(), SERVICES.len());
        assert_eq!(topology::check(&cmdb), [], "nothing of it is even odd");
        assert_eq!(topology::health::contradictions(&cmdb), []);
        assert!(graph.agreements().len() == 5 && report::Agreements::of(&graph).is_ok());
    }
}
