#![allow(missing_docs, unused)]
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
pub struct Config { pub in_flight_max: usize, pub queued_max: usize, pub node_name: String }
#[derive(Debug)]
pub struct Dispatcher;
impl Dispatcher {
    pub fn new(_: store::Store, _: egress::Client, _: Arc<dyn store::Clock>, _: Config) -> Arc<Self> { Arc::new(Self) }
    pub async fn run(self: Arc<Self>, stop: CancellationToken, _: CancellationToken) { stop.cancelled().await }
}
impl store::HandOver for Dispatcher {
    fn reserve(&self, _: domain::id::EndpointId, _: usize) -> usize { 0 }
    fn release(&self, _: domain::id::EndpointId, _: usize) {}
    fn hand_over(&self, _: Vec<store::Claimed>) {}
}
