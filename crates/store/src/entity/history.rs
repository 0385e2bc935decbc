//! Finished deliveries: insert-only, one row a generation.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub generation: i64,
    pub endpoint_id: i64,
    pub event_id: i64,
    pub state: i64,
    pub tries: i64,
    pub tries_before: i64,
    pub finished_at: i64,
    pub format: i64,
    pub render_version: i64,
    pub started_at: Option<i64>,
    pub duration_us: Option<i64>,
    pub status_code: Option<i64>,
    pub error_kind: Option<String>,
    pub error_message: Option<String>,
    pub request: Option<Vec<u8>>,
    pub response_head: Option<Vec<u8>>,
    pub response_body: Option<Vec<u8>>,
    pub truncated: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
