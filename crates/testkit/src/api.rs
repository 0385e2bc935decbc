//! A client of the REST API, as a customer would write one.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use crate::wait;

/// No call of a test takes longer.
const CALL_MAX: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    headers: reqwest::header::HeaderMap,
    /// The body as it came.
    pub body: Bytes,
}

impl Answer {
    /// The first header of this name, empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is none.
    pub fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text)
            .unwrap_or_else(|_| panic!("{} and no JSON: {text}", self.status))
    }

    /// The body, when the status is this one.
    ///
    /// # Panics
    /// With the body, when it is another.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{text}");
        if self.body.is_empty() { Value::Null } else { self.json() }
    }
}

/// The API of one program with one token. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Api {
    client: reqwest::Client,
    base: String,
    token: Option<String>,
}

impl Api {
    /// `base` is the program's origin, without `/api/v1`.
    pub fn new(base: &str, token: Option<&str>) -> Self {
        // The second caller finds it installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(CALL_MAX)
            .build()
            .expect("a client can be made");
        Self { client, base: base.to_owned(), token: token.map(str::to_owned) }
    }

    /// The same client with another origin: another node, say.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: base.to_owned(), ..self.clone() }
    }

    /// The same client with another token, or none.
    #[must_use]
    pub fn with_token(&self, token: Option<&str>) -> Self {
        Self { token: token.map(str::to_owned), ..self.clone() }
    }

    /// The token it shows.
    pub fn token(&self) -> &str {
        self.token.as_deref().unwrap_or_default()
    }

    /// One call; an error is a connection that failed. A path not below `/healthz`, `/readyz` and the
    /// like is one of the API: `/events`.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> Result<Answer, reqwest::Error> {
        let outside = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"];
        let prefix = if outside.contains(&path) { "" } else { "/api/v1" };
        let method = method.parse().expect("the test names a method");
        let mut request = self.client.request(method, format!("{}{prefix}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    /// One call of any URL, without the token; an error is a connection that failed.
    pub async fn send_to(
        &self,
        url: &str,
        method: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, reqwest::Error> {
        let method = method.parse().expect("the test names a method");
        let mut request = self.client.request(method, url).body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Answer { status, headers, body: response.bytes().await? })
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|value| value.to_string().into_bytes());
        let sent = self.send(method, path, &[], body).await;
        sent.unwrap_or_else(|error| panic!("{method} {path}: {error:?}"))
    }

    /// The OpenAPI document as it is served.
    pub async fn get_openapi(&self) -> Bytes {
        self.get("/openapi.json").await.body
    }

    /// `GET`.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// `POST` with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    /// `PATCH` with JSON.
    pub async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.call("PATCH", path, Some(body)).await
    }

    /// `DELETE`.
    pub async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// Makes an endpoint and gives it with its secret.
    pub async fn create_endpoint(&self, endpoint: Value) -> Value {
        self.post("/endpoints", &endpoint).await.expect(201)
    }

    /// Posts an event and gives `{id,duplicate,deliveries}`.
    pub async fn post_event(&self, event: Value) -> Value {
        self.post("/events", &event).await.expect(202)
    }

    /// A delivery with all its attempts.
    pub async fn get_delivery(&self, id: &str) -> Value {
        self.get(&format!("/deliveries/{id}")).await.expect(200)
    }

    /// An endpoint.
    pub async fn get_endpoint(&self, id: &str) -> Value {
        self.get(&format!("/endpoints/{id}")).await.expect(200)
    }

    /// All deliveries a query finds, page by page: `event_id=…`.
    pub async fn deliveries(&self, query: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("/deliveries?{query}{cursor}")).await.expect(200);
            found.extend(page["data"].as_array().expect("a list has data").iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return found,
            }
        }
    }

    /// The only delivery of an event.
    pub async fn delivery_of(&self, event: &Value) -> Value {
        let id = event["id"].as_str().expect("an event has an id");
        let found = self.deliveries(&format!("event_id={id}")).await;
        assert_eq!(found.len(), 1, "{found:?}");
        let id = found[0]["id"].as_str().expect("a delivery has an id");
        self.get_delivery(id).await
    }

    /// Waits until the resource at `path` is as wanted, and gives it.
    ///
    /// # Panics
    /// When it is not `within` the time given, with what it was last.
    pub async fn wait_for(
        &self,
        path: &str,
        within: Duration,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let mut last = Value::Null;
        let found = wait::found(within, async || {
            last = self.get(path).await.expect(200);
            wanted(&last).then_some(())
        });
        let found = found.await;
        assert!(found.is_some(), "waited {within:?} in vain for {path}, at last {last}");
        last
    }
}
