//! `/settings/addresses`: addresses that get mails about endpoints and are nobody's account; and the
//! pages that the links in their mails lead to, for people who have no login.

use actix_web::http::StatusCode;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use domain::id::AddressId;
use domain::notice::NoticeKind;
use domain::notification::PerKind;
use domain::throttle::{ADDRESS_PROOFS, PROOFS_OF_ADDRESS, subject};
use serde::Serialize;
use store::{AddressRecord, ProvedAddress};
use utoipa::ToSchema;

use super::account::{link_tried, read_email, store_for, wait};
use super::credentials::read_link;
use super::path_id;
use crate::auth;
use crate::body;
use crate::error::ApiError;
use crate::fields::{Fields, Given};
use crate::query::Query;
use crate::respond::json;
use crate::schema::settings::{AddressPatchBody, NewAddressBody};
use crate::schema::{TokenBody, ids};
use crate::serve::Shared;

/// An address that gets mails beside the members'.
#[derive(Debug, Serialize, ToSchema)]
pub struct AddressView {
    #[schema(value_type = ids::AddressIdText)]
    id: AddressId,
    email: String,
    /// Which kinds of mail it gets.
    kinds: Vec<&'static str>,
    /// `unproved`: a link was mailed that proves it; `proved`: mails go there; `stopped`: whoever reads
    /// it wants none.
    state: &'static str,
    /// Who added it.
    created_by: String,
    created_at: DateTime<Utc>,
}

impl AddressView {
    /// An address.
    pub fn of(record: AddressRecord) -> Self {
        let AddressRecord { id, email, kinds, state, created_by, created_at } = record;
        let named = NoticeKind::ALL.into_iter().filter(|kind| *kinds.of(*kind));
        let kinds = named.map(NoticeKind::as_str).collect();
        Self { id, email, kinds, state: state.as_str(), created_by, created_at }
    }
}

/// `kinds`.
fn read_kinds(fields: &mut Fields<'_>) -> Given<PerKind<bool>> {
    fields.read("kinds", |value| {
        let all = NoticeKind::ALL.map(NoticeKind::as_str).join(", ");
        let wrong = || format!("must be a list of kinds of mail, each one of {all}");
        let items = value.as_array().filter(|items| items.len() <= NoticeKind::ALL.len());
        let mut kinds = PerKind::default();
        for item in items.ok_or_else(wrong)? {
            let kind = item.as_str().and_then(NoticeKind::parse).ok_or_else(wrong)?;
            *kinds.of_mut(kind) = true;
        }
        Ok(kinds)
    })
}

/// Adds an address, and mails it a link; other mails go there once that was used. Where no mail
/// server is set it counts as proved. One that is there and not proved is mailed another link.
#[utoipa::path(post, path = "/api/v1/settings/addresses", tag = "Settings", request_body = NewAddressBody, responses((status = 201, description = "The address.", body = AddressView)))]
pub async fn add_address(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("email");
    let email = read_email(&mut fields, "email");
    let kinds = read_kinds(&mut fields).value().unwrap_or_else(|| PerKind::all(true));
    fields.finish()?;
    let Some(email) = email else {
        return Err(ApiError::Internal("an address without itself was taken".into()));
    };
    let (company, actor, now) = (authorized.caller.company, authorized.actor(), authorized.now);
    let (store, proved) = (authorized.store(&shared), !shared.config.can_mail);
    if !proved {
        // Nobody is bothered by links that they did not ask for more than a few times.
        let by_company = subject("address_proofs", &company.to_string());
        let to_address = subject("proofs_of_address", email.key());
        let [asked, mailed] = store.failures(&[by_company, to_address]).await?;
        wait(ADDRESS_PROOFS.left(asked, now).max(PROOFS_OF_ADDRESS.left(mailed, now)))?;
        store.count_failure(&[by_company, to_address], now).await?;
    }
    let record = store.add_address(company, (&email, kinds, proved), actor, now).await?;
    json(StatusCode::CREATED, &AddressView::of(record))
}

/// Changes which kinds of mail an address gets.
#[utoipa::path(patch, path = "/api/v1/settings/addresses/{id}", tag = "Settings", request_body = AddressPatchBody, responses((status = 200, description = "The address as it is now.", body = AddressView)))]
pub async fn update_address(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    let id = path_id(&req)?;
    let body = body::read(&req, payload, "the body", body::SMALL_BODY_BYTES_MAX).await?;
    let mut fields = Fields::parse(body::text(&body)?)?;
    fields.require("kinds");
    let kinds = read_kinds(&mut fields).value().unwrap_or_default();
    fields.finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    let record = store.update_address(company, id, kinds, actor, authorized.now).await?;
    json(StatusCode::OK, &AddressView::of(record))
}

/// Takes an address out; mails that wait for it are not sent.
#[utoipa::path(delete, path = "/api/v1/settings/addresses/{id}", tag = "Settings", responses((status = 204, description = "It gets no more mails.")))]
pub async fn remove_address(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let authorized = auth::authorize(&req, &shared).await?;
    Query::of(&req).finish()?;
    let (company, actor) = (authorized.caller.company, authorized.actor());
    let store = authorized.store(&shared);
    store.remove_address(company, path_id(&req)?, actor, authorized.now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// What an address that was proved is told.
#[derive(Debug, Serialize, ToSchema)]
struct ProvedAddressView {
    email: String,
    company_name: String,
}

/// Proves an address, by the link that was mailed to it: mails go there from now on.
#[utoipa::path(post, path = "/api/v1/settings/addresses/confirm", tag = "Settings", request_body = TokenBody, responses((status = 200, description = "The address, and whose mails it gets.", body = ProvedAddressView)))]
pub async fn confirm_address(
    req: HttpRequest,
    payload: web::Payload,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, store) = read_link(&req, payload, &shared).await?;
    let now = shared.state.clock.now();
    let proved = link_tried(&req, &shared, async || store.prove_address(&token, now).await);
    let ProvedAddress { email, company_name } = proved.await?;
    json(StatusCode::OK, &ProvedAddressView { email, company_name })
}

fn token_of(req: &HttpRequest) -> String {
    req.match_info().get("token").unwrap_or_default().to_owned()
}

/// The page that asks whether mails may come: looking at it changes nothing, for machines follow
/// links too.
pub async fn show_confirm_page(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, now) = (token_of(&req), shared.state.clock.now());
    let store = &shared.state.store;
    let found = link_tried(&req, &shared, async || store.address_to_prove(&token, now).await);
    page(found.await, |company, email| Page {
        title: "Shall these mails come?",
        text: format!("{company} wants to send mails about its webhooks to {email}."),
        button: Some("Yes, send them"),
    })
}

/// Proves an address from that page.
pub async fn confirm_from_page(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, now, store) = (token_of(&req), shared.state.clock.now(), store_for(&req, &shared));
    let proved = link_tried(&req, &shared, async || store.prove_address(&token, now).await);
    page(proved.await, |company, email| Page {
        title: "Done",
        text: format!("Mails of {company} about its webhooks come to {email} from now on."),
        button: None,
    })
}

/// The page that asks whether mails are to stop.
pub async fn show_stop_page(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, store) = (token_of(&req), &shared.state.store);
    let found = link_tried(&req, &shared, async || store.address_to_stop(&token).await);
    page(found.await, |company, email| Page {
        title: "Stop these mails?",
        text: format!("{company} sends mails about its webhooks to {email}."),
        button: Some("Stop them"),
    })
}

/// Stops the mails to an address, from that page or by the one click of a mail program (RFC 8058).
pub async fn stop_from_page(
    req: HttpRequest,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, ApiError> {
    let (token, now, store) = (token_of(&req), shared.state.clock.now(), store_for(&req, &shared));
    let stopped = link_tried(&req, &shared, async || store.stop_address(&token, now).await);
    page(stopped.await, |company, email| Page {
        title: "Done",
        text: format!("{company} sends no more mails to {email}."),
        button: None,
    })
}

/// What a page says.
struct Page {
    title: &'static str,
    text: String,
    button: Option<&'static str>,
}

fn page(
    found: Result<ProvedAddress, ApiError>,
    words: impl FnOnce(&str, &str) -> Page,
) -> Result<HttpResponse, ApiError> {
    let (status, page) = match found {
        Ok(ProvedAddress { email, company_name }) => (StatusCode::OK, words(&company_name, &email)),
        Err(ApiError::NotFound) => {
            let text = "This link does not work any more. If it was to confirm an address, ask for another one.";
            let title = "This did not work";
            (StatusCode::NOT_FOUND, Page { title, text: text.to_owned(), button: None })
        }
        Err(error) => return Err(error),
    };
    let button = page.button.map_or_else(String::new, |label| {
        format!("<form method=\"post\"><button>{label}</button></form>\n")
    });
    let (title, text) = (page.title, escape(&page.text));
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
        ))
        .body(format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:40rem;margin:4rem auto;\
             padding:0 1rem;color-scheme:light dark}}</style>\n<h1>{title}</h1>\n<p>{text}</p>\n\
             {button}</html>\n"
        )))
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}
