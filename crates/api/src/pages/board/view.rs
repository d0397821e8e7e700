//! What of the open incidents is looked at, as it stands in the address: it can be kept, sent to a colleague, and gone
//! back to.

use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::told::encoded;

/// Rows of a page: what a browser draws at once, well below 100 KB.
const ROWS: &str = "40";

/// What the address says, under the names that the API has for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    /// Where the list stands, such as `/` or `/team/storage`.
    pub(super) path: String,
    /// Of this team, whatever the query says: its own page.
    pub(super) of_team: Option<String>,
    pairs: Vec<(&'static str, String)>,
}

const NAMES: [&str; 10] = ["state", "priority", "team", "service", "q", "parts", "residual", "stale", "sort", "cursor"];
/// Those that leave something out; the others only order what is left.
const NARROWING: [&str; 8] = ["state", "priority", "team", "service", "q", "parts", "residual", "stale"];

/// Those that are fields of the form.
const FIELDS: [&str; 4] = ["q", "service", "team", "sort"];

impl View {
    pub(super) fn of(path: impl Into<String>, of_team: Option<String>, asked: &Asked) -> Result<View, Fault> {
        asked.only(&NAMES)?;
        let said = |name: &'static str| {
            let words: Vec<&str> = match name {
                "q" | "team" | "service" | "cursor" | "sort" => asked.one(name).into_iter().collect(),
                _ => asked.many(name).collect(),
            };
            (!words.is_empty()).then(|| (name, words.join(",")))
        };
        let pairs = NAMES.into_iter().filter_map(said).collect();
        Ok(View { path: path.into(), of_team, pairs })
    }

    pub(super) fn said(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    /// Whether a value is among those of a name.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.said(name).split(',').any(|word| word == value)
    }

    /// Something is left out.
    pub(super) fn is_narrow(&self) -> bool {
        NARROWING.iter().any(|name| !self.said(name).is_empty())
    }

    /// As the API is asked.
    pub(super) fn asked(&self) -> Asked {
        let own = self.pairs.iter().filter(|(name, _)| self.of_team.is_none() || *name != "team");
        let mut pairs: Vec<(&str, &str)> = own.map(|(name, value)| (*name, value.as_str())).collect();
        pairs.extend(self.of_team.as_deref().map(|team| ("team", team)));
        pairs.push(("limit", ROWS));
        Asked::of(&pairs)
    }

    /// The address of the same view with another value, from its first page; empty leaves the name out.
    pub(super) fn with(&self, name: &'static str, value: &str) -> String {
        let others = self.pairs.iter().filter(|(known, _)| *known != name && *known != "cursor");
        let mut pairs: Vec<(&str, &str)> = others.map(|(known, said)| (*known, said.as_str())).collect();
        if !value.is_empty() {
            pairs.push((name, value));
        }
        address(&self.path, &pairs)
    }

    /// The address of the same view with this value as well, or without it where it is among them.
    pub(super) fn toggled(&self, name: &'static str, value: &str) -> String {
        let mut words: Vec<&str> = self.said(name).split(',').filter(|word| !word.is_empty()).collect();
        match words.iter().position(|word| *word == value) {
            Some(at) => drop(words.remove(at)),
            None => words.push(value),
        }
        self.with(name, &words.join(","))
    }

    /// What the form must send beside its own fields for the view to stay.
    pub(super) fn beside_the_form(&self) -> Vec<(&'static str, &str)> {
        let others = self.pairs.iter().filter(|(name, _)| !FIELDS.contains(name) && *name != "cursor");
        others.map(|(name, value)| (*name, value.as_str())).collect()
    }
}

fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut address = path.to_owned();
    for (nth, (name, value)) in pairs.iter().enumerate() {
        address.push(if nth == 0 { '?' } else { '&' });
        address.push_str(name);
        address.push('=');
        // Commas part words, and may stand as they are.
        let words: Vec<String> = value.split(',').map(encoded).collect();
        address.push_str(&words.join(","));
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pairs: &[(&str, &str)]) -> View {
        View::of("/", None, &Asked::of(pairs)).unwrap()
    }

    #[test]
    fn a_filter_is_added_and_taken_away_and_the_others_stay() {
        let view = view(&[("priority", "P1"), ("q", "a & b"), ("cursor", "60")]);
        assert_eq!(view.toggled("priority", "P2"), "/?q=a%20%26%20b&priority=P1,P2", "from the first page again");
        assert_eq!(view.toggled("priority", "P1"), "/?q=a%20%26%20b");
        assert_eq!(view.with("q", ""), "/?priority=P1");
        assert!(view.has("priority", "P1") && !view.has("priority", "P"));
        assert_eq!(view.beside_the_form(), [("priority", "P1")]);
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        assert!(View::of("/", None, &Asked::of(&[("prio", "P1")])).is_err());
    }

    #[test]
    fn a_teams_own_page_is_of_that_team_whatever_is_asked() {
        let view = View::of("/team/storage", Some("storage".to_owned()), &Asked::of(&[("team", "web")])).unwrap();
        assert_eq!(view.asked().many("team").collect::<Vec<_>>(), ["storage"]);
    }
}
