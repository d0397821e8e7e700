//! A clock for demonstrations: `REAL:SHOWN:PACE`, two instants in microseconds since 1970 and how fast it runs.

use model::Timestamp;
use runtime::Time;

pub(crate) fn simulated(text: &str) -> Result<Time, String> {
    let mut parts = text.split(':');
    let mut number = || parts.next().and_then(|part| part.parse::<i64>().ok());
    let (real, shown, pace) = (number(), number(), number());
    match (real, shown, pace.and_then(|pace| u32::try_from(pace).ok()), parts.next()) {
        (Some(real), Some(shown), Some(pace), None) => {
            Ok(Time::simulated(Timestamp::from_micros(real), Timestamp::from_micros(shown), pace))
        }
        _ => Err("write REAL:SHOWN:PACE, the instants in microseconds".to_owned()),
    }
}
