//! Attempts that did not finish a delivery at its schedule's first try.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub delivery_id: i64,
    pub company_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i64,
    pub started_at: i64,
    pub duration_us: i64,
    pub status_code: Option<i64>,
    pub error_kind: Option<String>,
    pub error_message: Option<String>,
    pub request: Vec<u8>,
    pub response_head: Option<Vec<u8>>,
    pub response_body: Option<Vec<u8>>,
    pub truncated: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
