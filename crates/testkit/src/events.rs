//! A reader of server-sent events, as a browser's `EventSource` reads them, except that it does not come
//! back by itself.

use std::time::Duration;

use serde_json::Value;

/// How long a test waits for the next event.
const NEXT_MAX: Duration = Duration::from_secs(30);

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerEvent {
    /// What to come back with.
    pub id: String,
    /// Its name; empty where only the id moved on.
    pub event: String,
    /// Its data; null where there is none.
    pub data: Value,
}

/// An open stream.
#[derive(Debug)]
pub struct EventStream {
    response: reqwest::Response,
    text: String,
    bytes: Vec<u8>,
    id: String,
}

impl EventStream {
    pub(crate) fn of(response: reqwest::Response) -> Self {
        Self { response, text: String::new(), bytes: Vec::new(), id: String::new() }
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> &str {
        let value = self.response.headers().get(name);
        value.and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// What it has read last, for `Last-Event-ID`.
    pub fn last_id(&self) -> &str {
        &self.id
    }

    /// The next event with a name; `None` at the end of the stream.
    ///
    /// # Panics
    /// When none comes for long.
    pub async fn next(&mut self) -> Option<ServerEvent> {
        loop {
            let event = self.next_block().await?;
            if !event.event.is_empty() {
                return Some(event);
            }
        }
    }

    /// The next event of this name, others passed over.
    ///
    /// # Panics
    /// When the stream ends before, or nothing comes for long.
    pub async fn next_of(&mut self, name: &str) -> ServerEvent {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("no {name} came"));
            if event.event == name {
                return event;
            }
        }
    }

    /// The next block, also one that only moves the id on.
    ///
    /// # Panics
    /// When none comes for long.
    pub async fn next_block(&mut self) -> Option<ServerEvent> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let block: String = self.text.drain(..end + 2).collect();
                if let Some(event) = self.read(&block) {
                    return Some(event);
                }
                continue;
            }
            let chunk = tokio::time::timeout(NEXT_MAX, self.response.chunk()).await;
            let chunk = chunk.expect("nothing came for long").ok().flatten()?;
            self.bytes.extend_from_slice(&chunk);
            if let Ok(text) = std::str::from_utf8(&self.bytes) {
                self.text.push_str(text);
                self.bytes.clear();
            }
        }
    }

    fn read(&mut self, block: &str) -> Option<ServerEvent> {
        let (mut event, mut data, mut is_block) = (String::new(), String::new(), false);
        for line in block.lines() {
            let (field, value) = line.split_once(": ").unwrap_or((line, ""));
            match field {
                "id" => (self.id, is_block) = (value.to_owned(), true),
                "event" => (event, is_block) = (value.to_owned(), true),
                "data" => data.push_str(value),
                _ => {}
            }
        }
        let data = serde_json::from_str(&data).unwrap_or(Value::Null);
        is_block.then(|| ServerEvent { id: self.id.clone(), event, data })
    }
}
