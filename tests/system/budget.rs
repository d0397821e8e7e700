//! How much a run may spend, and from which seed it draws: as its environment says.

/// As the variable says.
pub(crate) fn number(variable: &str, unless_said: u64) -> u64 {
    match std::env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{variable} is `{text}`: write a whole number")),
        Err(_) => unless_said,
    }
}

/// A seed that nobody chose.
pub(crate) fn clock() -> u64 {
    jiff::Timestamp::now().as_microsecond().unsigned_abs()
}
