//! Inboxes of our own are dialled to our own listener, and nothing else of ours is.

use std::sync::{Arc, Mutex};

use domain::address::AddressPolicy;
use domain::inbox_url::OwnOrigin;
use domain::outcome::ErrorKind;
use egress::{Client, Config};
use url::Url;

use crate::receiver::{Receiver, Script, failed, send};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Our listener, and what came to it.
async fn listening() -> (Receiver, Arc<Mutex<Vec<String>>>) {
    let heads = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&heads);
    let receiver = Receiver::start(move |mut connection| {
        let noted = Arc::clone(&noted);
        async move {
            while let Some(request) = connection.request().await {
                noted.lock().unwrap().push(String::from_utf8_lossy(&request).to_lowercase());
                connection.answer(OK).await;
            }
        }
    })
    .await;
    (receiver, heads)
}

/// A client of an installation at `origin` that may dial nothing private, and knows no names but
/// that all of them are ours.
fn client_at(origin: &str, listener: &Receiver) -> (Client, Arc<Script>) {
    let own = OwnOrigin::of(&Url::parse(origin).unwrap()).unwrap();
    let policy = AddressPolicy::new(Vec::new()).with_inboxes_at(own);
    let names = Script::addresses([&["127.0.0.1"]]);
    let config = Config {
        policy,
        own_listener: Some(listener.address),
        idle_per_host_max: 2,
        dial_max: egress::DIAL_MAX,
        names: Some(names.clone()),
    };
    (Client::new(config).unwrap(), names)
}

fn inbox(origin: &str, tail: &str) -> Url {
    Url::parse(&format!("{origin}/inbox/{}{tail}", "k".repeat(22))).unwrap()
}

#[tokio::test]
async fn an_inbox_is_dialled_here_with_its_own_host() {
    for (origin, host) in [
        ("https://hooks.example.com", "hooks.example.com"),
        ("http://hooks.example.com:81", "hooks.example.com:81"),
        ("http://127.0.0.1:9", "127.0.0.1:9"),
        ("https://10.1.2.3", "10.1.2.3"),
    ] {
        let (receiver, heads) = listening().await;
        let (client, names) = client_at(origin, &receiver);
        let exchange = send(&client, &inbox(origin, "/orders?a=%20b")).await;
        assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
        assert_eq!((exchange.peer, names.asked()), (Some(receiver.address), 0));
        let head = heads.lock().unwrap()[0].clone();
        let line = format!("post /inbox/{}/orders?a=%20b http/1.1\r\n", "k".repeat(22));
        assert!(head.starts_with(&line), "{head}");
        assert!(head.contains(&format!("\r\nhost: {host}\r\n")), "{head}");
        assert_eq!(head.matches("\r\nhost:").count(), 1, "{head}");
    }
}

#[tokio::test]
async fn nothing_else_of_ours_is_dialled() {
    let (receiver, heads) = listening().await;
    let own = format!("http://{}", receiver.address);
    let (client, _) = client_at(&own, &receiver);
    for path in [
        "/",
        "/readyz",
        "/api/v1/endpoints",
        "/inbox/short",
        "/inbox/../readyz",
        "/inbox/%2e%2e/readyz",
        &format!("/inbox/{}/../../readyz", "k".repeat(22)),
        &format!("/inbox/{}/..%2f..%2freadyz", "k".repeat(22)),
    ] {
        let url = Url::parse(&format!("{own}{path}")).unwrap();
        let exchange = send(&client, &url).await;
        assert!(failed(&exchange, ErrorKind::AddressForbidden).contains("127.0.0.1"), "{path}");
    }
    for other in [own.replace("http", "https"), own.replace("127.0.0.1", "localhost")] {
        let exchange = send(&client, &inbox(&other, "")).await;
        failed(&exchange, ErrorKind::AddressForbidden);
    }
    let named = own.replace("http://", "http://ann:pw@");
    failed(&send(&client, &inbox(&named, "")).await, ErrorKind::Other);
    assert!(heads.lock().unwrap().is_empty(), "{heads:?}");
    assert!(send(&client, &inbox(&own, "")).await.outcome.is_success());
}

#[tokio::test]
async fn a_listener_that_is_gone_is_told_by_the_name_in_the_url() {
    let (receiver, _) = listening().await;
    let (client, _) = client_at("https://hooks.example.com", &receiver);
    drop(receiver);
    let exchange = send(&client, &inbox("https://hooks.example.com", "?token=secret")).await;
    let message = failed(&exchange, ErrorKind::Connect);
    assert!(message.contains("hooks.example.com:443"), "{message}");
}
