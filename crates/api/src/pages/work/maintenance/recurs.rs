//! A rule of recurrence as people say it: `FREQ=MONTHLY;BYDAY=1SU` is every month on the first Sunday. What has no short
//! words stands as RFC 5545 writes it, rather than half of it.

/// The rule in words, else as it is written.
pub(super) fn recurs(rule: &str) -> String {
    in_words(rule).unwrap_or_else(|| format!("by the rule {rule}"))
}

fn in_words(rule: &str) -> Option<String> {
    let (mut every, mut on, mut ends) = (None, None, String::new());
    let mut interval = 1;
    for part in rule.split(';') {
        let (name, value) = part.split_once('=')?;
        match name.trim().to_ascii_uppercase().as_str() {
            "FREQ" => every = Some(period(value)?),
            "INTERVAL" => interval = value.parse().ok()?,
            "BYDAY" => on = Some(format!("on {}", listed(value, weekday)?)),
            "BYMONTHDAY" => on = Some(format!("on {}", listed(value, month_day)?)),
            "COUNT" => ends = format!(", {value} times"),
            "UNTIL" => ends = format!(", until {}", day(value)?),
            "WKST" if interval == 1 => {}
            _ => return None,
        }
    }
    let every = every?;
    let every = if interval == 1 { format!("every {every}") } else { format!("every {interval} {every}s") };
    Some(match on {
        Some(on) => format!("{every} {on}{ends}"),
        None => format!("{every}{ends}"),
    })
}

fn period(frequency: &str) -> Option<&'static str> {
    Some(match frequency {
        "DAILY" => "day",
        "WEEKLY" => "week",
        "MONTHLY" => "month",
        "YEARLY" => "year",
        _ => return None,
    })
}

/// `Monday, Tuesday and Sunday`.
fn listed(values: &str, word: impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut words: Vec<String> = values.split(',').map(|value| word(value.trim())).collect::<Option<_>>()?;
    let last = words.pop()?;
    Some(if words.is_empty() { last } else { format!("{} and {last}", words.join(", ")) })
}

fn weekday(value: &str) -> Option<String> {
    let (nth, name) = value.split_at_checked(value.len().checked_sub(2)?)?;
    let name = match name {
        "MO" => "Monday",
        "TU" => "Tuesday",
        "WE" => "Wednesday",
        "TH" => "Thursday",
        "FR" => "Friday",
        "SA" => "Saturday",
        "SU" => "Sunday",
        _ => return None,
    };
    let nth = match nth.trim_start_matches('+') {
        "" => return Some(name.to_owned()),
        "1" => "first",
        "2" => "second",
        "3" => "third",
        "4" => "fourth",
        "5" => "fifth",
        "-1" => "last",
        _ => return None,
    };
    Some(format!("the {nth} {name}"))
}

fn month_day(value: &str) -> Option<String> {
    match value {
        "-1" => Some("its last day".to_owned()),
        value => value.parse::<u8>().ok().map(|day| format!("day {day}")),
    }
}

/// `20261231T235959Z` is `2026-12-31`.
fn day(value: &str) -> Option<String> {
    let part =
        |from: usize, to: usize| value.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    Some(format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_told_as_people_say_them() {
        for (rule, expected) in [
            ("FREQ=DAILY", "every day"),
            ("FREQ=WEEKLY;BYDAY=SU", "every week on Sunday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE,FR", "every 2 weeks on Monday, Wednesday and Friday"),
            ("FREQ=MONTHLY;BYDAY=1SU", "every month on the first Sunday"),
            ("FREQ=MONTHLY;BYDAY=-1FR;COUNT=12", "every month on the last Friday, 12 times"),
            ("FREQ=MONTHLY;BYMONTHDAY=15", "every month on day 15"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on its last day"),
            ("FREQ=DAILY;UNTIL=20261231T235959Z", "every day, until 2026-12-31"),
        ] {
            assert_eq!(recurs(rule), expected);
        }
    }

    #[test]
    fn what_has_no_short_words_stands_as_it_is_written() {
        for rule in ["FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1", "FREQ=YEARLY;BYMONTH=2", "nonsense", "FREQ=WEEKLY;BYDAY=ö"]
        {
            assert_eq!(recurs(rule), format!("by the rule {rule}"));
        }
    }
}
