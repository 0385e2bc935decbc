//! Addresses that may not be dialled, however they are written or resolved.

use std::net::{IpAddr, Ipv4Addr};

use domain::outcome::ErrorKind;
use proptest::prelude::*;
use url::Url;

use crate::receiver::{Receiver, Script, client, client_allowing, failed, send};

const OK_AND_CLOSE: &[u8] = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

async fn check_refused(host: &str, named: &str) {
    let client = client_allowing(&[], Some(Script::new([Err("no names here".into())])));
    let url = Url::parse(&format!("http://{host}/hook?token=secret")).unwrap();
    let exchange = send(&client, &url).await;
    let message = failed(&exchange, ErrorKind::AddressForbidden);
    assert!(message.contains(named), "{host}: {message}");
    assert!(message.contains("HOOKFERRY_ALLOW_NETWORKS"), "{host}: {message}");
    assert_eq!(exchange.peer, None);
}

#[tokio::test]
async fn forbidden_addresses_are_refused_with_address_and_setting() {
    for (host, named) in [
        ("127.0.0.1", "127.0.0.1"),
        ("10.0.0.5", "10.0.0.5"),
        ("172.16.0.1", "172.16.0.1"),
        ("192.168.1.1", "192.168.1.1"),
        ("169.254.169.254", "169.254.169.254"),
        ("100.64.0.1", "100.64.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        ("255.255.255.255", "255.255.255.255"),
        ("[::1]", "::1"),
        ("[::]", "::"),
        ("[fd00::1]", "fd00::1"),
        ("[fe80::1]", "fe80::1"),
    ] {
        check_refused(host, named).await;
    }
}

#[tokio::test]
async fn other_ways_to_write_a_private_address_are_refused() {
    for (host, named) in [
        ("2130706433", "127.0.0.1"),
        ("0x7f.1", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("%31%32%37.0.0.1", "127.0.0.1"),
        ("１２７.0.0.1", "127.0.0.1"),
        ("[::ffff:127.0.0.1]", "127.0.0.1"),
        ("[::ffff:7f00:1]", "127.0.0.1"),
        ("[::127.0.0.1]", "::"),
        ("[64:ff9b::7f00:1]", "64:ff9b::"),
        ("[64:ff9b:1::a00:5]", "64:ff9b:1::"),
        ("[2002:7f00:1::]", "2002:7f00:1::"),
    ] {
        check_refused(host, named).await;
    }
}

proptest! {
    #[test]
    fn every_notation_of_a_private_address_is_refused(
        net in prop::sample::select(vec![[127, 0], [10, 0], [192, 168], [169, 254], [172, 20]]),
        low in any::<u16>(),
    ) {
        let [c, d] = low.to_be_bytes();
        let address = Ipv4Addr::new(net[0], net[1], c, d);
        let number = u32::from(address);
        let octets = address.octets();
        let named = address.to_string();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for host in [
                named.clone(),
                format!("{number}"),
                format!("{number:#x}"),
                format!("{:#o}", number).replace("0o", "0"),
                format!("{:#x}.0{:o}.{low}", octets[0], octets[1]),
                format!("[::ffff:{address}]"),
            ] {
                check_refused(&host, &named).await;
            }
        });
    }
}

#[tokio::test]
async fn an_allowed_network_is_dialled_and_no_other() {
    let receiver = Receiver::answering(OK_AND_CLOSE).await;
    let narrow = client_allowing(&["127.0.0.1/32"], None);
    assert!(send(&narrow, &receiver.url()).await.outcome.is_success());
    let exchange = send(&narrow, &receiver.url_of("127.0.0.2")).await;
    failed(&exchange, ErrorKind::AddressForbidden);
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn a_name_that_also_points_to_a_private_address_is_refused() {
    let receiver = Receiver::answering(OK_AND_CLOSE).await;
    for addresses in [["127.0.0.1", "10.0.0.5"], ["10.0.0.5", "127.0.0.1"]] {
        let names = Script::addresses([&addresses]);
        let client = client_allowing(&["127.0.0.1/32"], Some(names));
        let exchange = send(&client, &receiver.url_of("mixed.example.test")).await;
        let message = failed(&exchange, ErrorKind::AddressForbidden);
        for part in ["mixed.example.test", "10.0.0.5", "HOOKFERRY_ALLOW_NETWORKS"] {
            assert!(message.contains(part), "{message}");
        }
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn names_are_refused_for_tunnelled_addresses_too() {
    for address in ["::ffff:10.0.0.5", "64:ff9b::a00:5", "2002:a00:5::1", "::10.0.0.5"] {
        let client = client_allowing(&[], Some(Script::addresses([&[address]])));
        let url = Url::parse("https://tunnel.example.test/").unwrap();
        failed(&send(&client, &url).await, ErrorKind::AddressForbidden);
    }
}

#[tokio::test]
async fn rebinding_between_check_and_dial_reaches_nothing_private() {
    // 127.0.0.1 plays the public address, 127.0.0.2 the private one, on the same port.
    let public = Receiver::answering_and_closing(OK_AND_CLOSE).await;
    let beside = (Ipv4Addr::new(127, 0, 0, 2), public.address.port()).into();
    let private = Receiver::start_at(beside, |connection| async move { drop(connection) }).await;
    let names = Script::addresses([&["127.0.0.1"], &["127.0.0.2"]]);
    let client = client_allowing(&["127.0.0.1/32"], Some(names.clone()));
    let url = public.url_of("rebinding.example.test");

    let first = send(&client, &url).await;
    assert!(first.outcome.is_success(), "{:?}", first.outcome);
    assert_eq!(names.asked(), 1, "what was checked is dialled without asking again");
    let second = send(&client, &url).await;
    assert!(failed(&second, ErrorKind::AddressForbidden).contains("127.0.0.2"));
    assert_eq!((public.connections(), private.connections()), (1, 0));
}

#[tokio::test]
async fn each_dial_goes_to_the_address_that_was_checked_for_it() {
    let receiver = Receiver::start_at("0.0.0.0:0".parse().unwrap(), |mut connection| async move {
        connection.request().await.unwrap();
        connection.answer(OK_AND_CLOSE).await;
    })
    .await;
    let answers = ["127.0.0.1", "127.0.0.3", "127.0.0.1", "127.0.0.4"];
    let names = Script::addresses(answers.each_ref().map(std::slice::from_ref));
    let client = client_allowing(&["127.0.0.0/8"], Some(names.clone()));
    for (asked, address) in answers.iter().enumerate() {
        let exchange = send(&client, &receiver.url_of("moving.example.test")).await;
        assert!(exchange.outcome.is_success(), "{:?}", exchange.outcome);
        assert_eq!(exchange.peer.unwrap().ip(), address.parse::<IpAddr>().unwrap());
        assert_eq!(names.asked(), asked + 1);
    }
}

#[tokio::test]
async fn urls_that_are_not_for_a_receiver_are_refused() {
    for url in ["ftp://127.0.0.1/", "http://user:secret@127.0.0.1/", "file:///etc/passwd"] {
        failed(&send(&client(), &Url::parse(url).unwrap()).await, ErrorKind::Other);
    }
}
