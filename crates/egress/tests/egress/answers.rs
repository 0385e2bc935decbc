//! Whole, over-long, broken and strange answers.

use std::time::Duration;

use chrono::TimeDelta;
use domain::headers::Headers;
use domain::outcome::{Acknowledge, ErrorKind};
use egress::{RESPONSE_BODY_BYTES_MAX, RESPONSE_HEADERS_BYTES_MAX};
use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::receiver::{PLENTY, Receiver, client, failed, request, send};

/// A deadline that is meant to be missed.
const SHORT: Duration = Duration::from_millis(300);

fn sized(status: &str, body: &[u8]) -> Vec<u8> {
    let mut answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    answer.extend(body);
    answer
}

#[tokio::test]
async fn success_is_2xx() {
    for (status, code) in [("200 OK", 200), ("202 Accepted", 202)] {
        let receiver = Receiver::answering(sized(status, b"thanks")).await;
        let exchange = send(&client(), &receiver.url()).await;
        assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
        assert_eq!(exchange.outcome.status_code, Some(code));
        assert_eq!(exchange.body, b"thanks");
        assert_eq!(exchange.peer, Some(receiver.address));
        assert!(!exchange.truncated);
    }
    let receiver = Receiver::answering("HTTP/1.1 204 No Content\r\n\r\n").await;
    let url = receiver.url();
    assert!(send(&client(), &url).await.outcome.is_success());
    let only_200 = egress::Request { acknowledge: Acknowledge::Only200, ..request(&url) };
    let exchange = client().send(only_200).await;
    failed(&exchange, ErrorKind::Status);
}

#[tokio::test]
async fn the_request_is_what_was_given() {
    let (sent, mut received) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut connection| {
        let sent = sent.clone();
        async move {
            sent.send(connection.request().await.unwrap()).unwrap();
            connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
        }
    })
    .await;
    send(&client(), &receiver.url()).await;
    let received = String::from_utf8(received.recv().await.unwrap()).unwrap();
    let (head, body) = received.split_once("\r\n\r\n").unwrap();
    let mut lines: Vec<&str> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /hook?token=secret HTTP/1.1");
    lines.sort_unstable();
    let host = format!("host: {}", receiver.address);
    assert_eq!(lines, ["accept: */*", "content-length: 7", &host, "webhook-id: evt_1"]);
    assert_eq!(body, "{\"a\":1}");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Receiver::answering(sized("200 OK", b"")).await;
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect"] {
        let location = elsewhere.url();
        let answer =
            format!("HTTP/1.1 {status}\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let receiver = Receiver::answering(answer).await;
        let exchange = send(&client(), &receiver.url()).await;
        failed(&exchange, ErrorKind::Redirect);
        assert_eq!(receiver.requests(), 1);
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn other_statuses_are_failures_with_their_bodies() {
    let receiver = Receiver::answering(sized("500 Internal Server Error", b"oh no")).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(failed(&exchange, ErrorKind::Status).contains("500"));
    assert_eq!(exchange.outcome.status_code, Some(500));
    assert_eq!(exchange.body, b"oh no");
}

#[tokio::test]
async fn retry_after_is_read() {
    let answer = "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(answer).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert_eq!(exchange.outcome.retry_after, Some(TimeDelta::seconds(120)));
}

#[tokio::test]
async fn a_retry_after_that_is_a_date_counts_from_the_request_where_nothing_else_is_known() {
    let answer = "HTTP/1.1 503 Busy\r\nRetry-After: Thu, 01 Jan 1970 00:10:00 GMT\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(answer).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert_eq!(exchange.outcome.retry_after, Some(TimeDelta::seconds(600)));
}

#[tokio::test]
async fn headers_that_never_come_run_into_the_deadline() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(b"HTTP/1.1 200 ").await;
        std::future::pending::<()>().await;
    })
    .await;
    let url = receiver.url();
    let exchange = client().send(egress::Request { timeout: SHORT, ..request(&url) }).await;
    let message = failed(&exchange, ErrorKind::Timeout);
    assert!(message.contains(&receiver.address.to_string()), "{message}");
    assert!(message.contains("0.3 s"), "{message}");
    assert_eq!(exchange.outcome.status_code, None);
}

#[tokio::test]
async fn a_dripping_body_runs_into_the_deadline_of_the_whole_exchange() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n").await;
        let mut drip = tokio::time::interval(Duration::from_millis(10));
        while connection.stream.write_all(b"x").await.is_ok() {
            drip.tick().await;
        }
    })
    .await;
    let url = receiver.url();
    let exchange = client().send(egress::Request { timeout: SHORT, ..request(&url) }).await;
    let message = failed(&exchange, ErrorKind::Timeout);
    assert!(message.contains("status 200"), "{message}");
    assert_eq!(exchange.outcome.status_code, Some(200));
    assert!(exchange.body.starts_with(b"x"));
}

#[tokio::test]
async fn over_long_response_is_cut_and_marked_truncated() {
    let body = vec![b'x'; 4 * 1024 * 1024];
    let receiver = Receiver::answering(sized("200 OK", &body)).await;
    let client = client();
    for _ in 0..2 {
        let exchange = send(&client, &receiver.url()).await;
        assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
        assert!(exchange.truncated);
        assert_eq!(exchange.body, body[..RESPONSE_BODY_BYTES_MAX]);
    }
    assert_eq!((receiver.connections(), receiver.requests()), (1, 2));
}

#[tokio::test]
async fn an_endless_response_runs_into_the_deadline_and_keeps_its_beginning() {
    let (gone, mut closed) = mpsc::unbounded_channel();
    let receiver = Receiver::start(move |mut connection| {
        let gone = gone.clone();
        async move {
            connection.request().await.unwrap();
            connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n").await;
            while connection.stream.write_all(&[b'x'; 4096]).await.is_ok() {}
            gone.send(()).unwrap();
        }
    })
    .await;
    let url = receiver.url();
    let exchange = client().send(egress::Request { timeout: SHORT, ..request(&url) }).await;
    let message = failed(&exchange, ErrorKind::Timeout);
    assert!(message.contains("status 200"), "{message}");
    assert_eq!(exchange.outcome.status_code, Some(200));
    assert!(exchange.truncated);
    assert_eq!(exchange.body, vec![b'x'; RESPONSE_BODY_BYTES_MAX]);
    timeout(PLENTY, closed.recv()).await.expect("the rest is not read for ever");
}

#[tokio::test]
async fn a_body_that_does_not_end_after_what_is_kept_is_no_success() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n").await;
        connection.answer(&vec![b'x'; RESPONSE_BODY_BYTES_MAX + 1]).await;
        std::future::pending::<()>().await;
    })
    .await;
    let url = receiver.url();
    let exchange = client().send(egress::Request { timeout: SHORT, ..request(&url) }).await;
    let message = failed(&exchange, ErrorKind::Timeout);
    assert!(message.contains("16385 bytes"), "{message}");
    assert!(exchange.truncated);
    assert_eq!(exchange.body.len(), RESPONSE_BODY_BYTES_MAX);
}

#[tokio::test]
async fn a_body_that_breaks_off_after_what_is_kept_is_no_success() {
    let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n".to_vec();
    answer.extend(vec![b'x'; RESPONSE_BODY_BYTES_MAX + 1]);
    let receiver = Receiver::answering_and_closing(answer).await;
    let exchange = send(&client(), &receiver.url()).await;
    let message = failed(&exchange, ErrorKind::Body);
    assert!(message.contains("broke off after 16385 bytes"), "{message}");
    assert_eq!(exchange.outcome.status_code, Some(200));
    assert!(exchange.truncated);
    assert_eq!(exchange.body.len(), RESPONSE_BODY_BYTES_MAX);
}

#[tokio::test]
async fn a_body_of_just_the_limit_is_whole() {
    let body = vec![b'x'; RESPONSE_BODY_BYTES_MAX];
    let receiver = Receiver::answering(sized("200 OK", &body)).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(!exchange.truncated);
    assert_eq!(exchange.body, body);
}

#[tokio::test]
async fn a_slightly_over_long_response_leaves_its_connection_usable() {
    let body = vec![b'x'; RESPONSE_BODY_BYTES_MAX + 10_000];
    let receiver = Receiver::answering(sized("200 OK", &body)).await;
    let client = client();
    for _ in 0..3 {
        let exchange = send(&client, &receiver.url()).await;
        assert!(exchange.truncated && exchange.outcome.is_success());
    }
    assert_eq!((receiver.connections(), receiver.requests()), (1, 3));
}

#[tokio::test]
async fn a_body_that_breaks_off_is_a_failure_that_keeps_its_status() {
    let broken = [
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nonly this\r\nzz\r\n",
    ];
    for answer in broken {
        let receiver = Receiver::answering_and_closing(answer).await;
        let exchange = send(&client(), &receiver.url()).await;
        let message = failed(&exchange, ErrorKind::Body);
        assert!(message.contains("broke off after 9 bytes"), "{message}");
        assert_eq!(exchange.outcome.status_code, Some(200));
        assert_eq!(exchange.body, b"only this");
    }
}

#[tokio::test]
async fn a_connection_reset_in_the_body_is_a_failure_that_keeps_its_status() {
    let receiver = Receiver::start(|mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly").await;
        connection.stream.set_zero_linger().unwrap();
    })
    .await;
    let exchange = send(&client(), &receiver.url()).await;
    // The reset may overtake the head: then there was no answer.
    let kind = match exchange.outcome.status_code {
        Some(status) => (status == 200).then_some(ErrorKind::Body).expect("the status was 200"),
        None => ErrorKind::Connect,
    };
    failed(&exchange, kind);
}

#[tokio::test]
async fn a_nul_byte_in_a_response_is_kept() {
    let receiver = Receiver::answering(sized("200 OK", b"a\0b\xff\xfe\xc3")).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(exchange.outcome.is_success());
    assert_eq!(exchange.body, b"a\0b\xff\xfe\xc3");
}

#[tokio::test]
async fn strange_response_headers_are_kept_or_left_out_but_never_the_end() {
    let answer = b"HTTP/1.1 200 Gr\xc3\xbc\xc3\x9f\r\nX-Name: J\xfcrgen \xe2\x82\xac\r\nX Bad: 1\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(*answer).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
    assert!(exchange.headers.contains(&("x-name".into(), b"J\xfcrgen \xe2\x82\xac".to_vec())));
}

#[tokio::test]
async fn a_nul_byte_in_a_response_header_is_a_failure_and_no_panic() {
    let answer = "HTTP/1.1 200 OK\r\nX-Nul: a\0b\r\nContent-Length: 0\r\n\r\n";
    let receiver = Receiver::answering(answer).await;
    failed(&send(&client(), &receiver.url()).await, ErrorKind::Body);
}

#[tokio::test]
async fn response_headers_are_cut_at_their_limit() {
    let value = "v".repeat(1000);
    let many: String = (10..60).map(|n| format!("X-Header-{n}: {value}\r\n")).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{many}\r\n");
    let receiver = Receiver::answering(answer).await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(exchange.outcome.is_success());
    let kept: usize = exchange.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
    assert_eq!(kept, RESPONSE_HEADERS_BYTES_MAX);
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_body_failure() {
    let receiver = Receiver::answering_and_closing("220 mail.test ESMTP ready\r\n\r\n").await;
    let exchange = send(&client(), &receiver.url()).await;
    assert!(failed(&exchange, ErrorKind::Body).contains("not HTTP"));
}

#[tokio::test]
async fn headers_that_cannot_be_sent_are_a_failure_and_no_panic() {
    let receiver = Receiver::answering(sized("200 OK", b"")).await;
    let url = receiver.url();
    for (name, value) in [("x-a", "ü"), ("x-a", "a\r\nb: c"), ("bad name", "v"), ("", "v")] {
        let headers = Headers::from_iter([(name.to_owned(), value.to_owned())]);
        let exchange = client().send(egress::Request { headers, ..request(&url) }).await;
        failed(&exchange, ErrorKind::Other);
    }
    assert_eq!(receiver.connections(), 0);
}
