//! Waiting for what another process does, with a limit.

use std::time::{Duration, Instant};

/// Nothing that is waited for takes this long, also on a machine that is busy building.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Between two questions to a process that cannot tell us by itself.
const PAUSE: Duration = Duration::from_millis(50);

/// Asks until there is an answer, and fails with the last reason why there was none.
#[track_caller]
pub(crate) fn until<T>(what: &str, mut ask: impl FnMut() -> Result<T, String>) -> T {
    let started = Instant::now();
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(why) if started.elapsed() > PATIENCE => panic!("waited {PATIENCE:?} in vain until {what}: {why}"),
            Err(_) => std::thread::sleep(PAUSE),
        }
    }
}

/// An error unless it holds, for [`until`].
pub(crate) fn holds(condition: bool, why: impl FnOnce() -> String) -> Result<(), String> {
    if condition { Ok(()) } else { Err(why()) }
}
