//! Mails that go out, or are kept.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub company_id: i64,
    pub endpoint_id: Option<i64>,
    pub kind: String,
    pub recipient: String,
    pub facts: String,
    pub state: String,
    pub held_back: i64,
    pub due_at: i64,
    pub first_due_at: i64,
    pub claimed_by: i64,
    pub tries: i64,
    pub last_error: Option<String>,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub user_id: Option<i64>,
    pub address_id: Option<i64>,
    pub wanted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
