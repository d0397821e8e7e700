//! How many cases each property gets: `PROVE_CASES`, else 256.

use proptest::test_runner::Config;

pub(crate) fn cases() -> Config {
    let said = std::env::var("PROVE_CASES").ok().and_then(|count| count.parse().ok());
    Config { cases: said.unwrap_or(256), failure_persistence: None, ..Config::default() }
}
