//! How much of what is sent may be in memory at one time: asked before a body is read, by what it says of its
//! length. `[I18]`

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderMap, StatusCode};
use futures_util::StreamExt as _;
use model::limits::{BODIES_BYTES_MAX, BODY_BYTES_MAX, BODY_WAIT_MAX};
use runtime::Overload;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::answer::Failure;

/// A permit stands for so many bytes, so that the limit fits a semaphore.
const BYTES_PER_PERMIT: usize = 1024;
/// Of a body that is refused so much is read, for its sender to hear the answer.
const LET_GO_BY_BYTES_MAX: usize = 4 * BODY_BYTES_MAX;

/// Room for bodies; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<Semaphore>);

/// A body, and the room it takes for as long as anybody holds it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Default for Room {
    fn default() -> Room {
        Room::of(BODIES_BYTES_MAX)
    }
}

impl Room {
    pub(crate) fn of(bytes: usize) -> Room {
        Room(Arc::new(Semaphore::new(permits(bytes))))
    }

    /// The body, once all of it is here.
    pub(crate) async fn receive(&self, request: Request) -> Result<Held, Failure> {
        self.receive_within(request, Duration::from_micros(BODY_WAIT_MAX.micros().unsigned_abs())).await
    }

    async fn receive_within(&self, request: Request, patience: Duration) -> Result<Held, Failure> {
        let bytes = announced(request.headers()).unwrap_or(BODY_BYTES_MAX);
        let room = match self.room_for(bytes) {
            Ok(room) => room,
            Err(failure) => {
                drop(tokio::time::timeout(patience, let_go_by(request.into_body())).await);
                return Err(failure);
            }
        };
        match tokio::time::timeout(patience, Bytes::from_request(request, &())).await {
            Ok(Ok(bytes)) => Ok(Held { bytes, _room: room }),
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => Err(Failure::TooLarge),
            Ok(Err(rejection)) => Err(Failure::NotRead(rejection.body_text())),
            Err(_) => Err(Failure::TooSlow),
        }
    }

    fn room_for(&self, bytes: usize) -> Result<OwnedSemaphorePermit, Failure> {
        if bytes > BODY_BYTES_MAX {
            return Err(Failure::TooLarge);
        }
        let wanted = u32::try_from(permits(bytes)).unwrap_or(u32::MAX);
        self.0.clone().try_acquire_many_owned(wanted).map_err(|_| Failure::Overloaded(Overload::Full))
    }
}

/// Reads what is not wanted, and keeps none of it: a client that is still sending when its connection is closed sees a
/// broken pipe instead of the answer that says why.
async fn let_go_by(body: Body) {
    let mut parts = body.into_data_stream();
    let mut bytes = 0;
    while let Some(Ok(part)) = parts.next().await {
        bytes += part.len();
        if bytes > LET_GO_BY_BYTES_MAX {
            return;
        }
    }
}

/// Even an empty body takes some.
fn permits(bytes: usize) -> usize {
    bytes.div_ceil(BYTES_PER_PERMIT).max(1)
}

/// What comes in chunks announces nothing.
fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(announced: Option<usize>, body: Body) -> Request {
        let builder = Request::post("/ingest/v1/events");
        let builder = announced.into_iter().fold(builder, |builder, bytes| builder.header(CONTENT_LENGTH, bytes));
        builder.body(body).unwrap()
    }

    /// Of which nothing ever comes.
    fn endless() -> Body {
        Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::convert::Infallible>>())
    }

    #[tokio::test]
    async fn a_body_takes_room_for_as_long_as_it_is_held() {
        let room = Room::of(64 << 10);
        let body = |bytes: usize| request(Some(bytes), Body::from(vec![b'a'; bytes]));
        let held = room.receive(body(60 << 10)).await.unwrap();
        assert!(matches!(room.receive(body(8 << 10)).await, Err(Failure::Overloaded(Overload::Full))));
        let small = room.receive(body(2 << 10)).await.unwrap();
        assert_eq!(small.bytes.len(), 2 << 10);
        drop(held);
        assert!(room.receive(body(8 << 10)).await.is_ok());
    }

    #[tokio::test]
    async fn a_body_of_unknown_length_counts_as_the_largest() {
        let room = Room::of(BODY_BYTES_MAX);
        let held = room.receive(request(None, Body::from("[]"))).await.unwrap();
        assert!(matches!(room.receive(request(Some(1), Body::from("1"))).await, Err(Failure::Overloaded(_))));
        drop(held);
        let too_large = request(Some(BODY_BYTES_MAX + 1), Body::empty());
        assert!(matches!(room.receive(too_large).await, Err(Failure::TooLarge)));
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_is_given_up_and_leaves_its_room() {
        let room = Room::of(64 << 10);
        let slow = room.receive_within(request(Some(60 << 10), endless()), Duration::from_millis(20)).await;
        assert!(matches!(slow, Err(Failure::TooSlow)));
        assert!(room.receive(request(Some(60 << 10), Body::from("a"))).await.is_ok());
    }
}
