//! Addresses that get mails about endpoints and are nobody's account.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notification_addresses")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub email: String,
    pub email_key: String,
    pub kinds: String,
    pub proof_hash: Option<Vec<u8>>,
    pub proof_expires_at: Option<i64>,
    pub stop_hash: Vec<u8>,
    pub sealed_stop: Vec<u8>,
    pub proved_at: Option<i64>,
    pub stopped_at: Option<i64>,
    pub created_by: String,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
