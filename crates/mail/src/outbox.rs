//! The loop: claim what is due, send it, write down what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use store::{ClaimedMail, Clock, CompanyMail, MailContent, OutgoingMail, Store};
use tokio_util::sync::CancellationToken;

use crate::Config;
use crate::message::compose;
use crate::smtp::{Line, SendError};

/// How many mails are claimed at once.
const CLAIM_MAILS_MAX: u32 = 16;

/// How long the loop rests when nothing was due. Real time: a clock turned by hand must not stop it.
const REST: Duration = Duration::from_secs(1);

/// How often what came of a mail is still tried to be written once the loop is told to stop, and how long
/// to wait in between: a mail of which nothing is written goes out twice.
const LAST_TRIES: u32 = 50;
const LAST_TRY_EVERY: Duration = Duration::from_millis(50);

/// How long sending a mail is tried before it is given up.
const TRYING: TimeDelta = TimeDelta::days(7);

/// Everything it takes to send mails.
#[derive(Debug)]
pub struct Mailer {
    store: Store,
    clock: Arc<dyn Clock>,
    config: Config,
    /// Whether the mail server could be used the last time; a change is logged, not each failure.
    server_works: AtomicBool,
}

impl Mailer {
    /// Puts together what the loop needs; nothing is connected yet.
    pub fn new(store: Store, clock: Arc<dyn Clock>, config: Config) -> Self {
        Self { store, clock, config, server_works: AtomicBool::new(true) }
    }
}

/// How long to wait after the `tries`-th failed try: 1, 2, 4, 8, 16 minutes, then every half hour
/// until seven days of trying are over; then `None`.
pub fn wait_after(tries: u32) -> Option<TimeDelta> {
    let minutes = |tries: u32| (1i64 << (tries.clamp(1, 6) - 1)).min(30);
    let doubling: i64 = (1..=tries.min(5)).map(minutes).sum();
    let total = doubling + i64::from(tries.saturating_sub(5)) * minutes(6);
    (total <= TRYING.num_minutes()).then(|| TimeDelta::minutes(minutes(tries)))
}

/// Sends mails until `stop`; the mail in hand is finished first, so that it must have ended before
/// this node says goodbye. A mail that was claimed and not sent by then is freed with that.
pub async fn run(mailer: Mailer, stop: CancellationToken) {
    let mut database_works = true;
    while !stop.is_cancelled() {
        let round = round(&mailer, &stop).await;
        let worked = round.is_ok();
        match &round {
            Err(error) if database_works => {
                let error: &dyn std::error::Error = error;
                tracing::warn!(error, "The mail outbox cannot be read; trying again");
            }
            Ok(_) if !database_works => tracing::info!("The mail outbox can be read again"),
            Ok(_) | Err(_) => {}
        }
        database_works = worked;
        if round.is_ok_and(|sent| sent == CLAIM_MAILS_MAX as usize) {
            continue;
        }
        tokio::select! { () = stop.cancelled() => {} () = tokio::time::sleep(REST) => {} }
    }
}

/// Claims what is due, at most 16 mails, and tries each once. Says how many it claimed.
pub async fn run_once(mailer: &Mailer) -> Result<usize, store::Error> {
    round(mailer, &CancellationToken::new()).await
}

async fn round(mailer: &Mailer, stop: &CancellationToken) -> Result<usize, store::Error> {
    if stop.is_cancelled() {
        return Ok(0);
    }
    let mails = mailer.store.claim_mails(CLAIM_MAILS_MAX, mailer.clock.now()).await?;
    let mut line = Line::default();
    // Once the server has failed, the others of this round need not wait for it one by one.
    let mut server_failure: Option<String> = None;
    for claimed in &mails {
        if stop.is_cancelled() {
            break;
        }
        if !still_to_send(mailer, stop, claimed).await {
            continue;
        }
        let result = match &server_failure {
            Some(text) => Err(SendError::Server(text.clone())),
            None => send(mailer, &mut line, &claimed.mail).await,
        };
        if let Err(SendError::Server(text)) = &result {
            server_failure = Some(text.clone());
        }
        note_server(mailer, &result);
        record(mailer, stop, claimed, &result).await;
    }
    line.close().await;
    Ok(mails.len())
}

/// Whether a mail is still this node's to send; asked however long the database is away.
async fn still_to_send(mailer: &Mailer, stop: &CancellationToken, claimed: &ClaimedMail) -> bool {
    let id = claimed.mail.id;
    loop {
        match mailer.store.still_to_send(claimed).await {
            Ok(true) => return true,
            Ok(false) => {
                tracing::info!(mail.id = %id, "Mail {id} is no longer this node's to send");
                return false;
            }
            Err(error) if error.is_passing() && !stop.is_cancelled() => {
                tokio::select! { () = stop.cancelled() => {} () = tokio::time::sleep(REST) => {} }
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, mail.id = %id, "Cannot tell whose mail {id} is");
                return false;
            }
        }
    }
}

async fn send(mailer: &Mailer, line: &mut Line, mail: &OutgoingMail) -> Result<(), SendError> {
    let message = compose(mail, &mailer.config, mailer.clock.now()).map_err(SendError::Never)?;
    line.send(&mailer.config, &message).await
}

/// Logs that the mail server has begun or ceased to fail.
fn note_server(mailer: &Mailer, result: &Result<(), SendError>) {
    match result {
        Err(SendError::Server(text)) => {
            if mailer.server_works.swap(false, Ordering::Relaxed) {
                let text = without_addresses(text);
                tracing::warn!("Mails are waiting and will be tried again: {text}");
            }
        }
        Ok(()) | Err(SendError::Later(_)) => {
            if !mailer.server_works.swap(true, Ordering::Relaxed) {
                tracing::info!("The mail server works again");
            }
        }
        // May be said without asking the server.
        Err(SendError::Never(_)) => {}
    }
}

/// Writes down what came of a mail, however long the database is away: nobody else may touch a mail
/// that this node has claimed, and a mail that was sent must not be sent again.
async fn record(
    mailer: &Mailer,
    stop: &CancellationToken,
    claimed: &ClaimedMail,
    result: &Result<(), SendError>,
) {
    let id = claimed.mail.id;
    let failure = match result {
        Ok(()) => None,
        Err(SendError::Server(text) | SendError::Later(text)) => {
            // Whoever asked for a test mail wants to know now.
            let wait = wait_after(claimed.mail.tries + 1).filter(|_| !is_test(claimed));
            Some((text, wait))
        }
        Err(SendError::Never(text)) => Some((text, None)),
    };
    if let Some((_, None)) = failure {
        tracing::warn!(mail.id = %id, "Gave up mail {id}; its row says why");
    }
    let mut last_tries = 0;
    loop {
        let now = mailer.clock.now();
        let written = match failure {
            None => mailer.store.mail_sent(claimed, now).await,
            Some((text, wait)) => mailer.store.mail_failed(claimed, text, wait, now).await,
        };
        match written {
            Ok(()) => return,
            Err(error) if error.is_passing() && !stop.is_cancelled() => {
                tokio::select! { () = stop.cancelled() => {} () = tokio::time::sleep(REST) => {} }
            }
            Err(error) if error.is_passing() && last_tries < LAST_TRIES => {
                last_tries += 1;
                tokio::time::sleep(LAST_TRY_EVERY).await;
            }
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(error, mail.id = %id, "Cannot write what came of mail {id}");
                return;
            }
        }
    }
}

fn is_test(claimed: &ClaimedMail) -> bool {
    match &claimed.mail.content {
        MailContent::Company(CompanyMail::Test(_)) => true,
        MailContent::Company(CompanyMail::Endpoint { .. }) | MailContent::Account(_) => false,
    }
}

/// A server's words may name people; logs do not.
fn without_addresses(text: &str) -> String {
    let hide = |word| if str::contains(word, '@') { "…" } else { word };
    text.split(' ').map(hide).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_to_half_an_hour_and_end_after_seven_days() {
        let minutes = |tries| wait_after(tries).map(|wait| wait.num_minutes());
        let first: Vec<_> = (1..=8).map(|tries| minutes(tries).unwrap()).collect();
        assert_eq!(first, [1, 2, 4, 8, 16, 30, 30, 30]);
        let all: Vec<_> = (1..).map_while(wait_after).collect();
        let total: TimeDelta = all.iter().sum();
        assert!(total <= TRYING && total + TimeDelta::minutes(30) > TRYING, "{total}");
        assert_eq!(wait_after(u32::try_from(all.len()).unwrap() + 1), None);
        assert_eq!(wait_after(u32::MAX), None);
    }

    #[test]
    fn logs_name_nobody() {
        let text = without_addresses("550 <ann@example.com> unknown, ask bob@example.com");
        assert_eq!(text, "550 … unknown, ask …");
    }
}
