//! A version of the CMDB that several engines are to take up: it stands in the store before it is in force, and each
//! engine takes it up when its own time comes to that instant. So all of them do at the same instant of the log, and so
//! does whoever reads the log again.

use model::{Cmdb, Span, Timestamp};

use crate::commit::{AuditEntry, CmdbVersion};
use crate::error::StoreError;
use crate::op::{Op, Writes};
use crate::rows::head::Head;
use crate::rows::ledger::{topology_from, topology_row};
use crate::rows::record::audit_row;
use crate::schema::{AUDIT, HEAD, TOPOLOGY};
use crate::select::{Condition, Select};
use crate::store::Store;
use crate::transaction::{Found, Transaction};
use crate::value::Value;

#[derive(Debug)]
struct Announce {
    cmdb: Cmdb,
    now: Timestamp,
    ahead: Span,
    audit: Option<AuditEntry>,
}

impl Transaction for Announce {
    type Answer = u64;
    type Error = StoreError;

    fn reads(&self) -> Vec<Select> {
        vec![Select::from(&HEAD), Select::from(&TOPOLOGY).newest(&["version"]).limit(1)]
    }

    fn decide(self, mut found: Found) -> Result<(Vec<Op>, u64), StoreError> {
        let heads = found.next();
        let mut head = Head::of(self.partition(), &heads)?;
        let latest = Head::all(&heads)?.iter().filter_map(Head::now).max();
        let from = latest.map_or(self.now, |latest| latest.max(self.now)) + self.ahead;
        let newest = found.next().first().map(|row| topology_from(row)).transpose()?;
        let (version, from) = match newest {
            // Several processes with the same files begin at once: what one of them has put there is what all wanted.
            Some(newest) if self.audit.is_none() && newest.cmdb == self.cmdb => {
                return Ok((Vec::new(), newest.version));
            }
            Some(newest) => (newest.version + 1, from.max(newest.from + Span::MICROSECOND)),
            None => (1, from),
        };
        let mut writes = Writes::default();
        writes.put(&TOPOLOGY, topology_row(&CmdbVersion { version, from, cmdb: self.cmdb }));
        if let Some(audit) = &self.audit {
            head.audit += 1;
            writes.append(&AUDIT, audit_row(head.audit, audit));
            writes.put(&HEAD, head.row());
        }
        Ok((writes.finish(), version))
    }
}

impl Store {
    /// The next version of the CMDB, and who put it there; in force so long after `now`, and after what any engine has come
    /// to, whose clocks are not the caller's. Its number. Where nobody asked for it (no `audit`) and it says what the newest
    /// does, it is that one.
    pub async fn announce_cmdb(
        &self,
        cmdb: Cmdb,
        now: Timestamp,
        ahead: Span,
        audit: Option<AuditEntry>,
    ) -> Result<u64, StoreError> {
        self.run(Announce { cmdb, now, ahead, audit }).await
    }

    /// Versions of the CMDB after this one, in order.
    pub async fn topology_after(&self, version: u64) -> Result<Vec<CmdbVersion>, StoreError> {
        let later = Select::from(&TOPOLOGY).with(Condition::AtLeast("version", Value::from(version + 1)));
        self.reading().await?.all(later.ordered(&["version"]), topology_from).await
    }
}
