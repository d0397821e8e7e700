//! Only `runtime` reads the wall clock: everywhere else the time is an argument, or comes from runtime.
//!
//! A transport may measure its own timeouts with `Instant`.

use super::finding::Finding;
use super::tree::{File, Tree};

const OWNER: &str = "crates/runtime/";
const READINGS: [&str; 4] = ["SystemTime::now(", "Timestamp::now(", "Zoned::now(", "UNIX_EPOCH.elapsed("];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let product = tree.under("crates").filter(|file| file.is_rust() && !file.path.starts_with(OWNER));
    product.flat_map(readings).collect()
}

fn readings(file: &File) -> Vec<Finding> {
    let reads = |text: &str| READINGS.iter().any(|reading| text.contains(reading));
    let lines = file.lines().filter(|line| !line.is_test && reads(line.text));
    let what = "it reads the wall clock, which only runtime may: take the time as an argument, or ask runtime's clock";
    lines.map(|line| Finding::new(&file.path, line.number, what)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::finding::lines;
    use super::*;

    #[test]
    fn only_runtime_and_tests_read_the_clock() {
        let reading = "//! x\nlet now = SystemTime::now();\n";
        let found = lines(check(&Tree::of(&[
            ("crates/api/src/a.rs", reading),
            ("crates/runtime/src/clock.rs", reading),
            ("crates/api/tests/a.rs", reading),
            ("crates/api/src/b.rs", "let started = Instant::now();\n"),
        ])));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found.iter().all(|line| line.starts_with("crates/api/src/a.rs:2: ")), "{found:?}");
    }
}
