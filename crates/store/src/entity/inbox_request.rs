//! Requests that came into inboxes.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox_requests")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub inbox_id: i64,
    pub company_id: i64,
    pub method: String,
    pub path: String,
    /// The headers and whatever else is known beside the body: see `rows::inbox`.
    pub headers: Vec<u8>,
    pub body: Vec<u8>,
    pub truncated: i64,
    pub signature: String,
    pub received_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
