//! Notes, for one request, whether it made a connection of its own.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};

use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    static DIAL: Cell<Dial>;
}

/// How far a request came with a connection of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dial {
    /// None was begun: the pool had one.
    NotBegun,
    /// One was begun; either it is not there yet, or the pool had one sooner.
    Begun,
    /// The connection in use was made for this request.
    Made,
}

/// Runs `request` with a note of its own.
pub async fn noting<F: Future>(request: F) -> F::Output {
    DIAL.scope(Cell::new(Dial::NotBegun), request).await
}

/// How far the request that is running came.
pub fn noted() -> Dial {
    DIAL.try_with(Cell::get).unwrap_or(Dial::NotBegun)
}

/// Notes `dial`. A connection that is finished in the background, after the request has taken
/// another one, finds no note and leaves none: it is not that request's connection.
pub fn note(dial: Dial) {
    let _ = DIAL.try_with(|cell| cell.set(dial));
}

/// Puts [`NotedConnector`] around the connector.
#[derive(Debug, Clone, Copy)]
pub struct NoteDials;

impl<S> Layer<S> for NoteDials {
    type Service = NotedConnector<S>;

    fn layer(&self, inner: S) -> Self::Service {
        NotedConnector(inner)
    }
}

/// A connector that notes what it does.
#[derive(Debug, Clone)]
pub struct NotedConnector<S>(S);

impl<S, R> Service<R> for NotedConnector<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, target: R) -> Self::Future {
        note(Dial::Begun);
        let connecting = self.0.call(target);
        Box::pin(async move {
            let connection = connecting.await?;
            note(Dial::Made);
            Ok(connection)
        })
    }
}
