//! Endpoints, with what a person decided and what the engine found.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "endpoints")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub external_key: Option<String>,
    pub url: String,
    pub description: String,
    pub event_types: String,
    pub format: String,
    pub wati_version: Option<i64>,
    pub filter: Option<String>,
    pub phone_number_ids: Option<String>,
    pub session: String,
    pub sealed_headers: Option<Vec<u8>>,
    pub sealed_secrets: Vec<u8>,
    pub timeout_ms: i64,
    pub acknowledge: String,
    pub schedule: String,
    pub rate_limit: Option<String>,
    pub max_in_flight: Option<i64>,
    pub ordered: i64,
    pub request: Option<Vec<u8>>,
    pub switch: String,
    pub held_since: Option<i64>,
    pub held_total_us: i64,
    pub failures: i64,
    pub failing_since: Option<i64>,
    pub defective_at: Option<i64>,
    pub epoch: i64,
    pub last_status: Option<i64>,
    pub last_error: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    pub wati_names: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
