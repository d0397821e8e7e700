//! What a run says whether or not it succeeds: figures, and what could not be tested.

use std::fmt::Display;
use std::io::Write;

/// To the terminal itself: the test harness keeps back what a passed test prints.
pub(crate) fn say(line: impl Display) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// A test that cannot run here says so; where the peers were promised, that is a failure.
pub(crate) fn not_run(test: &str, why: &str) {
    let required = std::env::var_os("WATCHFIRE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
    assert!(!required, "{test}: {why}, and WATCHFIRE_REQUIRE_SERVICES=1 says that it has to run");
    say(format_args!("\n!!!!  NOT TESTED: {test}: {why}  !!!!\n"));
}
