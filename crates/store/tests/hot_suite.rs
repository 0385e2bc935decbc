//! The hot half of the store, one suite on both databases: ingest, claims, settlement, ownership and
//! upkeep.

#![expect(clippy::unwrap_used, reason = "a test; its helpers are not marked as such")]

#[path = "hot/audit.rs"]
mod audit;
#[path = "hot/claim.rs"]
mod claim;
#[path = "hot/engine.rs"]
mod engine;
#[path = "hot/formats.rs"]
mod formats;
#[path = "hot/fresh_keys.rs"]
mod fresh_keys;
#[path = "hot/ingest.rs"]
mod ingest;
#[path = "hot/ingest_rests.rs"]
mod ingest_rests;
#[path = "hot/ingest_rooms.rs"]
mod ingest_rooms;
#[path = "hot/jobs.rs"]
mod jobs;
#[path = "hot/jobs_walk.rs"]
mod jobs_walk;
#[path = "hot/lines.rs"]
mod lines;
#[path = "hot/lines_arranged.rs"]
mod lines_arranged;
#[path = "hot/lines_together.rs"]
mod lines_together;
#[path = "hot/live.rs"]
mod live;
#[path = "hot/log_copy.rs"]
mod log_copy;
#[path = "hot/logins.rs"]
mod logins;
#[path = "hot/mails.rs"]
mod mails;
#[path = "hot/nodes.rs"]
mod nodes;
#[path = "hot/operational.rs"]
mod operational;
#[path = "hot/own_types.rs"]
mod own_types;
#[path = "hot/plans.rs"]
mod plans;
#[path = "hot/races.rs"]
mod races;
#[path = "hot/readings.rs"]
mod readings;
#[path = "hot/retention.rs"]
mod retention;
#[path = "hot/search.rs"]
mod search;
#[path = "hot/search_cost.rs"]
mod search_cost;
#[path = "hot/search_merge.rs"]
mod search_merge;
#[path = "hot/sessions.rs"]
mod sessions;
#[path = "hot/sessions_contacts.rs"]
mod sessions_contacts;
#[path = "hot/sessions_due.rs"]
mod sessions_due;
#[path = "hot/sessions_ingest.rs"]
mod sessions_ingest;
#[path = "hot/settle.rs"]
mod settle;
#[path = "hot/settle_endpoint.rs"]
mod settle_endpoint;
#[path = "cold/setup.rs"]
mod setup;
#[path = "hot/short_ways.rs"]
mod short_ways;
#[path = "hot/short_ways_said.rs"]
mod short_ways_said;
#[path = "hot/sources.rs"]
mod sources;
#[path = "hot/stats.rs"]
mod stats;
#[path = "hot/stats_cost.rs"]
mod stats_cost;
#[path = "hot/traffic.rs"]
mod traffic;
#[path = "hot/upkeep.rs"]
mod upkeep;
