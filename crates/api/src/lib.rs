//! The REST API: routes by resource, tokens, problem+json, cursor lists.
//!
//! It sends nothing but samples, and those through a channel to the main runtime. What it cannot
//! find and what is another company's are the same answer. No SQL is here, and nothing decides here
//! what an event or an outcome changes.

mod access;
mod auth;
mod body;
mod checks;
mod code;
mod dashboard;
mod error;
mod event_body;
mod fields;
mod inbox_door;
mod login;
mod metrics;
mod on_main;
mod operator;
mod origin;
mod password;
mod query;
mod request_id;
mod respond;
mod routes;
mod sample;
mod schema;
mod serve;
mod silence;

pub use dashboard::Dashboard;
pub use metrics::{Exposition, Form, Metrics, RouteMetrics};
pub use request_id::{CurrentRequest, with_current_request};
pub use sample::{SampleQueue, SampleSender, run_samples, sample_channel};
pub use serve::{Config, DeliveryRules, Readiness, SignUps, State, bind, serve, serve_metrics};
