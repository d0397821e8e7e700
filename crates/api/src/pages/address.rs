//! Addresses of pages with what they ask for: a filter stands in the address, so that it can be kept and sent to others.

use super::told::encoded;

/// `/cmdb?class=host&q=db`; what is empty is left out.
pub(super) fn address(path: &str, asked: &[(&str, &str)]) -> String {
    let said: Vec<String> = asked
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    if said.is_empty() { path.to_owned() } else { format!("{path}?{}", said.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stands_in_the_address_and_what_is_empty_does_not() {
        assert_eq!(address("/cmdb", &[("q", ""), ("team", "")]), "/cmdb");
        assert_eq!(address("/cmdb", &[("q", "a&b"), ("team", ""), ("class", "host")]), "/cmdb?q=a%26b&class=host");
    }
}
