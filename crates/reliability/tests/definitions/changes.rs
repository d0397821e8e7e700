//! Section 13: changes, and how many of them failed.

use model::fact::ChangeResult;
use reliability::{ChangeFact, Changes, Scope, changes};

use crate::stage::{hour, hours};

#[test]
fn change_failure_rate_is_the_share_of_finished_changes_that_failed_were_backed_out_or_caused_an_incident() {
    use ChangeResult::{BackedOut, Failed, Issues, Successful};
    let ended = |at, result, caused_incident| ChangeFact { finished_at: Some(hour(at)), result, caused_incident };
    let facts = [
        ended(1, Some(Successful), false),
        ended(2, Some(Issues), false),
        ended(3, Some(Failed), true),
        ended(4, Some(BackedOut), false),
        ended(5, Some(Successful), true),
        ended(6, None, false),
        ended(10, Some(Failed), false),
        ended(0, Some(Successful), false),
        ChangeFact { finished_at: None, result: None, caused_incident: true },
    ];
    let of = |from, to, now| changes(&facts, Scope::new(hours(from, to), hour(now)));
    let all = of(0, 10, 99);
    assert_eq!((all.finished, all.failures, all.failure_rate), (7, 3, Some(3.0 / 7.0)), "the window is half-open");
    assert_eq!((all.successful, all.issues, all.failed, all.backed_out, all.unknown), (3, 1, 1, 1, 1));
    assert_eq!(all.caused_incident, 2, "one of them failed as well, and is one failure");
    assert_eq!(of(0, 10, 3).failure_rate, Some(1.0 / 4.0), "nothing later than now counts");
    assert_eq!(of(20, 30, 99), Changes::default(), "without changes there is no rate");
}
