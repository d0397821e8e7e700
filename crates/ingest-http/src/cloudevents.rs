//! CloudEvents over HTTP: where in a request the event stands, and how a webhook asks whether it may push. docs/formats.md
//! section 9.

use axum::extract::Path;
use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use wire::Format;
use wire::cloudevents::{HTTP_PREFIX, Mode, Unreadable, Values, envelope_of, mode_of};

use crate::answer::{Client, Failure};

const ASKS: HeaderName = HeaderName::from_static("webhook-request-origin");
const ALLOWS: HeaderName = HeaderName::from_static("webhook-allowed-origin");
const ALLOWS_RATE: HeaderName = HeaderName::from_static("webhook-allowed-rate");

/// What the headers of a request in binary mode say; its body is the data.
#[derive(Debug)]
pub(crate) struct Attributes {
    /// Without their prefix, as they came.
    attributes: Vec<(String, HeaderValue)>,
    content_type: Option<String>,
}

impl Attributes {
    /// Those of a request in binary mode; `None`: its events stand in the body. So they do also where neither the type nor
    /// any header says otherwise, which is how somebody tries it by hand.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Option<Attributes>, Failure> {
        let content_type = headers.get(CONTENT_TYPE).map(|said| String::from_utf8_lossy(said.as_bytes()).into_owned());
        let mode = mode_of(content_type.as_deref());
        if mode.map_err(|unsupported| Failure::UnknownEncoding(unsupported.said))? != Mode::Binary {
            return Ok(None);
        }
        let named = |(name, value): (&HeaderName, &HeaderValue)| {
            Some((name.as_str().strip_prefix(HTTP_PREFIX)?.to_owned(), value.clone()))
        };
        let attributes: Vec<_> = headers.iter().filter_map(named).collect();
        Ok((!attributes.is_empty()).then_some(Attributes { attributes, content_type }))
    }

    /// The event, whose data is the body.
    pub(crate) fn event(&self, data: &[u8]) -> Result<Vec<u8>, Unreadable> {
        let attributes = self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
        envelope_of(attributes, Values::PercentEncoded, self.content_type.as_deref(), data)
    }
}

/// Whether an origin may push, as CloudEvents' webhooks ask before they do: whoever passed the gate may, at any rate. It
/// is no answer to a browser's preflight, which asks otherwise, and hears that there is no such method.
pub(crate) async fn handshake(Path(words): Path<Vec<String>>, uri: Uri, headers: HeaderMap) -> Response {
    let is_ours = words.first().is_some_and(|word| Format::from_word(word) == Some(Format::CloudEvents));
    match headers.get(ASKS).filter(|_| is_ours) {
        Some(origin) => [
            (ALLOWS, origin.clone()),
            (ALLOWS_RATE, HeaderValue::from_static("*")),
            (ALLOW, HeaderValue::from_static("POST, OPTIONS")),
        ]
        .into_response(),
        None => Failure::OtherMethod.answer(Client::of_path(uri.path())),
    }
}
