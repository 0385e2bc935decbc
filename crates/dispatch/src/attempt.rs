//! One attempt: written, signed, sent, judged.

use std::time::Duration;

use chrono::TimeDelta;
use domain::outcome::Outcome;
use domain::settle::Turn;
use domain::wire::{self, SentHead};
use store::{Attempted, Claimed, ToSettle};

use crate::dispatcher::Dispatcher;
use crate::targets::Known;

/// How long a delivery keeps its place after this machine had nothing left to send it with.
const NOT_SENT_PAUSE: Duration = Duration::from_secs(1);
/// How often that is told.
const NOT_SENT_TOLD_EVERY: TimeDelta = TimeDelta::seconds(10);

impl Dispatcher {
    pub(crate) async fn attempt(&self, delivery: Claimed, known: Known) {
        let target = &known.target;
        let started_at = self.clock.now();
        self.metrics.began(&delivery, started_at);
        let number = delivery.progress.next_number();
        let body = delivery.rendering.render(&delivery.event);
        let signatures = target.keys.sign(delivery.event.id.text().as_str(), started_at, &body);
        let headers =
            wire::headers(delivery.event.id, number, started_at, &signatures, &target.headers);
        let exchange = self
            .egress
            .send(egress::Request {
                url: &target.url,
                headers,
                body,
                at: started_at,
                timeout: target.timeout,
                acknowledge: target.acknowledge,
            })
            .await;
        if exchange.not_sent {
            return self.not_sent(delivery, exchange.outcome).await;
        }
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

    /// This machine had no file descriptor or port left: no attempt of the delivery's, and no failure
    /// of the endpoint's. It waits in its place, so that fewer are begun meanwhile, and then for its
    /// turn again.
    async fn not_sent(&self, delivery: Claimed, outcome: Outcome) {
        let now = self.clock.now();
        let is_news = {
            let mut told_at = self.not_sent_told_at.lock();
            let is_news = told_at.is_none_or(|told| now - told >= NOT_SENT_TOLD_EVERY);
            if is_news {
                *told_at = Some(now);
            }
            is_news
        };
        if is_news {
            let cause = outcome.failure.map(|failure| failure.message).unwrap_or_default();
            tracing::warn!(
                cause,
                "Deliveries wait because this process may open no more connections; allow it more \
                 open files (ulimit -n, LimitNOFILE=) or set a lower HOOKFERRY_MAX_IN_FLIGHT: {cause}"
            );
        }
        tokio::time::sleep(NOT_SENT_PAUSE).await;
        self.turn_away(delivery, Turn::Hold).await;
    }
}
