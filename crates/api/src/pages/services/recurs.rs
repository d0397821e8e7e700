//! How a maintenance window recurs, in words: `every month on the first Sunday`. A rule that says more than these words
//! can is shown as it stands.

use std::collections::BTreeMap;

const DAYS: [(&str, &str); 7] = [
    ("MO", "Monday"),
    ("TU", "Tuesday"),
    ("WE", "Wednesday"),
    ("TH", "Thursday"),
    ("FR", "Friday"),
    ("SA", "Saturday"),
    ("SU", "Sunday"),
];
const PLACES: [(&str, &str); 6] =
    [("1", "first"), ("2", "second"), ("3", "third"), ("4", "fourth"), ("5", "fifth"), ("-1", "last")];
const KNOWN: [&str; 6] = ["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "WKST"];

pub(super) fn words(rule: &str) -> String {
    read(rule).unwrap_or_else(|| rule.to_owned())
}

fn read(rule: &str) -> Option<String> {
    let rule = rule.to_ascii_uppercase();
    let parts: BTreeMap<&str, &str> = rule
        .trim_start_matches("RRULE:")
        .split(';')
        .filter(|part| !part.is_empty())
        .map(|part| part.split_once('='))
        .collect::<Option<_>>()?;
    if parts.keys().any(|key| !KNOWN.contains(key)) {
        return None;
    }
    let unit = match *parts.get("FREQ")? {
        "DAILY" => "day",
        "WEEKLY" => "week",
        "MONTHLY" => "month",
        "YEARLY" => "year",
        _ => return None,
    };
    let mut said = match parts.get("INTERVAL").copied().unwrap_or("1") {
        "1" => format!("every {unit}"),
        "2" => format!("every second {unit}"),
        many => format!("every {} {unit}s", many.parse::<u32>().ok()?),
    };
    if let Some(days) = parts.get("BYDAY") {
        let days = days.split(',').map(|day| weekday(day, unit)).collect::<Option<Vec<_>>>()?;
        said.push_str(&format!(" on {}", listed(&days)));
    }
    if let Some(days) = parts.get("BYMONTHDAY") {
        let days = days.split(',').map(month_day).collect::<Option<Vec<_>>>()?;
        said.push_str(&format!(" on {}", listed(&days)));
    }
    if let Some(count) = parts.get("COUNT") {
        said.push_str(&format!(", {} times in all", count.parse::<u32>().ok()?));
    }
    Some(said)
}

fn weekday(said: &str, unit: &str) -> Option<String> {
    let (place, day) = said.split_at_checked(said.len().checked_sub(2)?)?;
    let name = DAYS.iter().find(|(code, _)| *code == day)?.1;
    if place.is_empty() {
        return Some(name.to_owned());
    }
    let place = PLACES.iter().find(|(code, _)| *code == place.trim_start_matches('+'))?.1;
    (unit == "month").then(|| format!("the {place} {name}"))
}

fn month_day(said: &str) -> Option<String> {
    match said.parse::<i32>().ok()? {
        -1 => Some("the last day".to_owned()),
        day @ 1..=31 => Some(format!("day {day}")),
        _ => None,
    }
}

fn listed(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [before @ .., last] => format!("{} and {last}", before.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_read_as_people_say_them() {
        for (rule, expected) in [
            ("FREQ=DAILY", "every day"),
            ("FREQ=WEEKLY;BYDAY=MO,WE,FR", "every week on Monday, Wednesday and Friday"),
            ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", "every second week on Sunday"),
            ("FREQ=MONTHLY;BYDAY=1SU", "every month on the first Sunday"),
            ("freq=monthly;byday=-1FR;count=6", "every month on the last Friday, 6 times in all"),
            ("FREQ=MONTHLY;BYMONTHDAY=1,15", "every month on day 1 and day 15"),
            ("FREQ=YEARLY;INTERVAL=3", "every 3 years"),
        ] {
            assert_eq!(words(rule), expected, "{rule}");
        }
    }

    #[test]
    fn what_words_cannot_say_stands_as_it_is() {
        for rule in [
            "FREQ=MONTHLY;BYSETPOS=2;BYDAY=MO",
            "FREQ=DAILY;UNTIL=20270101T000000Z",
            "nonsense",
            "",
            "FREQ=MONTHLY;BYDAY=ü",
        ] {
            assert_eq!(words(rule), rule);
        }
    }
}
