//! One attempt: written, signed, sent, judged.

use domain::wire::{self, SentHead};
use store::{Attempted, Claimed, ToSettle};

use crate::dispatcher::Dispatcher;
use crate::targets::Known;

impl Dispatcher {
    pub(crate) async fn attempt(&self, delivery: Claimed, known: Known) {
        let target = &known.target;
        let started_at = self.clock.now();
        self.metrics.began(&delivery, started_at);
        let number = delivery.progress.next_number();
        let body = wire::render(&delivery.event);
        let signatures = target.keys.sign(&delivery.event.id.to_string(), started_at, &body);
        let headers =
            wire::headers(delivery.event.id, number, started_at, &signatures, &target.headers);
        let exchange = self
            .egress
            .send(egress::Request {
                url: &target.url,
                headers,
                body,
                timeout: target.timeout,
                acknowledge: target.acknowledge,
            })
            .await;
        let ended_at = self.clock.now();
        self.metrics.ended(&exchange.outcome, exchange.duration);
        tracing::debug!(
            delivery.id = %delivery.id,
            endpoint.id = %delivery.endpoint,
            attempt.number = number,
            duration_ms = u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX),
            outcome = exchange.outcome.failure.as_ref().map_or("success", |failure| failure.kind.as_str()),
            "An attempt is over"
        );
        let endpoint = delivery.endpoint;
        let success = exchange.outcome.is_success();
        self.lanes.lock().answered(endpoint, success, started_at, ended_at);
        let attempted = Attempted {
            delivery,
            began_in_epoch: known.state.epoch,
            outcome: exchange.outcome,
            started_at,
            ended_at,
            duration: exchange.duration,
            request: SentHead::encode(target.url.as_str(), &signatures, &target.headers),
            response_headers: exchange.headers,
            response_body: exchange.body,
            truncated: exchange.truncated,
        };
        self.settle_later(ToSettle::Attempted(Box::new(attempted))).await;
    }
}
