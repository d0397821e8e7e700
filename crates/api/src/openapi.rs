//! The OpenAPI document: what the routes say of themselves, and what is the same for all of them.

use std::sync::OnceLock;

use utoipa::OpenApi;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi as Document, PathItem, Ref, RefOr, ResponseBuilder};
use wire::v1;

/// What is not said beside a handler here. The routes of pushes are served by another crate, which knows no OpenAPI.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Watchfire",
        description = "Turns monitoring events into few, explained incidents, and those into figures. Lists are \
            `{\"items\",\"next\"}`; instants are RFC 3339 in UTC; every answer other than 2xx on our own paths is \
            `application/problem+json`.",
    ),
    paths(events, format, format_and_source, handshake, handshake_of_source, alertmanager),
    components(schemas(v1::ProblemDetails, v1::PushAnswer, v1::Rejected, v1::Noticed))
)]
pub(crate) struct Base;

/// Native events: one object, an array, or an object per line.
#[utoipa::path(post, path = "/ingest/v1/events", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "gzip and zstd are unpacked"),
    params(
        ("source" = Option<String>, Query, description = "of events that name none"),
        ("Idempotency-Key" = Option<String>, Header, description = "pushed again with the same key, it counts once"),
    ),
    responses((status = 202, description = "Committed", body = v1::PushAnswer)))]
#[expect(dead_code, reason = "it only carries the description")]
fn events() {}

/// Events in the format of another system: `prometheus`, `alertmanager`, `cloudevents`, `native`. CloudEvents come in the
/// structured, batched or binary mode, by their `Content-Type`.
#[utoipa::path(post, path = "/ingest/v1/{format}", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "gzip and zstd are unpacked"),
    params(
        ("format" = String, Path, description = "prometheus, alertmanager, cloudevents, native"),
        ("source" = Option<String>, Query, description = "of events that name none"),
        ("Idempotency-Key" = Option<String>, Header, description = "pushed again with the same key, it counts once"),
    ),
    responses((status = 202, description = "Committed", body = v1::PushAnswer)))]
#[expect(dead_code, reason = "it only carries the description")]
fn format() {}

/// The same; the path names the source, and with it the pipeline.
#[utoipa::path(post, path = "/ingest/v1/{format}/{source}", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "gzip and zstd are unpacked"),
    params(
        ("format" = String, Path, description = "prometheus, alertmanager, cloudevents, native"),
        ("source" = String, Path, description = "the monitoring system's name"),
        ("Idempotency-Key" = Option<String>, Header, description = "pushed again with the same key, it counts once"),
    ),
    responses((status = 202, description = "Committed", body = v1::PushAnswer)))]
#[expect(dead_code, reason = "it only carries the description")]
fn format_and_source() {}

/// Whether a webhook of CloudEvents may push: asked before it does, with the same token.
#[utoipa::path(options, path = "/ingest/v1/{format}", tag = "ingest",
    params(
        ("format" = String, Path, description = "cloudevents"),
        ("WebHook-Request-Origin" = String, Header, description = "who asks"),
    ),
    responses((status = 200, description = "It may, at any rate: `WebHook-Allowed-Origin` names it")))]
#[expect(dead_code, reason = "it only carries the description")]
fn handshake() {}

/// The same; the path names the source.
#[utoipa::path(options, path = "/ingest/v1/{format}/{source}", tag = "ingest",
    params(
        ("format" = String, Path, description = "cloudevents"),
        ("source" = String, Path, description = "the monitoring system's name"),
        ("WebHook-Request-Origin" = String, Header, description = "who asks"),
    ),
    responses((status = 200, description = "It may, at any rate: `WebHook-Allowed-Origin` names it")))]
#[expect(dead_code, reason = "it only carries the description")]
fn handshake_of_source() {}

/// Alerts as Prometheus posts them. `400` with a JSON string where some do not read; the others are committed.
#[utoipa::path(post, path = "/api/v2/alerts", tag = "ingest",
    request_body(content = String, content_type = "application/json", description = "gzip and zstd are unpacked"),
    params(("source" = Option<String>, Query, description = "the sending system's name; prometheus unless said")),
    responses((status = 200, description = "Committed")))]
#[expect(dead_code, reason = "it only carries the description")]
fn alertmanager() {}

const BEARER: &str = "bearer";
/// Asked by machines that have no token.
const OPEN: [&str; 4] = ["/livez", "/readyz", "/metrics", "/openapi.json"];

/// The document as JSON.
pub fn openapi() -> &'static str {
    static DOCUMENT: OnceLock<String> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let document = finished(crate::described().split_for_parts().1);
        document.to_pretty_json().expect("a document of texts under names that are texts is JSON")
    })
}

fn finished(mut document: Document) -> Document {
    if let Some(components) = &mut document.components {
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        components.security_schemes.insert(BEARER.to_owned(), RefOr::T(scheme));
    }
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            if !path.starts_with("/api/v2/") {
                operation.responses.responses.insert("default".to_owned(), RefOr::T(problem()));
            }
            if !OPEN.contains(&path.as_str()) {
                operation.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete].into_iter().filter_map(Option::as_mut)
}

fn problem() -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("ProblemDetails")))).build();
    ResponseBuilder::new()
        .description("What is wrong, where, and what to do")
        .content("application/problem+json", content)
        .build()
}
