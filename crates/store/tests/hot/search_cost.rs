//! What the index costs and brings, over many rows: `cargo test … search_cost -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use domain::delivery::DeliveryState;
use store::{DeliveryFilter, EventFilter, SearchStep, SearchWalk, StatusWanted};

use crate::search::crowd;
use crate::setup::{Setup, now, page};

const EVENTS: i64 = 500_000;

mod measured {
    #[tokio::test]
    #[ignore = "takes minutes, and only measures"]
    async fn sqlite() {
        super::cost(crate::setup::Setup::sqlite().await).await;
    }
    #[tokio::test]
    #[ignore = "takes minutes, and only measures"]
    async fn postgres() {
        super::cost(crate::setup::Setup::postgres().await).await;
    }
}

async fn cost(s: Setup) {
    let endpoint = s.endpoint().await.id;
    s.event(1, "message.received", "rare", None).await;
    s.finished(1, endpoint, 2, 1, Some(503)).await;
    crowd(&s, endpoint, EVENTS).await;
    s.sql("UPDATE events SET subject = 'c' || id WHERE subject = 'common'", vec![]).await;
    s.store.set_query_time_max(Duration::from_secs(300));
    ask(&s, "before").await;
    let (mut walk, soon) = (SearchWalk::default(), now() + chrono::TimeDelta::seconds(31));
    let (began, mut rows) = (Instant::now(), 0);
    loop {
        match s.store.walk_search(&mut walk, soon).await.unwrap() {
            SearchStep::Walked(walked) => rows += walked,
            SearchStep::Next => {}
            SearchStep::Rest if walk.is_waiting() => tokio::task::yield_now().await,
            SearchStep::Rest => break,
        }
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / EVENTS as f64;
    println!("walk: {:?}, {rows} rows, {each:.1} us a delivery", began.elapsed());
    println!(
        "slices {}, terms {}",
        s.count("FROM search_slices").await,
        s.count("FROM search_terms").await
    );
    ask(&s, "after").await;
}

async fn ask(s: &Setup, when: &str) {
    let none = DeliveryFilter::default;
    for (name, filter) in [
        ("subject", DeliveryFilter { subject: Some("rare".into()), ..none() }),
        ("status", DeliveryFilter { status: Some(StatusWanted::Code(503)), ..none() }),
        ("state", DeliveryFilter { state: Some(DeliveryState::Exhausted), ..none() }),
        ("external", DeliveryFilter { external_id: Some("wamid.1".into()), ..none() }),
        ("none", none()),
    ] {
        let began = Instant::now();
        let found = s.store.deliveries(s.company, filter, page(50, None)).await.unwrap();
        println!("{when} deliveries by {name}: {:?}, {} rows", began.elapsed(), found.data.len());
    }
    let filter = EventFilter { subject: Some("rare".into()), ..EventFilter::default() };
    let began = Instant::now();
    let found = s.store.events(s.company, filter, page(50, None)).await.unwrap();
    println!("{when} events by subject: {:?}, {} rows", began.elapsed(), found.data.len());
}
