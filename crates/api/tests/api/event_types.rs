//! A company's own event types, and events of them.

use serde_json::{Value, json};

use crate::harness::{App, problem};

fn order() -> Value {
    json!({
        "name": "order.created",
        "description": "A customer has placed an order.",
        "sample": {"total": 5, "lines": [{"sku": "a"}]},
        "schema": {
            "type": "object",
            "required": ["total"],
            "properties": {
                "total": {"type": "number", "minimum": 0},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
            },
            "$defs": {"line": {"type": "object", "required": ["sku"]}},
        },
    })
}

const PATH: &str = "/event-types/order.created";

async fn with_order(validation: &str) -> App {
    let app = App::start().await;
    let mut order = order();
    order["validation"] = json!(validation);
    app.api.post("/event-types", &order).await.expect(201);
    app
}

fn posted(data: Value) -> Value {
    json!({"type": "order.created", "data": data})
}

fn names(listed: &Value) -> Vec<&str> {
    listed["data"].as_array().unwrap().iter().map(|own| own["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_type_is_made_shown_changed_and_archived() {
    let app = App::start().await;
    let answer = app.api.post("/event-types", &order()).await;
    let made = answer.expect(201);
    assert_eq!(answer.header("location"), format!("/api/v1{PATH}"));
    assert_eq!((&made["built_in"], &made["validation"]), (&json!(false), &json!("off")));
    assert_eq!((&made["schema"], &made["sample"]), (&order()["schema"], &order()["sample"]));
    assert_eq!(app.api.get(PATH).await.expect(200), made);
    problem(&app.api.post("/event-types", &order()).await, 409, "event_type_exists", None);

    let listed = app.api.get("/event-types").await.expect(200);
    assert_eq!(listed["data"][0], made, "the company's own come first");
    assert_eq!(listed["data"].as_array().unwrap().len(), 34);
    assert_eq!(listed["next_cursor"], Value::Null);
    let built_in = app.api.get("/event-types/message.read").await.expect(200);
    assert_eq!((&built_in["built_in"], &built_in["created_at"]), (&json!(true), &Value::Null));

    let patch = json!({"description": "Ordered.", "validation": "warn", "archived": true});
    let changed = app.api.patch(PATH, &patch).await.expect(200);
    assert_eq!(
        (&changed["description"], &changed["sample"]),
        (&json!("Ordered."), &made["sample"])
    );
    assert_eq!(changed["archived_at"], "2026-11-20T12:00:00Z");
    assert_eq!(names(&app.api.get("/event-types").await.expect(200))[0], "message.received");
    let listed = app.api.get("/event-types?include_archived=true").await.expect(200);
    assert_eq!(listed["data"][0], changed);
    problem(
        &app.api.get("/event-types?include_archived=1").await,
        422,
        "invalid_parameter",
        Some("include_archived"),
    );
    problem(
        &app.api.post("/events", &posted(json!({"total": 1}))).await,
        422,
        "event_type_archived",
        Some("/type"),
    );
    app.api.patch(PATH, &json!({"archived": false})).await.expect(200);
    app.api.post("/events", &posted(json!({"total": 1}))).await.expect(202);
    let log = app.api.get("/audit-log?subject=order.created").await.expect(200);
    assert_eq!(log["data"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn what_cannot_be_a_type_says_where() {
    let app = App::start().await;
    let post = async |change: &dyn Fn(&mut Value)| {
        let mut order = order();
        change(&mut order);
        app.api.post("/event-types", &order).await
    };
    let field = "invalid_field";
    for name in ["message.mine", "endpoint.made", "delivery.late", "Order", "", "order.*"] {
        let answer = post(&|order| order["name"] = json!(name)).await;
        problem(&answer, 422, field, Some("/name"));
    }
    let answer = post(&|order| order["sample"] = json!({"total": -1, "lines": [{}]})).await;
    let found = problem(&answer, 422, "schema_mismatch", None);
    let mut places: Vec<&str> = found["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["pointer"].as_str().unwrap())
        .collect();
    places.sort_unstable();
    assert_eq!(places, ["/sample/lines/0", "/sample/total"]);
    problem(&post(&|order| order["sample"] = json!([])).await, 422, field, Some("/sample"));
    let remote = |order: &mut Value| {
        order["schema"]["properties"]["total"]["$ref"] = json!("http://169.254.169.254/")
    };
    problem(&post(&remote).await, 422, field, Some("/schema/properties/total/$ref"));
    let wrong = |order: &mut Value| order["schema"]["type"] = json!("thing");
    problem(&post(&wrong).await, 422, field, Some("/schema/type"));
    problem(&post(&|order| order["schema"] = json!(true)).await, 422, field, Some("/schema"));
    let nothing = |order: &mut Value| {
        order["schema"] = Value::Null;
        order["validation"] = json!("refuse");
    };
    problem(&post(&nothing).await, 422, field, Some("/validation"));
    assert_eq!(names(&app.api.get("/event-types").await.expect(200)).len(), 33);

    app.api.post("/event-types", &order()).await.expect(201);
    let patch = async |body: Value| app.api.patch(PATH, &body).await;
    problem(&patch(json!({"sample": {}})).await, 422, "schema_mismatch", Some("/sample"));
    problem(&patch(json!({"name": "x"})).await, 422, field, Some("/name"));
    patch(json!({"validation": "refuse"})).await.expect(200);
    problem(&patch(json!({"schema": null})).await, 422, field, Some("/validation"));
    let built_in = app.api.patch("/event-types/message.read", &json!({"description": "x"})).await;
    problem(&built_in, 409, "event_type_built_in", None);
    problem(&app.api.get("/event-types/no.such").await, 404, "not_found", None);
    problem(&app.api.get("/event-types/No%20such").await, 404, "not_found", None);
}

#[tokio::test]
async fn own_types_are_posted_and_unknown_ones_name_their_neighbours() {
    let app = with_order("off").await;
    let made = app.api.post("/events", &posted(json!({"total": "any"}))).await.expect(202);
    assert_eq!(made.get("warnings"), None);
    let shown = app.api.get(&format!("/events/{}", made["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(shown["type"], "order.created");
    let unknown = json!({"type": "order.craeted", "data": {}});
    let found =
        problem(&app.api.post("/events", &unknown).await, 422, "unknown_event_type", Some("/type"));
    assert!(found["detail"].as_str().unwrap().contains("`order.created`"), "{found}");
    let two = json!({"type": "order.craeted", "data": []});
    let found = problem(&app.api.post("/events", &two).await, 422, "invalid_request", None);
    assert_eq!(found["errors"].as_array().unwrap().len(), 2, "{found}");
    let stranger = app.stranger().await;
    let answer = stranger.post("/events", &posted(json!({}))).await;
    problem(&answer, 422, "unknown_event_type", Some("/type"));
}

#[tokio::test]
async fn data_that_does_not_fit_is_told_or_refused() {
    let app = with_order("warn").await;
    let bad = || posted(json!({"total": -1, "lines": [{"sku": "a"}, {}]}));
    let places = |list: &Value| {
        let mut places: Vec<String> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["pointer"].as_str().unwrap().to_owned())
            .collect();
        places.sort();
        places
    };
    let made = app.api.post("/events", &bad()).await.expect(202);
    assert_eq!(places(&made["warnings"]), ["/data/lines/1", "/data/total"]);
    let fits = app.api.post("/events", &posted(json!({"total": 1}))).await.expect(202);
    assert_eq!(fits.get("warnings"), None);

    app.api.patch(PATH, &json!({"validation": "refuse"})).await.expect(200);
    let found = problem(&app.api.post("/events", &bad()).await, 422, "schema_mismatch", None);
    assert_eq!(places(&found["errors"]), ["/data/lines/1", "/data/total"]);
    let deep = format!("{{\"total\":1,\"x\":{}{}}}", "[".repeat(500), "]".repeat(500));
    let answer =
        app.raw("POST", "/events", format!(r#"{{"type":"order.created","data":{deep}}}"#)).await;
    problem(&answer, 422, "schema_mismatch", Some("/data"));
    app.api.post("/events", &posted(json!({"total": 1}))).await.expect(202);

    let batch = json!({"events": [
        {"type": "message.received", "data": {}}, bad(), posted(json!({"total": 2})),
        {"type": "no.such", "data": {}}, {"type": "order.created"},
    ]});
    let results = app.api.post("/events/batch", &batch).await.expect(202)["results"].clone();
    let codes: Vec<Option<&str>> =
        results.as_array().unwrap().iter().map(|one| one["error"]["code"].as_str()).collect();
    let expected =
        [None, Some("schema_mismatch"), None, Some("unknown_event_type"), Some("missing_field")];
    assert_eq!(codes, expected);
    let places = places(&results[1]["error"]["errors"]);
    assert_eq!(places, ["/events/1/data/lines/1", "/events/1/data/total"]);
    assert_eq!(results[3]["error"]["errors"][0]["pointer"], "/events/3/type");
}

#[tokio::test]
async fn what_was_accepted_before_is_a_duplicate_whatever_its_type_says_now() {
    let app = with_order("off").await;
    let keyed = |id: &str, data: Value| json!({"type": "order.created", "id": id, "data": data});
    let first = app.api.post("/events", &keyed("o1", json!({"total": "x"}))).await.expect(202);
    app.api.patch(PATH, &json!({"validation": "refuse"})).await.expect(200);
    let again = app.api.post("/events", &keyed("o1", json!({"total": "x"}))).await.expect(202);
    assert_eq!((&again["id"], &again["duplicate"]), (&first["id"], &json!(true)));
    let reused = app.api.post("/events", &keyed("o1", json!({"total": "y"}))).await;
    problem(&reused, 409, "key_reused", None);
    let fresh = keyed("o2", json!({"total": "x"}));
    problem(&app.api.post("/events", &fresh).await, 422, "schema_mismatch", Some("/data/total"));
    // What was refused left no key.
    app.api.post("/events", &keyed("o2", json!({"total": 1}))).await.expect(202);
    app.api.patch(PATH, &json!({"archived": true})).await.expect(200);
    let again = app.api.post("/events", &keyed("o1", json!({"total": "x"}))).await.expect(202);
    assert_eq!(again["id"], first["id"]);
    let batch =
        json!({"events": [keyed("o1", json!({"total": "x"})), keyed("o3", json!({"total": 1}))]});
    let results = app.api.post("/events/batch", &batch).await.expect(202)["results"].clone();
    assert_eq!(results[0]["id"], first["id"]);
    assert_eq!(results[1]["error"]["code"], "event_type_archived");
}

#[tokio::test]
async fn endpoints_pick_own_types_and_samples_send_them() {
    let app = with_order("refuse").await;
    let made = |types: Value| json!({"url": "https://example.com/h", "event_types": types});
    for (types, picked) in [
        (json!(["order.created"]), 1),
        (json!(["order.*"]), 2),
        (json!(["*"]), 3),
        (json!(["message.*"]), 3),
    ] {
        app.api.post("/endpoints", &made(types)).await.expect(201);
        let taken = app.api.post("/events", &posted(json!({"total": 1}))).await.expect(202);
        assert_eq!(taken["deliveries"], picked);
    }
    for types in [json!(["order.craeted"]), json!(["orders.*"]), json!(["order.created.*"])] {
        let answer = app.api.post("/endpoints", &made(types)).await;
        problem(&answer, 422, "unknown_event_type", Some("/event_types/0"));
    }
    app.api.patch(PATH, &json!({"archived": true})).await.expect(200);
    let endpoint = app.api.post("/endpoints", &made(json!(["order.created"]))).await.expect(201);
    let path = format!("/endpoints/{}", endpoint["id"].as_str().unwrap());
    app.api.patch(&path, &json!({"event_types": ["order.*"]})).await.expect(200);

    // Nobody listens there: what was to be sent is shown all the same.
    let nobody = json!({"url": "https://127.0.0.1:1/h", "event_types": ["*"]});
    let endpoint = app.api.post("/endpoints", &nobody).await.expect(201);
    let path = format!("/endpoints/{}/sample", endpoint["id"].as_str().unwrap());
    let sent = app.api.post(&path, &json!({"event_type": "order.created"})).await.expect(200);
    let body: Value = serde_json::from_str(sent["request"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&body["type"], &body["data"]), (&json!("order.created"), &order()["sample"]));
    let unknown = app.api.post(&path, &json!({"event_type": "order.craeted"})).await;
    let found = problem(&unknown, 422, "unknown_event_type", Some("/event_type"));
    assert!(found["detail"].as_str().unwrap().contains("order.created"), "{found}");
}

#[tokio::test]
async fn a_hundred_changes_meanwhile_lose_no_event() {
    let app = with_order("refuse").await;
    let change = async {
        for round in 0..100 {
            let description = json!({"description": format!("{round}")});
            app.api.patch(PATH, &description).await.expect(200);
        }
    };
    let post = async {
        for _ in 0..100 {
            app.api.post("/events", &posted(json!({"total": 1}))).await.expect(202);
        }
    };
    tokio::join!(change, post);
}
