//! A schema of its own for each test, in the database that `cargo xtask services up` runs.

use std::io::Write as _;
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

/// The database that tests may make schemas in.
const SERVER: &str = "WATCHFIRE_TEST_POSTGRES";

pub(crate) struct Schema {
    pub(crate) url: String,
    /// Its connections are called so too.
    pub(crate) name: String,
}

/// `None`, said loudly, where there is no server; a failure where there has to be one.
pub(crate) async fn schema() -> Option<Schema> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let Ok(server) = std::env::var(SERVER) else {
        let needed = std::env::var("WATCHFIRE_REQUIRE_SERVICES").is_ok_and(|required| required == "1");
        assert!(!needed, "{SERVER} names no PostgreSQL: run the tests as `cargo xtask test` does");
        static SAID: Once = Once::new();
        SAID.call_once(|| {
            // To the terminal itself: the harness keeps back what a passed test prints.
            let said = format!("\nSKIPPED: {SERVER} names no PostgreSQL (`cargo xtask services up` starts one)\n");
            std::io::stderr().write_all(said.as_bytes()).expect("somebody listens");
        });
        return None;
    };
    let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
    let joint = if server.contains('?') { '&' } else { '?' };
    Some(Schema { url: format!("{server}{joint}options[search_path]={name}&application_name={name}"), name })
}

impl Schema {
    /// A connection of somebody else's.
    pub(crate) async fn behind_the_back(&self) -> PgConnection {
        let options: PgConnectOptions = self.url.parse().expect("the address of a server");
        options.connect().await.expect("the server answers")
    }

    /// Only a test that went well clears up: of one that failed, one can look at what is left.
    pub(crate) async fn drop(self) {
        let mut connection = self.behind_the_back().await;
        let text = format!("DROP SCHEMA {} CASCADE", self.name);
        sqlx::raw_sql(AssertSqlSafe(text)).execute(&mut connection).await.expect("the schema goes");
    }
}
