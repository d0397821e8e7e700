//! Words of the contract, as people write them.

/// A state or a severity: `fix-in-progress` is `fix_in_progress`.
pub(super) fn spelt(said: &str) -> Result<String, std::convert::Infallible> {
    Ok(said.trim().to_ascii_lowercase().replace('-', "_"))
}

/// A priority: `p1` is `P1`.
pub(super) fn priority(said: &str) -> Result<String, std::convert::Infallible> {
    Ok(said.trim().to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_may_be_written_in_either_way() {
        for said in ["fix_in_progress", "fix-in-progress", "Fix-In_Progress", " fix_in_progress"] {
            assert_eq!(spelt(said).unwrap(), "fix_in_progress");
        }
        assert_eq!(priority("p1").unwrap(), "P1");
    }
}
