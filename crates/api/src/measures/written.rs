//! How the answer of a report is written down: as JSON, as CSV or as a page of HTML, by `format`, else by `Accept`.
//!
//! Rule: a browser never takes an answer for anything else than it is, and a page of ours runs nothing and loads nothing.

use axum::http::header::{
    ACCEPT, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use model::Timestamp;
use report::{Answer, Tabular};
use serde::Serialize;

use crate::asked::Asked;
use crate::fault::Fault;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
    Html,
}

/// An answer, written down already.
pub(crate) struct Written {
    pub(crate) format: Format,
    /// Of the file that a browser makes of it.
    pub(crate) name: String,
    pub(crate) body: Vec<u8>,
}

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'; sandbox";

impl Format {
    pub(crate) const WORDS: [&str; 3] = ["json", "csv", "html"];

    pub(crate) fn from_word(word: &str) -> Option<Format> {
        match word {
            "json" => Some(Format::Json),
            "csv" => Some(Format::Csv),
            "html" => Some(Format::Html),
            _ => None,
        }
    }

    pub(super) fn of(asked: &Asked, headers: &HeaderMap) -> Result<Format, Fault> {
        let said = asked.words("format", Format::from_word, &Format::WORDS)?;
        Ok(said.last().copied().unwrap_or_else(|| accepted(headers)))
    }

    pub(super) fn write<T: Serialize + Tabular>(self, report: &str, answer: &Answer<T>) -> Result<Written, Fault> {
        let body = match self {
            Format::Json => serde_json::to_vec(answer)
                .map_err(|error| Fault::internal(format!("the report cannot be written: {error}")))?,
            Format::Csv => report::csv::render(answer).into_bytes(),
            Format::Html => report::html::render(answer).into_bytes(),
        };
        let window = [answer.report.from, answer.until()].map(|at| at.0);
        Ok(Written { format: self, name: file_name(report, window, self), body })
    }

    const fn extension(self) -> &'static str {
        match self {
            Format::Json => "json",
            Format::Csv => "csv",
            Format::Html => "html",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Format::Json => "application/json",
            Format::Csv => "text/csv; charset=utf-8; header=present",
            Format::Html => "text/html; charset=utf-8",
        }
    }
}

/// What of these a client likes best, JSON where it does not mind or wants what there is not. RFC 9110, section 12.5.1.
fn accepted(headers: &HeaderMap) -> Format {
    let said = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let ranges = said.flat_map(|value| value.split(',')).filter_map(range);
    let best = ranges.reduce(|best, next| if (next.1, next.2) > (best.1, best.2) { next } else { best });
    best.map_or(Format::Json, |(format, ..)| format)
}

/// A media range that we have something for: with its weight, in thousandths, and whether it names just this.
fn range(text: &str) -> Option<(Format, u16, bool)> {
    let mut parts = text.split(';').map(str::trim);
    let (format, exact) = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => (Format::Json, true),
        "text/csv" => (Format::Csv, true),
        "text/html" => (Format::Html, true),
        "*/*" | "application/*" => (Format::Json, false),
        _ => return None,
    };
    let weight =
        parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |weight| weight.parse::<f32>().ok())?;
    let weight = (weight.clamp(0.0, 1.0) * 1000.0) as u16;
    (weight > 0).then_some((format, weight, exact))
}

/// Of our own words and dates alone: `watchfire-availability-2026-02-01-2026-05-01.csv`.
pub(crate) fn file_name(report: &str, window: [Timestamp; 2], format: Format) -> String {
    let [from, to] = window.map(|at| at.to_string().chars().take_while(|c| *c != 'T').collect::<String>());
    format!("watchfire-{report}-{from}-{to}.{}", format.extension())
}

impl IntoResponse for Written {
    fn into_response(self) -> Response {
        let mut response = self.body.into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.format.content_type()));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        let shown = match self.format {
            Format::Json => return response,
            Format::Csv => "attachment",
            Format::Html => "inline",
        };
        if let Ok(value) = HeaderValue::try_from(format!("{shown}; filename=\"{}\"", self.name)) {
            headers.insert(CONTENT_DISPOSITION, value);
        }
        if self.format == Format::Html {
            headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn liked(accept: &str) -> Format {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        accepted(&headers)
    }

    #[test]
    fn what_a_client_likes_best_it_gets() {
        for (accept, format) in [
            ("*/*", Format::Json),
            ("", Format::Json),
            ("text/csv", Format::Csv),
            ("TEXT/CSV; charset=utf-8", Format::Csv),
            ("text/csv, */*", Format::Csv),
            ("*/*, text/csv", Format::Csv),
            ("application/json, text/plain, */*", Format::Json),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", Format::Html),
            ("text/html;q=0.1, application/json;q=0.2", Format::Json),
            ("text/html;q=0, */*;q=0.5", Format::Json),
            ("text/html;q=loud", Format::Json),
            ("image/png", Format::Json),
        ] {
            assert_eq!(liked(accept), format, "{accept}");
        }
        assert_eq!(accepted(&HeaderMap::new()), Format::Json);
    }
}
