//! Reviews of major incidents: which are owed, and which of their actions are late.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::routing::get;
use model::text::counted;
use wire::v1;

use super::Trouble;
use super::address::address;
use super::page::Page;
use super::shell::Shell;
use super::told::encoded;
use super::visitor::Visitor;
use super::wording as filters;
use crate::Api;
use crate::asked::Asked;
use crate::incidents::review;

pub(super) fn routes() -> Router<Api> {
    Router::new().route(HERE, get(reviews))
}

const HERE: &str = "/reviews";
/// Rows of a page, so that it stays small.
const ROWS: &str = "50";
/// So many pages without a row are passed over at once; whoever looks goes on by hand then.
const PAGES_READ_MAX: usize = 20;

#[derive(Template)]
#[template(path = "reviews.html")]
struct Reviews {
    shell: Shell,
    rows: Vec<v1::ReviewLine>,
    overdue: bool,
    is_later: bool,
    more: Option<String>,
}

async fn reviews(visitor: Visitor, State(api): State<Api>, asked: Asked) -> Result<Page<Reviews>, Trouble> {
    asked.only(&["overdue", "cursor"])?;
    let overdue = asked.flag("overdue")?.unwrap_or(false);
    let said = if overdue { "true" } else { "" };
    let cursor = asked.one("cursor").unwrap_or_default();
    let (mut rows, mut next) = (Vec::new(), Some(cursor.to_owned()));
    // What is owed only later is read with the rest, and left out: a page without a row says nothing yet.
    for _ in 0..PAGES_READ_MAX {
        let (true, Some(cursor)) = (rows.is_empty(), &next) else { break };
        let question = Asked::of(&[("overdue", said), ("limit", ROWS), ("cursor", cursor)]);
        v1::List { items: rows, next } = review::list(visitor.by(), State(api.clone()), question).await?.0;
    }
    let more = next.map(|next| address(HERE, &[("overdue", said), ("cursor", &next)]));
    let shell = Shell::new(&api, visitor, HERE, "Reviews");
    Ok(Page(Reviews { shell, rows, overdue, is_later: !cursor.is_empty(), more }))
}

impl Reviews {
    fn label<'r>(&self, row: &'r v1::ReviewLine) -> &'r str {
        row.number.as_deref().unwrap_or(&row.id)
    }

    fn path(&self, row: &v1::ReviewLine) -> String {
        format!("/incidents/{}", encoded(self.label(row)))
    }

    /// How it stands, and the class that shows it.
    fn stands(&self, row: &v1::ReviewLine) -> (&'static str, &'static str) {
        match (row.written_at.is_some(), row.overdue, row.actions_open) {
            (false, true, _) => ("owed", "tag bad"),
            (false, false, _) => ("owed once it is resolved", "tag"),
            (true, true, _) => ("actions are late", "tag warn"),
            (true, false, 0) => ("done", "tag"),
            (true, false, _) => ("written", "tag"),
        }
    }

    /// `None`: nothing.
    fn to_do(&self, row: &v1::ReviewLine) -> Option<String> {
        let review = (row.written_at.is_none() && row.overdue).then(|| "the review".to_owned());
        let open = usize::try_from(row.actions_open).unwrap_or(usize::MAX);
        let actions = (open > 0).then(|| counted(open, "action"));
        let parts: Vec<String> = review.into_iter().chain(actions).collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn first(&self) -> &'static str {
        if self.overdue { "/reviews?overdue=true" } else { HERE }
    }
}
