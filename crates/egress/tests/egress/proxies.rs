//! Proxies of the environment would resolve names elsewhere, past the guard.

use std::process::Command;

use crate::receiver::{Receiver, client, send};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Runs in a process of its own, with proxies in its environment: see below.
#[tokio::test]
#[ignore = "started by proxies_of_the_environment_do_not_matter"]
async fn with_proxies_in_the_environment() {
    assert!(std::env::var("HTTP_PROXY").is_ok(), "the parent sets it");
    let receiver = Receiver::answering(OK).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
    assert_eq!(receiver.requests(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_do_not_matter() {
    let proxy = Receiver::answering(OK).await;
    let proxy_url = format!("http://{}", proxy.address);
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "proxies::with_proxies_in_the_environment", "--ignored"]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        child.env(name, &proxy_url).env(name.to_lowercase(), &proxy_url);
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = child.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
    assert_eq!(proxy.connections(), 0);
}
