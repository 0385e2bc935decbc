//! Connections that are refused, closed, reused or do not speak TLS.

use std::io::Read as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::outcome::ErrorKind;
use egress::{Client, Config};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use url::Url;

use crate::receiver::{PLENTY, Receiver, Script, client, client_allowing, config, failed, send};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#[test]
fn the_client_is_built_outside_a_runtime() {
    client_allowing(&[], None);
}

#[tokio::test]
async fn a_refused_connection_names_host_and_port() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = Url::parse(&format!("http://{free}/hook?token=secret")).unwrap();
    let exchange = send(&client(), &url).await;
    let message = failed(&exchange, ErrorKind::Connect);
    assert!(message.contains(&free.to_string()), "{message}");
    assert!(message.contains("refused"), "{message}");
}

#[tokio::test]
async fn dns_failures_have_their_own_kind() {
    for answer in [Err("the test has no such name".to_owned()), Ok(Vec::new())] {
        let client = client_allowing(&[], Some(Script::new([answer])));
        let url = Url::parse("https://hook.example.test/?token=secret").unwrap();
        let exchange = send(&client, &url).await;
        let message = failed(&exchange, ErrorKind::Dns);
        assert!(message.contains("hook.example.test"), "{message}");
    }
}

#[tokio::test]
async fn what_this_machine_lacks_is_told_apart_from_what_the_receiver_does() {
    let url = Url::parse("https://hook.example.test/?token=secret").unwrap();
    let exchange = send(&client_allowing(&[], Some(Script::not_asked())), &url).await;
    assert!(exchange.not_sent);
    failed(&exchange, ErrorKind::Dns);
    let no_such = Script::new([Err("the test has no such name".to_owned())]);
    assert!(!send(&client_allowing(&[], Some(no_such)), &url).await.not_sent);
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refusing = Url::parse(&format!("http://{free}/")).unwrap();
    assert!(!send(&client(), &refusing).await.not_sent);
}

#[tokio::test]
async fn the_system_resolver_knows_that_invalid_names_do_not_exist() {
    let url = Url::parse("http://hook.invalid/").unwrap();
    failed(&send(&client_allowing(&[], None), &url).await, ErrorKind::Dns);
}

#[tokio::test]
async fn localhost_is_a_name_like_any_other() {
    let receiver = Receiver::answering(OK).await;
    let url = receiver.url_of("localhost");
    let exchange = send(&client_allowing(&[], None), &url).await;
    let message = failed(&exchange, ErrorKind::AddressForbidden);
    assert!(message.contains("localhost"), "{message}");
    assert_eq!(receiver.connections(), 0);
    let allowed = client_allowing(&["127.0.0.0/8", "::1/128"], None);
    let exchange = send(&allowed, &url).await;
    assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
    assert_eq!(exchange.peer, Some(receiver.address));
}

#[tokio::test]
async fn connections_are_reused() {
    let receiver = Receiver::answering(OK).await;
    let client = client();
    for _ in 0..5 {
        assert!(send(&client, &receiver.url()).await.outcome.is_success());
    }
    assert_eq!((receiver.connections(), receiver.requests()), (1, 5));
}

#[tokio::test]
async fn a_pooled_connection_that_closes_at_reuse_is_no_failure_of_the_receiver() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(OK).await;
        // The first connection takes a second request and closes without a byte.
        connection.request().await;
    })
    .await;
    let client = client();
    for _ in 0..2 {
        let exchange = send(&client, &receiver.url()).await;
        assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
    }
    assert_eq!((receiver.connections(), receiver.requests()), (2, 3));
}

#[tokio::test]
async fn a_new_connection_that_closes_without_an_answer_is_a_failure_and_tried_once() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await;
    })
    .await;
    let exchange = send(&client(), &receiver.url()).await;
    let message = failed(&exchange, ErrorKind::Connect);
    assert!(message.contains("without an answer"), "{message}");
    assert_eq!((receiver.connections(), receiver.requests()), (1, 1));
    assert_eq!(exchange.peer, Some(receiver.address));
}

#[tokio::test]
async fn a_second_try_that_closes_too_is_a_failure() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        if connection.number == 0 {
            connection.answer(OK).await;
            connection.request().await;
        }
    })
    .await;
    let client = client();
    assert!(send(&client, &receiver.url()).await.outcome.is_success());
    let exchange = send(&client, &receiver.url()).await;
    failed(&exchange, ErrorKind::Connect);
    assert_eq!((receiver.connections(), receiver.requests()), (2, 3));
}

/// The receiver takes the connection, and never says anything: no answer to a handshake comes.
#[tokio::test]
async fn a_connection_that_is_never_made_ends_whoever_waits_for_it() {
    let receiver = Receiver::start(|mut connection| async move {
        while connection.request().await.is_some() {}
        std::future::pending::<()>().await;
    })
    .await;
    let dial_max = Duration::from_millis(200);
    let client = Client::new(Config { dial_max, ..config(&["127.0.0.0/8"], None) }).unwrap();
    let url = Url::parse(&format!("https://{}/", receiver.address)).unwrap();
    let begun = Instant::now();
    let exchange = send(&client, &url).await;
    assert!(!exchange.outcome.is_success());
    assert!(begun.elapsed() >= dial_max && exchange.duration < PLENTY, "{:?}", exchange.outcome);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_a_tls_failure() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.answer(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        connection.request().await;
    })
    .await;
    let mut url = receiver.url();
    url.set_scheme("https").unwrap();
    let exchange = send(&client(), &url).await;
    assert!(failed(&exchange, ErrorKind::Tls).contains("does not speak TLS"));
}

#[tokio::test]
async fn a_handshake_that_breaks_off_is_a_tls_failure() {
    let receiver = Receiver::start(|_| async {}).await;
    let mut url = receiver.url();
    url.set_scheme("https").unwrap();
    failed(&send(&client(), &url).await, ErrorKind::Tls);
}

#[tokio::test]
async fn a_self_signed_certificate_is_a_tls_failure_that_says_so() {
    let certificate = CertificateDer::from(&include_bytes!("fixtures/self_signed.cert.der")[..]);
    let key = PrivatePkcs8KeyDer::from(&include_bytes!("fixtures/self_signed.key.der")[..]);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    let server = std::thread::spawn(move || {
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let (stream, _) = listener.accept().unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        stream.read(&mut [0; 1]).expect_err("the client goes away")
    });
    let exchange = send(&client(), &url).await;
    let message = failed(&exchange, ErrorKind::Tls);
    assert!(message.contains("not signed by a known authority"), "{message}");
    server.join().unwrap();
}
