//! A clock for demonstrations: `REAL:SHOWN:PACE`, two instants in microseconds since 1970 and how fast it runs; with
//! `:UNTIL` only until it shows that instant.

use model::Timestamp;
use runtime::Time;

pub(crate) fn simulated(text: &str) -> Result<Time, String> {
    let numbers: Option<Vec<i64>> = text.split(':').map(|part| part.parse().ok()).collect();
    let wrong = || "write REAL:SHOWN:PACE or REAL:SHOWN:PACE:UNTIL, the instants in microseconds".to_owned();
    let (time, until) = match numbers.as_deref() {
        Some([real, shown, pace, until @ ..]) if until.len() < 2 => {
            let pace = u32::try_from(*pace).map_err(|_| wrong())?;
            let [real, shown] = [*real, *shown].map(Timestamp::from_micros);
            (Time::simulated(real, shown, pace), until.first())
        }
        _ => return Err(wrong()),
    };
    Ok(until.map_or(time, |until| time.fast_until(Timestamp::from_micros(*until))))
}
