//! The day that is watched, as a script: every fault with its truth.

use model::{Span, Timestamp};
use serde_json::json;

use super::history::recurring;
use super::random::Random;
use super::said::{Said, fact};
use super::story::{Part, blip, part, tell};

/// What really happened, in the words of the summary.
pub(crate) const TRUTHS: [(&str, &str); 9] = [
    ("storage", "san-1"),
    ("mail", "mq-2"),
    ("deployment", "search-api"),
    ("node", "token-api-2"),
    ("link", "link-dc1-dc2"),
    ("overrun", "db-reports"),
    ("invoices", "billing-api"),
    ("recurring", "db-hr"),
    ("unclear", "web-front"),
];

/// Everything that is said on the day, in order.
pub(crate) fn script(seed: u64, midnight: Timestamp) -> Vec<Said> {
    let mut day = Day { midnight, random: Random::new(seed ^ 0xda7), said: Vec::new() };
    day.noise();
    day.maintenance_that_overruns();
    day.flapping_link();
    day.lost_node();
    day.bad_deployment();
    day.storage_and_mail();
    day.invoices();
    day.recurring();
    day.unclear();
    day.backups();
    day.said.sort_by_key(|said| said.at);
    day.said
}

struct Day {
    midnight: Timestamp,
    random: Random,
    said: Vec<Said>,
}

impl Day {
    fn at(&self, hour: i64, minute: i64) -> Timestamp {
        self.midnight + Span::from_minutes(hour * 60 + minute)
    }

    fn fault(&mut self, parts: &[Part], from: (i64, i64), to: (i64, i64), truth: &'static str) {
        let (start, end) = (self.at(from.0, from.1), self.at(to.0, to.1));
        let said = tell(parts, start, end, Some(truth), &mut self.random);
        self.said.extend(said);
    }

    fn noise(&mut self) {
        for _ in 0..60 {
            let host = format!("host-{:02}", self.random.between(1, 61));
            let start = self.midnight + Span::from_seconds(self.random.between(0, 84_000));
            let said = blip(&host, start, &mut self.random);
            self.said.extend(said);
        }
        for nth in 0..6 {
            // A name that no item goes by: it stays unbound, and CMDB health will ask about it.
            let start = self.at(3 * nth + 1, 17);
            let said = tell(
                &[part("legacy-ftp.dc3.example", "ServiceCheck", "warning", 0, 0)],
                start,
                start + Span::from_minutes(4),
                None,
                &mut self.random,
            );
            self.said.extend(said);
        }
    }

    fn maintenance_that_overruns(&mut self) {
        let window = json!({
            "kind": "maintenance", "source": "changes", "id": "MW-77", "ci": ["db-reports"],
            "starts_at": self.at(2, 0).to_string(), "ends_at": self.at(4, 0).to_string(), "reason": "database upgrade",
        });
        self.said.push(fact(self.at(0, 5), window));
        self.fault(&[part("db-reports", "DatabaseDown", "critical", 0, 0)], (2, 10), (4, 25), "overrun");
    }

    fn flapping_link(&mut self) {
        for nth in 0..8 {
            let minute = nth * 4;
            self.fault(&[part("link-dc1-dc2", "LinkDown", "major", 0, 0)], (6, minute), (6, minute + 2), "link");
        }
    }

    fn lost_node(&mut self) {
        self.fault(&[part("token-api-2", "InstanceDown", "critical", 0, 0)], (8, 30), (12, 45), "node");
    }

    fn bad_deployment(&mut self) {
        let change = json!({
            "kind": "change", "source": "deployments", "id": "CHG1042", "type": "normal", "status": "finished",
            "result": "successful", "summary": "Deploy search-api 5.2", "ci": ["search-api"],
            "starts_at": self.at(9, 33).to_string(), "ends_at": self.at(9, 38).to_string(),
        });
        self.said.push(fact(self.at(9, 38), change));
        self.fault(
            &[part("search-api", "HTTPErrors", "critical", 0, 0), part("search", "HighLatency", "major", 45, 20)],
            (9, 41),
            (10, 20),
            "deployment",
        );
    }

    /// One storage fault cascades to four services; a second fault, of its own, overlaps it.
    fn storage_and_mail(&mut self) {
        let mut cascade = vec![part("san-1", "VolumeOffline", "critical", 0, 0)];
        for (nth, database) in (1..).zip(["db-orders", "db-payments", "db-catalog", "db-users"]) {
            cascade.push(part(database, "DatabaseDown", "critical", 12 * nth, 40));
        }
        for (nth, app) in (1..).zip(["checkout-api", "payments-api", "fraud-api", "catalog-api", "login-api"]) {
            cascade.push(part(app, "HTTPErrors", "critical", 50 + 9 * nth, 70));
        }
        for (nth, service) in (1..).zip(["checkout", "payments", "catalog", "login"]) {
            cascade.push(part(service, "HTTPErrors", "major", 110 + 7 * nth, 80));
        }
        self.fault(&cascade, (11, 0), (11, 38), "storage");
        let mail = [
            part("mq-2", "QueueDown", "critical", 0, 0),
            part("mail-relay", "HTTPErrors", "critical", 40, 30),
            part("mail", "HighLatency", "major", 70, 40),
        ];
        self.fault(&mail, (11, 12), (11, 52), "mail");
    }

    /// A customer calls nine minutes before monitoring notices.
    fn invoices(&mut self) {
        self.fault(&[part("billing-api", "HTTPErrors", "critical", 0, 0)], (13, 9), (13, 50), "invoices");
    }

    fn recurring(&mut self) {
        self.fault(&recurring(), (16, 0), (16, 33), "recurring");
        self.fault(&recurring(), (20, 10), (20, 41), "recurring again");
    }

    fn unclear(&mut self) {
        let slow =
            [part("web-front-1", "HighLatency", "major", 0, 0), part("web-front-3", "HighLatency", "major", 0, 0)];
        self.fault(&slow, (18, 0), (18, 22), "unclear");
    }

    fn backups(&mut self) {
        for hour in [1, 7, 13, 19] {
            for database in super::estate::databases().filter(|id| *id != "db-stock") {
                let at = self.at(hour, 0);
                self.said
                    .push(fact(at, json!({"kind": "recovery_point", "ci": database, "completed_at": at.to_string()})));
            }
        }
    }
}
