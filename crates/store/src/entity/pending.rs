//! Unfinished deliveries.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "pending")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub endpoint_id: i64,
    pub event_id: i64,
    pub due_at: i64,
    pub claimed_by: i64,
    pub tries: i64,
    pub tries_before: i64,
    pub schedule_began: i64,
    pub expires_at: Option<i64>,
    pub generation: i64,
    pub canceled: i64,
    pub format: i64,
    pub render_version: i64,
    pub line_key: Option<i64>,
    pub line_place: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
