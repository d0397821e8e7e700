//! What a list is filtered by, as it stands in the address: it goes on from page to page, and into the form.

use crate::asked::Asked;
use crate::fault::Fault;
use crate::pages::told;

/// The filters of a list that were said.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub(crate) struct Kept(Vec<(&'static str, String)>);

impl Kept {
    /// Refuses every name but these and the cursor: a filter that is misspelt would otherwise find everything.
    pub(crate) fn of(asked: &Asked, known: &[&'static str]) -> Result<Kept, Fault> {
        let names: Vec<&str> = known.iter().copied().chain(["cursor"]).collect();
        asked.only(&names)?;
        let said = |name: &&'static str| {
            let words: Vec<&str> = asked.each(name).collect();
            (!words.is_empty()).then(|| (*name, words.join(",")))
        };
        Ok(Kept(known.iter().filter_map(said).collect()))
    }

    /// As the API is asked.
    pub(crate) fn asked(&self, limit: &str, cursor: Option<&str>) -> Asked {
        let mut pairs: Vec<(&str, &str)> = self.0.iter().map(|(name, value)| (*name, value.as_str())).collect();
        pairs.push(("limit", limit));
        pairs.extend(cursor.map(|cursor| ("cursor", cursor)));
        Asked::of(&pairs)
    }

    /// The value of one, empty where it was not said.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(said, _)| *said == name).map_or("", |(_, value)| value.as_str())
    }

    pub(crate) fn is(&self, name: &str, value: &str) -> bool {
        self.value(name) == value
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that no field of the form shows, for the form to carry on.
    pub(crate) fn beside(&self, fields: &[&str]) -> Vec<(&'static str, &str)> {
        let hidden = self.0.iter().filter(|(name, _)| !fields.contains(name));
        hidden.map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// With the page that begins at a cursor.
    pub(crate) fn address(&self, path: &str, cursor: Option<&str>) -> String {
        let pairs = self.0.iter().map(|(name, value)| (*name, value.as_str())).chain(cursor.map(|at| ("cursor", at)));
        let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={}", told::encoded(value))).collect();
        if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_go_on_to_the_next_page() {
        let asked = Asked::of(&[("q", "a&b"), ("state", "open"), ("state", "closed"), ("team", "")]);
        let kept = Kept::of(&asked, &["state", "team", "q"]).unwrap();
        assert_eq!(kept.address("/x", Some("c=1")), "/x?state=open%2Cclosed&q=a%26b&cursor=c%3D1");
        assert_eq!((kept.value("state"), kept.value("team"), kept.is("q", "a&b")), ("open,closed", "", true));
        assert_eq!(kept.beside(&["q"]), [("state", "open,closed")]);
        assert_eq!(Kept::default().address("/x", None), "/x");
    }

    #[test]
    fn what_is_misspelt_is_refused() {
        assert!(Kept::of(&Asked::of(&[("priorty", "P1")]), &["priority"]).is_err());
    }
}
