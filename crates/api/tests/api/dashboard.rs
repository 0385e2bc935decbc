//! The dashboard's page and files: who gets them, in which form, under which headers; and what stands
//! there where it was not built.

use rust_embed::RustEmbed;
use testkit::api::Answer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{App, problem};

#[derive(RustEmbed)]
#[folder = "tests/fixtures/dashboard"]
struct Small;

#[derive(RustEmbed)]
#[folder = "tests/fixtures/never-built"]
#[allow_missing = true]
struct NeverBuilt;

const SCRIPT: &str = "/assets/index-Ab3_x-9Z.js";
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn app() -> App {
    App::changed(|config| config.dashboard = api::Dashboard::of::<Small>()).await
}

async fn send(app: &App, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
    let url = format!("{}{path}", app.base());
    app.api.send_to(&url, method, headers, Vec::new()).await.unwrap()
}

/// As a browser that goes to a page.
async fn visit(app: &App, path: &str) -> Answer {
    send(app, "GET", path, &[("accept", BROWSER), ("accept-encoding", "gzip, deflate, br")]).await
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("tests/fixtures/dashboard/{name}")).unwrap()
}

#[tokio::test]
async fn a_file_comes_in_the_form_that_is_liked_best_and_is_kept_for_a_year() {
    let app = app().await;
    let all = send(&app, "GET", SCRIPT, &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
    assert_eq!((all.status, all.header("content-encoding")), (200, "br"));
    assert_eq!(all.body, file("assets/index-Ab3_x-9Z.js.br"));
    assert_eq!(all.header("content-type"), "text/javascript; charset=utf-8");
    assert_eq!(all.header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(all.header("vary"), "Accept-Encoding");
    assert_eq!(all.header("x-content-type-options"), "nosniff");
    let gzip = send(&app, "GET", SCRIPT, &[("accept-encoding", "gzip, br;q=0.1")]).await;
    assert_eq!(gzip.header("content-encoding"), "gzip");
    assert_eq!(gzip.body, file("assets/index-Ab3_x-9Z.js.gz"));
    let plain = send(&app, "GET", SCRIPT, &[]).await;
    assert_eq!((plain.status, plain.header("content-encoding")), (200, ""));
    assert_eq!(plain.body, "document.title = \"Hookferry\";\n".repeat(20));
    let tags = [&all, &gzip, &plain].map(|answer| answer.header("etag").to_owned());
    assert!(
        tags.iter().all(|tag| tag.starts_with('"')) && tags[0] != tags[1] && tags[1] != tags[2]
    );
    let head = send(&app, "HEAD", SCRIPT, &[("accept-encoding", "br")]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), all.body.len().to_string());
    assert_eq!(head.header("etag"), tags[0]);
    let icon = visit(&app, "/favicon.svg").await;
    assert_eq!((icon.status, icon.header("content-type")), (200, "image/svg+xml"));
    assert_eq!(icon.header("cache-control"), "no-cache");
}

#[tokio::test]
async fn what_somebody_has_is_not_sent_again() {
    let app = app().await;
    let page = visit(&app, "/").await;
    let tag = page.header("etag").to_owned();
    let weak = format!("\"other\", W/{tag}");
    for known in [tag.as_str(), weak.as_str(), "*"] {
        let headers = [("accept-encoding", "br"), ("if-none-match", known)];
        let again = send(&app, "GET", "/", &headers).await;
        assert_eq!((again.status, again.body.len()), (304, 0), "{known}");
        assert_eq!(again.header("etag"), tag);
        assert_eq!(again.header("cache-control"), "no-cache");
        assert_eq!(again.header("vary"), "Accept, Accept-Encoding");
    }
    for unknown in ["\"other\"", "nonsense"] {
        let again = send(&app, "GET", "/", &[("if-none-match", unknown)]).await;
        assert_eq!(again.status, 200, "{unknown}");
    }
    let other_form = send(&app, "GET", "/", &[("if-none-match", &tag)]).await;
    assert_eq!((other_form.status, other_form.header("content-encoding")), (200, ""));
}

#[tokio::test]
async fn every_address_of_the_pages_gets_the_page_and_may_load_nothing_else() {
    let app = app().await;
    for path in [
        "/",
        "/login",
        "/signup",
        "/webhooks",
        "/webhooks/ep_1/deliveries",
        "/events?q=a%2Fb",
        "/inbox",
        "/deliveries/dlv_1",
        "/event-types/a.b",
        "/webhooks/crm%2Feu",
        "/index.html",
    ] {
        let page = visit(&app, path).await;
        assert_eq!(
            (page.status, page.body.as_ref()),
            (200, file("index.html.br").as_slice()),
            "{path}"
        );
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!(page.header("cache-control"), "no-cache", "{path}");
        assert_eq!(page.header("referrer-policy"), "same-origin", "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; "), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
    // At the root it comes whatever is asked for.
    assert_eq!(send(&app, "GET", "/", &[("accept", "*/*")]).await.status, 200);
    let head = send(&app, "HEAD", "/webhooks", &[("accept", BROWSER)]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[tokio::test]
async fn what_is_no_page_is_not_found_as_ever() {
    let app = app().await;
    for path in [
        "/api/v1/nothing",
        "/api/nothing",
        "/assets/gone-1a2b3c4d.js",
        "/assets/",
        "/assets/index.html",
        "/inbox/nobodys",
        "/in/cmp_1/src_1",
        "/docs/nothing",
        "/metrics/nothing",
        "/healthz/x",
        "/notification-addresses/x",
    ] {
        problem(&visit(&app, path).await, 404, "not_found", None);
    }
    for accept in ["*/*", "application/json", "text/html;q=0, */*", "image/avif,image/webp"] {
        let answer = send(&app, "GET", "/webhooks", &[("accept", accept)]).await;
        problem(&answer, 404, "not_found", None);
    }
    problem(&send(&app, "GET", "/webhooks", &[]).await, 404, "not_found", None);
    problem(&send(&app, "POST", "/webhooks", &[("accept", BROWSER)]).await, 404, "not_found", None);
    for path in ["/", SCRIPT] {
        let refused = send(&app, "POST", path, &[("accept", BROWSER)]).await;
        problem(&refused, 405, "method_not_allowed", None);
        assert_eq!(refused.header("allow"), "GET, HEAD");
    }
}

/// A request exactly as it is written here: clients would tidy up the path.
async fn raw_status(app: &App, path: &str) -> String {
    let address = app.base().strip_prefix("http://").unwrap();
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).split(' ').nth(1).unwrap_or_default().to_owned()
}

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let app = app().await;
    assert_eq!(raw_status(&app, "/favicon.svg").await, "200");
    // A file that is there, with a form beside it that would be sent.
    for path in [
        "/assets/../favicon.svg",
        "/assets/..%2ffavicon.svg",
        "/assets/%2e%2e/favicon.svg",
        "/assets/..\\favicon.svg",
        "/../dashboard/favicon.svg",
        "/./favicon.svg",
        "//favicon.svg",
        "/assets//index-Ab3_x-9Z.js",
        "/assets/../../../../Cargo.toml",
        "/favicon.svg/",
        "/favicon.svg.gz",
        "/favicon%2esvg",
        "/assets/%00",
        "/../../../../../../etc/passwd",
    ] {
        let status = raw_status(&app, path).await;
        assert!(["400", "404"].contains(&status.as_str()), "{path} answered {status}");
    }
}

#[tokio::test]
async fn where_it_was_not_built_every_page_says_how_to_build_it() {
    let never = api::Dashboard::of::<NeverBuilt>();
    let app = App::changed(|config| config.dashboard = never).await;
    for path in ["/", "/webhooks/ep_1"] {
        let page = visit(&app, path).await;
        let text = String::from_utf8_lossy(&page.body);
        assert_eq!((page.status, page.header("cache-control")), (200, "no-cache"));
        assert!(text.contains("npm run build") && text.contains("href=\"/docs/\""), "{text}");
    }
    problem(&visit(&app, SCRIPT).await, 404, "not_found", None);
    problem(&send(&app, "GET", "/webhooks", &[]).await, 404, "not_found", None);
}
