//! Sources: where events come from, beside the REST API.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sources")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub kind: String,
    pub name: String,
    pub sealed_secrets: Vec<u8>,
    pub handshake_at: Option<i64>,
    pub last_notification_at: Option<i64>,
    pub accepted: i64,
    pub refused: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
