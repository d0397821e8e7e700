//! The command line. Written by hand: this crate is built before everything else, so it stays small.

use anyhow::{Context, bail};

use crate::services::Order;

pub(crate) const USAGE: &str = "\
usage: cargo xtask COMMAND [--only PART]… [--list]

  tidy    hold the code against the documents; one line for each finding
  test    install what the tests need, run them all, print what each part took
  prove   the same tests with full budgets: more cases, more seeds, more kills
  ci      format, tidy, lints, documentation, licences, then test
  services up|down|status
          the servers that tests talk to: start them and say how tests find them, stop them, look

  yardstick
          how well alerts are grouped and causes named, to docs/correlation-quality.md; minutes
  screenshots [--out DIR]
          every page of the demo's company, on two screens, light and dark; to target/screenshots unless said

  --only PART   only this part (may be repeated)
  --list        name the parts and stop";

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) chore: Chore,
    pub(crate) only: Vec<String>,
    pub(crate) list: bool,
    /// Where pictures are wanted.
    pub(crate) out: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    Help,
    Tidy,
    Test,
    Prove,
    Ci,
    Services(Order),
    Yardstick,
    Screenshots,
}

impl Request {
    pub(crate) fn parse(words: &[String]) -> anyhow::Result<Request> {
        let mut words = words.iter().map(String::as_str);
        let chore = match words.next() {
            Some("tidy") => Chore::Tidy,
            Some("test") => Chore::Test,
            Some("prove") => Chore::Prove,
            Some("ci") => Chore::Ci,
            Some("services") => Chore::Services(match words.next() {
                Some("up") => Order::Up,
                Some("down") => Order::Down,
                Some("status") => Order::Status,
                _ => bail!("say services up, down or status"),
            }),
            Some("yardstick") => Chore::Yardstick,
            Some("screenshots") => Chore::Screenshots,
            Some("help" | "--help" | "-h") => Chore::Help,
            Some(other) => bail!("there is no command `{other}`"),
            None => bail!("say which command"),
        };
        let mut request = Request { chore, only: Vec::new(), list: false, out: None };
        while let Some(word) = words.next() {
            match word {
                "--list" => request.list = true,
                "--only" => request.only.push(words.next().context("say which part after --only")?.to_owned()),
                "--out" if chore == Chore::Screenshots => {
                    request.out = Some(words.next().context("say which folder after --out")?.to_owned());
                }
                "--help" | "-h" => request.chore = Chore::Help,
                other => bail!("there is no option `{other}`"),
            }
        }
        let whole = matches!(chore, Chore::Tidy | Chore::Services(_) | Chore::Yardstick | Chore::Screenshots);
        if whole && (request.list || !request.only.is_empty()) {
            bail!("this command has no parts: it takes neither --only nor --list");
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Request, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Request::parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn a_command_takes_its_parts() {
        let request = parse("test --only build --only workspace --list").unwrap();
        let only = vec!["build".into(), "workspace".into()];
        assert_eq!(request, Request { chore: Chore::Test, only, list: true, out: None });
        assert_eq!(parse("screenshots --out there").unwrap().out.as_deref(), Some("there"));
        assert_eq!(parse("screenshots").unwrap().out, None);
        assert_eq!(parse("ci --help").unwrap().chore, Chore::Help);
    }

    #[test]
    fn wrong_use_says_what_is_wrong() {
        for (line, error) in [
            ("", "say which command"),
            ("fly", "there is no command `fly`"),
            ("test --only", "say which part after --only"),
            ("ci --fast", "there is no option `--fast`"),
            ("yardstick --list", "this command has no parts: it takes neither --only nor --list"),
            ("tidy --list", "this command has no parts: it takes neither --only nor --list"),
            ("services", "say services up, down or status"),
            ("screenshots --out", "say which folder after --out"),
            ("tidy --out there", "there is no option `--out`"),
        ] {
            assert_eq!(parse(line).unwrap_err(), error, "{line}");
        }
    }
}
