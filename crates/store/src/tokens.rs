//! API tokens: stored as hashes, shown once.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use domain::id::{CompanyId, TokenId};
use domain::limits::Limit;
use parking_lot::Mutex;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use subtle::ConstantTimeEq;

use crate::entity::{api_token, company};
use crate::rows::page::{before_of, cut, limit_of};
use crate::rows::{audit, token};
use crate::time::{from_micros, micros};
use crate::{Actor, Bearer, Caller, Error, NewToken, Page, PageRequest, Store, TokenRecord};

/// How many tokens a node remembers for ingest.
const REMEMBERED_MAX: usize = 10_000;
/// How exact `last_used_at` is.
const LAST_USED_EVERY: TimeDelta = TimeDelta::minutes(1);

/// Tokens that ingest has seen, by hash. What it says is checked inside each ingest transaction.
#[derive(Debug, Default)]
pub(crate) struct TokenCache {
    callers: Mutex<HashMap<[u8; 32], Caller>>,
}

impl TokenCache {
    fn get(&self, hash: &[u8; 32]) -> Option<Caller> {
        self.callers.lock().get(hash).cloned()
    }

    fn put(&self, hash: [u8; 32], caller: Caller) {
        let mut callers = self.callers.lock();
        if callers.len() >= REMEMBERED_MAX {
            let any = callers.keys().next().copied();
            any.and_then(|hash| callers.remove(&hash));
        }
        callers.insert(hash, caller);
    }

    fn forget(&self, company: CompanyId) {
        self.callers.lock().retain(|_, caller| caller.company != company);
    }
}

impl Store {
    /// Makes a token. The second part is the token itself, which is nowhere else.
    pub async fn create_token(
        &self,
        company: CompanyId,
        token: NewToken,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(TokenRecord, String), Error> {
        let NewToken { name, scopes, expires_at } = token;
        let mut random = [0; 32];
        getrandom::fill(&mut random).expect("the operating system has random bytes");
        let text = token::write(company, &random);
        let id = self.new_id(now);
        let row = api_token::Model {
            id,
            company_id: company.raw(),
            name,
            token_hash: token::hash(&text).to_vec(),
            hint: token::hint(&text),
            scopes: token::scopes_text(&scopes),
            expires_at: expires_at.map(micros),
            revoked_at: None,
            last_used_at: None,
            created_at: micros(now),
        };
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        self.check_limit(&tx, company, Limit::Tokens, now).await?;
        let inserted: api_token::ActiveModel = row.clone().into();
        api_token::Entity::insert(inserted).exec_without_returning(&tx).await?;
        let facts = serde_json::json!({ "name": row.name, "scopes": row.scopes });
        self.audit(&tx, company, actor, "token.created", TokenId::from_raw(id), facts, now).await?;
        tx.commit().await?;
        Ok((token::record(row)?, text))
    }

    /// The company's tokens.
    pub async fn tokens(
        &self,
        company: CompanyId,
        page: PageRequest,
    ) -> Result<Page<TokenRecord>, Error> {
        let limit = limit_of(page);
        let rows = api_token::Entity::find()
            .filter(api_token::Column::CompanyId.eq(company.raw()))
            .filter(api_token::Column::Id.lt(before_of(page)))
            .order_by_desc(api_token::Column::Id)
            .limit(limit + 1)
            .all(self.reader())
            .await?;
        let records = rows.into_iter().map(token::record).collect::<Result<Vec<_>, _>>()?;
        Ok(cut(records, limit, None, |record| record.id.raw()))
    }

    /// Revokes a token; twice is once.
    pub async fn revoke_token(
        &self,
        company: CompanyId,
        id: TokenId,
        actor: Actor,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let tx = self.begin().await?;
        bump_config_version(&tx, company).await?;
        let row = api_token::Entity::find_by_id(id.raw())
            .filter(api_token::Column::CompanyId.eq(company.raw()))
            .one(&tx)
            .await?
            .ok_or(Error::NotFound)?;
        if row.revoked_at.is_some() {
            return Ok(());
        }
        api_token::Entity::update_many()
            .col_expr(api_token::Column::RevokedAt, Expr::value(micros(now)))
            .filter(api_token::Column::Id.eq(id.raw()))
            .exec(&tx)
            .await?;
        let facts = serde_json::json!({ "name": row.name });
        self.audit(&tx, company, actor, "token.revoked", id, facts, now).await?;
        tx.commit().await?;
        self.forget_tokens(company);
        Ok(())
    }

    /// Finds a token by its id alone, for the command line.
    pub async fn token_company(&self, id: TokenId) -> Result<CompanyId, Error> {
        let row = api_token::Entity::find_by_id(id.raw()).one(self.reader()).await?;
        row.map(|row| CompanyId::from_raw(row.company_id)).ok_or(Error::NotFound)
    }

    /// Who is calling, read from the database.
    pub async fn authenticate(&self, token: &str, now: DateTime<Utc>) -> Result<Caller, Error> {
        let (caller, id, last_used_at) = self.read_caller(token, now).await?;
        let is_old = last_used_at.is_none_or(|at| now - at >= LAST_USED_EVERY);
        if is_old && let Err(error) = self.touch_token(id, now).await {
            tracing::debug!(error = %error, "A token's last use was not written: {error}");
        }
        Ok(caller)
    }

    /// Who is calling, remembered; ingest checks in its transaction that it is still so.
    pub async fn authenticate_for_ingest(
        &self,
        token: &str,
        now: DateTime<Utc>,
    ) -> Result<Caller, Error> {
        let hash = token::hash(token);
        if let Some(caller) = self.inner.tokens.get(&hash) {
            let expired = caller.expires_at.is_some_and(|at| at <= now);
            return if expired { Err(Error::Unauthorized) } else { Ok(caller) };
        }
        let (caller, _, _) = self.read_caller(token, now).await?;
        self.inner.tokens.put(hash, caller.clone());
        Ok(caller)
    }

    /// Drops what is remembered of a company's tokens, after its configuration has changed.
    pub(crate) fn forget_tokens(&self, company: CompanyId) {
        self.inner.tokens.forget(company);
    }

    async fn read_caller(
        &self,
        text: &str,
        now: DateTime<Utc>,
    ) -> Result<(Caller, TokenId, Option<DateTime<Utc>>), Error> {
        let company = token::company_of(text).ok_or(Error::Unauthorized)?;
        let hash = token::hash(text);
        // The version first: a change between the two reads makes it old, never new.
        let company_row = company::Entity::find_by_id(company.raw())
            .one(self.reader())
            .await?
            .ok_or(Error::Unauthorized)?;
        let row = api_token::Entity::find()
            .filter(api_token::Column::TokenHash.eq(hash.to_vec()))
            .one(self.reader())
            .await?
            .ok_or(Error::Unauthorized)?;
        let same = bool::from(row.token_hash.ct_eq(&hash)) && row.company_id == company.raw();
        if !same || !is_live(&row, now) {
            return Err(Error::Unauthorized);
        }
        let id = TokenId::from_raw(row.id);
        let caller = Caller {
            company,
            bearer: Bearer::Token(id),
            scopes: token::scopes_of(row.id, &row.scopes)?,
            expires_at: row.expires_at.map(from_micros),
            config_version: company_row.config_version,
            suspended_since: company_row.suspended_at.map(from_micros),
            gate: self.gate_of(&company_row),
        };
        Ok((caller, id, row.last_used_at.map(from_micros)))
    }

    async fn touch_token(&self, id: TokenId, now: DateTime<Utc>) -> Result<(), Error> {
        let tx = self.begin().await?;
        api_token::Entity::update_many()
            .col_expr(api_token::Column::LastUsedAt, Expr::value(micros(now)))
            .filter(api_token::Column::Id.eq(id.raw()))
            .exec(&tx)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Writes a line of the audit log in the transaction of what it tells.
    #[expect(clippy::too_many_arguments, reason = "each of them is a column of the log")]
    pub(crate) async fn audit(
        &self,
        tx: &impl ConnectionTrait,
        company: CompanyId,
        actor: Actor,
        action: &str,
        subject: impl std::fmt::Display + Send,
        facts: serde_json::Value,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let (id, subject) = (self.new_id(now), subject.to_string());
        let origin = self.origin;
        audit::write(tx, audit::Line { id, company, actor, action, subject, facts, origin, now })
            .await
    }
}

fn is_live(row: &api_token::Model, now: DateTime<Utc>) -> bool {
    row.revoked_at.is_none() && row.expires_at.is_none_or(|at| at > micros(now))
}

/// Counts the company's configuration on. On PostgreSQL this also puts changes to one company in a
/// row, so that each sees what the one before has left.
pub(crate) async fn bump_config_version(
    tx: &impl ConnectionTrait,
    company: CompanyId,
) -> Result<(), Error> {
    let changed = company::Entity::update_many()
        .col_expr(company::Column::ConfigVersion, Expr::col(company::Column::ConfigVersion).add(1))
        .filter(company::Column::Id.eq(company.raw()))
        .exec(tx)
        .await?;
    if changed.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
}
