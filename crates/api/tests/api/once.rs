//! Two at once under one key.

use runtime::{Key, OtherBody, Overload, PushAnswer};

use crate::service::{native, service};

/// Whoever comes while the first is under way has not been answered yet: the same is told to ask again, another is told
/// at once that the key is not its own.
#[tokio::test]
async fn of_two_bodies_under_one_key_in_flight_one_is_taken_and_the_other_refused() {
    let service = service().await;
    let (a, b) = (r#"{"summary":"idem"}"#, r#"{"summary":"idem OTHER"}"#);
    let push = |body: &str| {
        let key = Key { token: "push ana k1".into(), body: Some(body.into()) };
        service.once.push(native(body), 1, key)
    };
    let (first, other, same) = tokio::join!(push(a), push(b), push(a));
    assert!(matches!(first, Ok(PushAnswer::Committed { .. })), "{first:?}");
    assert_eq!(other, Err(OtherBody));
    assert_eq!(same, Ok(PushAnswer::Overloaded(Overload::UnderWay)));
    assert_eq!((push(a).await, push(b).await), (first, Err(OtherBody)), "and once it is in");
    let alerts = service.get("/api/v1/alerts").await.of(200);
    assert_eq!(alerts["items"].as_array().unwrap().len(), 1);
    assert_eq!((&alerts["items"][0]["summary"], &alerts["items"][0]["count"]), (&"idem".into(), &1.into()));
}
