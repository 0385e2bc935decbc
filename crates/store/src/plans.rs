//! Statements for the tests that keep their plans.

use domain::delivery::DeliveryState;
use domain::id::{CompanyId, EndpointId};
use domain::search::Needle;
use sea_orm::{
    ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryTrait, Statement, Value,
};

use crate::audit_read::step_query;
use crate::claim::DUE_LANES;
use crate::compiled_rows::ENDPOINTS;
use crate::contact_rows::LOCK_CONTACTS_POSTGRES;
use crate::delivery_list::{asks_for_events, conditions};
use crate::endpoints::page_of;
use crate::entity::endpoint;
use crate::events::event_conditions;
use crate::exhausted::LAST_WORDS_POSTGRES;
use crate::ingest_keys::KEYS_POSTGRES;
use crate::ingest_pending::{WHOLE_PARAMETERS, WHOLE_POSTGRES};
use crate::ingest_straight::STRAIGHT_POSTGRES;
use crate::ingest_straight_said::{SAID_PARAMETERS, SAID_POSTGRES, SEEN_PARAMETERS, SEEN_POSTGRES};
use crate::lines_sql::{ADVANCE, DEMOTE, DISSOLVE, LOCK, STANDING};
use crate::old_keys::FORGET_POSTGRES;
use crate::partitions::STRAYS_POSTGRES;
use crate::readings::OLDEST_DUE;
use crate::search::blocks::{Block, slices_sql};
use crate::search::feed::FEED_POSTGRES;
use crate::search::finished::history_sql;
use crate::search::look::{Look, Table, Target};
use crate::search::terms::EventParts;
use crate::search::walk_read::jobs_sql;
use crate::session_rows::{DUE_POSTGRES, LOCK_WINDOWS_POSTGRES, OF_CONTACTS_POSTGRES};
use crate::sessions_glance::GLANCE_POSTGRES;
use crate::settle_history::{FINISH_POSTGRES, RETRY_POSTGRES};
use crate::settle_rows::CLAIMS_POSTGRES;
use crate::settle_straight as straight;
use crate::stats_endpoints::{answers_sql, points_sql};
use crate::stats_read::stats_sql;
use crate::traffic::OTHERS_POSTGRES;
use crate::upkeep::{EXPIRED, OF_DELETED};
use crate::upkeep_age_rows::TAKE_POSTGRES;
use crate::waiting::{FIRST_DUE, UNCLAIMED, waiting_sql};
use crate::{AuditFilter, DeliveryFilter, EventFilter, PageRequest};
use crate::{claim_postgres as claim, claim_sqlite};

/// What each statement is for, the statement, and how many parameters it has.
pub const HOT: [(&str, &str, usize); 33] = [
    ("due_lanes", DUE_LANES, 3),
    ("claim", claim::OLDEST, 3),
    ("claim_newest", claim::NEWEST, 3),
    ("claim_take", claim::TAKE, 3),
    ("lock_lanes", claim::LOCK_LANES, 2),
    ("next_due", claim::NEXT_DUE, 3),
    ("put_off", claim::PUT_OFF, 4),
    ("settle_claims", CLAIMS_POSTGRES, 3),
    ("retry", RETRY_POSTGRES, 4),
    ("keys", KEYS_POSTGRES, 10),
    ("forget_keys", FORGET_POSTGRES, 3),
    ("straight", STRAIGHT_POSTGRES, 31),
    ("straight_said", SAID_POSTGRES, SAID_PARAMETERS),
    ("straight_seen", SEEN_POSTGRES, SEEN_PARAMETERS),
    ("glance", GLANCE_POSTGRES, 4),
    ("fresh_whole", WHOLE_POSTGRES, WHOLE_PARAMETERS),
    ("finish", FINISH_POSTGRES, 20),
    ("give_up", TAKE_POSTGRES, 4),
    ("of_deleted", OF_DELETED.postgres, 3),
    ("held_by_others", OTHERS_POSTGRES, 2),
    ("strays", STRAYS_POSTGRES, 1),
    ("last_words", LAST_WORDS_POSTGRES, 4),
    ("oldest_due", OLDEST_DUE, 1),
    ("lock_lines", LOCK.postgres, 2),
    ("lines_standing", STANDING.postgres, 2),
    ("lines_advance", ADVANCE.postgres, 2),
    ("lines_demote", DEMOTE.postgres, 2),
    ("lines_dissolve", DISSOLVE.postgres, 2),
    ("search_feed", FEED_POSTGRES, 3),
    ("lock_contacts", LOCK_CONTACTS_POSTGRES, 4),
    ("lock_windows", LOCK_WINDOWS_POSTGRES, 3),
    ("windows_of_contacts", OF_CONTACTS_POSTGRES, 2),
    ("sessions_due", DUE_POSTGRES, 2),
];

/// The same of the statement that is made when it is first needed.
pub fn settle_straight() -> (&'static str, &'static str, usize) {
    ("settle_straight", straight::STRAIGHT_POSTGRES.as_str(), straight::STRAIGHT_PARAMETERS)
}

/// Statements on SQLite that are asked every second or by every visitor, and must not go through all that
/// waits.
pub fn often_on_sqlite() -> [(&'static str, String); 9] {
    [
        ("claim", claim_sqlite::OLDEST.to_owned()),
        ("claim_newest", claim_sqlite::NEWEST.to_owned()),
        ("next_due", claim_sqlite::NEXT_DUE.to_owned()),
        ("expired", EXPIRED.to_owned()),
        ("of_deleted", OF_DELETED.sqlite.to_owned()),
        ("oldest_due", OLDEST_DUE.to_owned()),
        ("waiting_of_company", waiting_sql(DatabaseBackend::Sqlite)),
        ("first_due", FIRST_DUE.to_owned()),
        ("unclaimed", UNCLAIMED.sqlite.to_owned()),
    ]
}

/// Statements about the endpoints of company 1 that must not read the ones that it has deleted.
pub fn live_endpoints(backend: DatabaseBackend) -> Vec<(&'static str, Statement)> {
    let page = PageRequest { limit: 50, before: None };
    let listed = page_of(backend, CompanyId::from_raw(1), page).build(backend);
    let all = endpoint::Entity::find()
        .filter(endpoint::Column::CompanyId.eq(1_i64))
        .filter(endpoint::Column::DeletedAt.is_null())
        .build(backend);
    // As the ORM counts.
    let counted = format!("SELECT COUNT(*) AS num_items FROM ({}) AS sub_query", all.sql);
    let of = |sql: &str, values: Vec<Value>| Statement::from_sql_and_values(backend, sql, values);
    let range = |others: &[i64]| -> Vec<Value> {
        [1, 0, i64::MAX].iter().chain(others).map(|value| Value::from(*value)).collect()
    };
    vec![
        ("compiled", of(ENDPOINTS, vec![1_i64.into()])),
        ("listed", listed),
        ("counted", Statement { sql: counted, ..all }),
        ("first_due", of(FIRST_DUE, range(&[]))),
        ("unclaimed", of(UNCLAIMED.on(backend), range(&[100]))),
    ]
}

/// The audit log of company 1 by one text, or by two; each with the index by which it is read.
pub fn audit_log(backend: DatabaseBackend) -> Vec<(&'static str, Statement)> {
    let text = || Some("x".to_owned());
    let (subject, actor) = (text(), text());
    let filters = [
        ("audit_log_action", AuditFilter { action: text(), ..AuditFilter::default() }),
        ("audit_log_actor", AuditFilter { actor, action: text(), ..AuditFilter::default() }),
        ("audit_log_subject", AuditFilter { subject, actor: text(), ..AuditFilter::default() }),
    ];
    let asked = |filter| step_query(CompanyId::from_raw(1), &filter, i64::MAX, 50).build(backend);
    filters.map(|(index, filter)| (index, asked(filter))).into()
}

/// What the walk asks of jobs, which is not for PostgreSQL.
pub fn jobs_on_sqlite() -> Statement {
    jobs_sql((1, 2)).build(DatabaseBackend::Sqlite)
}

/// How every connection has PostgreSQL plan, as statements for one transaction.
pub fn settings() -> String {
    crate::pools::PLANNER.map(|(name, value)| format!("SET LOCAL {name} = {value}; ")).concat()
}

/// What lists ask of the planner beside what every connection does.
pub fn list_settings() -> &'static str {
    crate::rows::page::LIST_PLANS
}

/// The rows that a list shows, and one more.
const PAGE: usize = 50;

/// The statements behind lists and stats on PostgreSQL, with values: of company 1, its endpoint 2 and
/// ids from the first to the last of a range.
pub fn lists((first, last): (i64, i64)) -> Vec<(String, Statement)> {
    let all = DeliveryFilter::default;
    let deliveries = [
        ("all", all()),
        ("endpoint", DeliveryFilter { endpoint: Some(EndpointId::from_raw(2)), ..all() }),
        ("pending", DeliveryFilter { state: Some(DeliveryState::Pending), ..all() }),
        ("exhausted", DeliveryFilter { state: Some(DeliveryState::Exhausted), ..all() }),
        ("subject", DeliveryFilter { subject: Some("c7".into()), ..all() }),
        ("typed", DeliveryFilter { needle: Some(typed()), ..all() }),
    ];
    let mut statements = Vec::new();
    for (name, filter) in deliveries {
        for table in [Table::Pending, Table::History] {
            let of = if table == Table::Pending { "waiting" } else { "history" };
            if let Some(conditions) = conditions(table, &filter) {
                let joins_events = asks_for_events(&filter);
                let target = Target { table, company: 1, conditions, joins_events };
                statements.extend(looks(&format!("{of}_{name}"), target, (first, last)));
            }
        }
    }
    for (name, needle) in [("all", None), ("typed", Some(typed()))] {
        let filter = EventFilter { needle, ..EventFilter::default() };
        let conditions = event_conditions("p", EventParts::of_events(&filter));
        let target = Target::of_events(1, conditions);
        statements.extend(looks(&format!("events_{name}"), target, (first, last)));
    }
    let postgres = DatabaseBackend::Postgres;
    let slices = slices_sql(1, (first, last), &[7]).build(postgres);
    statements.push(("slices".into(), slices));
    let history = history_sql(postgres, 1, (first, last), 1_000).build(postgres);
    statements.push(("history_to_index".into(), history));
    let values: [Value; 5] =
        [1_i64.into(), 2_i64.into(), 60_i64.into(), 0_i64.into(), i64::MAX.into()];
    let stats = Statement::from_sql_and_values(postgres, stats_sql(60_000_000), values);
    statements.push(("stats".into(), stats));
    let values: [Value; 1] = [1_i64.into()];
    let waiting = Statement::from_sql_and_values(postgres, waiting_sql(postgres), values);
    statements.push(("waiting_of_company".into(), waiting));
    let of_endpoints = [
        ("stats_points", points_sql(postgres, 3_600_000_000), &[60, 0, i64::MAX][..]),
        ("stats_answers", answers_sql(postgres), &[60, 0, i64::MAX]),
        ("first_due", FIRST_DUE.to_owned(), &[]),
        ("unclaimed", UNCLAIMED.on(postgres).to_owned(), &[100]),
    ];
    for (name, sql, others) in of_endpoints {
        let values = [1, 0, i64::MAX].iter().chain(others).map(|value| Value::from(*value));
        statements.push((name.into(), Statement::from_sql_and_values(postgres, sql, values)));
    }
    statements
}

fn typed() -> Needle {
    Needle::Text { subjects: vec!["c7".into()], external_id: "c7".into(), event_type: None }
}

/// How a list looks at a range, and at a few ids that the index has named.
fn looks(name: &str, target: Target, (first, last): (i64, i64)) -> [(String, Statement); 2] {
    let postgres = DatabaseBackend::Postgres;
    let look = Look::scan(target, (first, last + 1), PAGE);
    let some = [Block { first: last - 60, last }, Block { first, last: first + 60 }];
    let range = look.range_sql(postgres, Block { first, last }).build(postgres);
    let small = look.small_sql(postgres, &some).build(postgres);
    [(format!("{name}_range"), range), (format!("{name}_small"), small)]
}

/// The terms by which the bench's loader makes found what it loads past the program.
pub mod terms {
    use crate::search::terms;

    /// Of an event and of its deliveries.
    pub fn of_event(company: i64, event_type: &str, subject: &str) -> Vec<i64> {
        let facts = terms::EventFacts {
            company,
            event_type: event_type.to_owned(),
            source: 0,
            external_id: None,
            subject: Some(subject.to_owned()),
            phone_number_id: None,
        };
        facts.terms()
    }

    /// Of everything of a company.
    pub fn of_company(company: i64) -> i64 {
        terms::company_term(company)
    }

    /// Of a delivery to an endpoint.
    pub fn of_endpoint(company: i64, endpoint: i64) -> i64 {
        terms::of_endpoint(company, endpoint)
    }

    /// Of a delivery that ended in this state, with this status at last.
    pub fn of_end(company: i64, endpoint: i64, state: i64, status: i64) -> Vec<i64> {
        terms::EndFacts { company, endpoint, state, status: Some(status), error: None }.terms()
    }
}
