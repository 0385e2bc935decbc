//! Events, as they came in.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub event_type: String,
    pub source_id: i64,
    pub external_id: Option<String>,
    pub subject: Option<String>,
    pub occurred_at: i64,
    pub accepted_at: i64,
    pub expires_at: Option<i64>,
    pub session: Option<Vec<u8>>,
    pub data: Vec<u8>,
    pub deliveries: i64,
    pub phone_number_id: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
