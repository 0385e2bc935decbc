//! The filters of the lists of events and deliveries, and the one box.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::api::Api;

use crate::harness::{App, problem};

/// The ids of a list.
async fn ids(api: &Api, path: &str) -> Vec<String> {
    let found = api.get(path).await.expect(200);
    assert_eq!((&found["cut"], &found["next_cursor"]), (&json!(false), &Value::Null), "{path}");
    let rows = found["data"].as_array().unwrap();
    rows.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

/// An event; its id, and its delivery's.
async fn make(app: &App, body: Value) -> (String, String) {
    let made = app.api.post("/events", &body).await.expect(202);
    let event = made["id"].as_str().unwrap().to_owned();
    let delivery = ids(&app.api, &format!("/deliveries?event_id={event}")).await.remove(0);
    (event, delivery)
}

#[tokio::test]
async fn events_and_deliveries_are_found_by_what_is_known_of_them() {
    let app = App::start().await;
    let endpoint = app.endpoint().await["id"].as_str().unwrap().to_owned();
    let event = |kind, subject, id| json!({"type": kind, "subject": subject, "id": id, "data": {}});
    let (first, one) = make(&app, event("message.received", "491701234567", "wamid.A=")).await;
    let (second, two) = make(&app, event("session.started", "bob@example.com", "order-2")).await;
    for (query, expected) in [
        ("type=message.*", vec![&first]),
        ("type=session.started&subject=bob@example.com", vec![&second]),
        ("type=session.started&subject=491701234567", vec![]),
        ("external_id=wamid.A%3D", vec![&first]),
        ("q=%2B49+170+1234567", vec![&first]),
        ("q=wamid.A%3D", vec![&first]),
        ("q=session.*", vec![&second]),
        ("q=bob@example.com", vec![&second]),
        (&format!("q={second}"), vec![&second]),
        (&format!("q={one}"), vec![&first]),
        ("q=nobody", vec![]),
    ] {
        assert_eq!(
            ids(&app.api, &format!("/events?{query}")).await.iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    for (query, expected) in [
        ("type=message.*", vec![&one]),
        ("external_id=order-2&state=pending", vec![&two]),
        ("external_id=order-2&state=delivered", vec![]),
        ("status_code=503", vec![]),
        ("status_code=5xx&error=status", vec![]),
        ("q=49170/1234567", vec![&one]),
        (&format!("q={endpoint}"), vec![&two, &one]),
        (&format!("q={endpoint}&subject=491701234567"), vec![&one]),
        (&format!("q={two}"), vec![&two]),
        (&format!("q={first}"), vec![&one]),
    ] {
        assert_eq!(
            ids(&app.api, &format!("/deliveries?{query}")).await.iter().collect::<Vec<_>>(),
            expected,
            "{query}"
        );
    }
    let stranger = app.stranger().await;
    for query in [format!("q={first}"), format!("q={one}"), "q=wamid.A%3D".into()] {
        assert_eq!(ids(&stranger, &format!("/events?{query}")).await, [] as [String; 0], "{query}");
        assert_eq!(
            ids(&stranger, &format!("/deliveries?{query}")).await,
            [] as [String; 0],
            "{query}"
        );
    }
}

#[tokio::test]
async fn what_cannot_be_searched_for_is_named() {
    let app = App::start().await;
    let endpoint = app.endpoint().await["id"].as_str().unwrap().to_owned();
    for (list, query, parameter) in [
        ("events", "type=*", "type"),
        ("events", "type=message.%25", "type"),
        ("events", "q=hello+world", "q"),
        ("events", "q=", "q"),
        ("events", "q=evt_nonsense", "q"),
        ("events", &format!("q={endpoint}"), "q"),
        ("events", "status_code=500", "status_code"),
        ("deliveries", "status_code=600", "status_code"),
        ("deliveries", "status_code=0500", "status_code"),
        ("deliveries", "status_code=6xx", "status_code"),
        ("deliveries", "error=oops", "error"),
        ("deliveries", "external_id=", "external_id"),
        ("deliveries", "source_id=1", "source_id"),
        ("deliveries", "q=some+free+text", "q"),
    ] {
        let answer = app.api.get(&format!("/{list}?{query}")).await;
        let told = problem(&answer, 422, "invalid_parameter", Some(parameter));
        assert!(!told["errors"][0]["detail"].as_str().unwrap().is_empty(), "{query}");
    }
}

#[tokio::test]
async fn a_search_that_is_cut_says_so_and_goes_on() {
    let app = App::start().await;
    app.endpoint().await;
    for n in 0..4 {
        let batch: Vec<Value> = (0..200)
            .map(|k| json!({"type": "session.started", "subject": format!("s{n}-{k}"), "data": {}}))
            .collect();
        app.api.post("/events/batch", &json!({"events": batch})).await.expect(202);
    }
    app.store.set_query_time_max(Duration::ZERO);
    let (mut cuts, mut cursor) = (0, String::new());
    let found = loop {
        let page = app.api.get(&format!("/deliveries?subject=s0-0{cursor}")).await.expect(200);
        if page["data"] != json!([]) {
            break page;
        }
        assert_eq!(page["cut"], true, "{page}");
        cuts += 1;
        cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
    };
    assert!(cuts >= 1);
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
}
