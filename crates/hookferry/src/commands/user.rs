//! `hookferry user …`.

use anyhow::Context;
use domain::person::{EmailAddress, LinkKind};
use serde_json::json;
use store::{Clock, Error};

use crate::cli::ResetLinkArgs;
use crate::clock::SystemClock;
use crate::database;
use crate::settings::Settings;
use crate::settings::sources::Refused;

/// Makes a link by which a person can choose a new password, for the operator to hand over: where no
/// mail can be sent, this is the only way.
pub async fn reset_link(settings: &Settings, args: ResetLinkArgs) -> anyhow::Result<()> {
    let email = EmailAddress::parse(&args.email)
        .map_err(|error| Refused::of(format!("the mail address: {error}")))?;
    let store = database::open_existing(settings).await?;
    let now = SystemClock::start().now();
    let token = match store.operator_link(LinkKind::ResetPassword, &email, now).await {
        Err(Error::NotFound) => {
            return Err(Refused::of(format!("nobody has the mail address {email}")).into());
        }
        made => made.context("the link could not be made")?,
    };
    let base = settings.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
    let link = base.map(|base| format!("{base}/reset-password#token={token}"));
    if args.json {
        println!("{}", json!({ "token": token, "link": link }));
        return Ok(());
    }
    match link {
        Some(link) => println!("link {link}"),
        // Without a public URL nobody knows where people reach the server.
        None => println!("token {token}"),
    }
    println!(
        "It is good for one hour and one use, and shown this once. Without a page it works by"
    );
    println!("POST /api/v1/auth/password-reset/confirm {{\"token\":\"...\",\"password\":\"...\"}}");
    Ok(())
}
