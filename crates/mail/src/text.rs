//! What mails say. The words of each kind are one template; two frames make plain text and HTML of
//! them. All values are cleaned here and escaped by the HTML frame.

use std::sync::LazyLock;

use chrono::{DateTime, TimeDelta, Utc};
use domain::notice::NoticeKind;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use store::{
    CompanyMail, MailContent, MailFacts, MailRecord, MailWords, MailWriter, OutgoingMail,
    TestMailFacts, WAITING_COUNT_MAX,
};
use url::Url;

use crate::{Config, account};

/// The most letters of one value.
const VALUE_CHARS_MAX: usize = 300;

/// The most letters of the company's name in a subject.
const SUBJECT_NAME_CHARS_MAX: usize = 60;

/// A mail's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as an HTML page.
    pub html: String,
}

static TEMPLATES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    templates.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .expect("the syntax is the usual one"),
    );
    for (name, source) in [
        ("warning.txt", include_str!("templates/warning.txt")),
        ("defective.txt", include_str!("templates/defective.txt")),
        ("recovered.txt", include_str!("templates/recovered.txt")),
        ("disabled.txt", include_str!("templates/disabled.txt")),
        ("account.txt", include_str!("templates/account.txt")),
        ("account.html", include_str!("templates/account.html")),
        ("test.txt", include_str!("templates/test.txt")),
        ("frame.txt", include_str!("templates/frame.txt")),
        ("frame.html", include_str!("templates/frame.html")),
    ] {
        templates.add_template(name, source).expect("every template is rendered by a test");
    }
    templates
});

/// What the words of a kind are made of.
#[derive(Serialize)]
struct Words {
    failures: String,
    defective_after: String,
    waiting: u32,
    waiting_text: String,
    give_up_after: String,
    happened_at: String,
}

/// What the frames are made of.
#[derive(Serialize)]
struct Frame<'a> {
    subject: &'a str,
    paragraphs: Vec<Paragraph<'a>>,
    rows: Vec<Row>,
    link: Option<String>,
    footer: String,
    stop: Option<String>,
}

/// What the words of a test mail are made of.
#[derive(Serialize)]
struct TestWords {
    asked_by: String,
    asked_at: String,
    company: String,
}

#[derive(Serialize)]
struct Paragraph<'a> {
    heading: Option<&'a str>,
    text: &'a str,
}

#[derive(Serialize)]
struct Row {
    label: &'static str,
    value: String,
}

/// Writes a mail's words from the facts frozen in its row.
pub fn render(mail: &OutgoingMail, config: &Config) -> Rendered {
    let public_url = config.public_url.as_ref();
    match &mail.content {
        MailContent::Company(content) => {
            let reader = match &mail.stop {
                Some(token) => Reader::Added { stop: stop_link(public_url, token) },
                None => Reader::Member,
            };
            render_content(content, reader, public_url)
        }
        MailContent::Account(mail) => account::render(mail, public_url),
    }
}

/// Writes the words of mails for whoever shows them: as they go out, but for what lets their reader
/// stop them.
#[derive(Debug)]
pub struct Writer {
    public_url: Option<Url>,
}

impl Writer {
    /// With links to this installation, where it is known where it is.
    pub fn new(public_url: Option<Url>) -> Self {
        Self { public_url }
    }
}

impl MailWriter for Writer {
    fn words(&self, mail: &MailRecord) -> MailWords {
        let reader = if mail.is_to_member { Reader::Member } else { Reader::Added { stop: None } };
        let Rendered { subject, text, html: _ } =
            render_content(&mail.content, reader, self.public_url.as_ref());
        MailWords { subject, text }
    }
}

/// Who reads a mail.
enum Reader {
    /// A member of the company.
    Member,
    /// Somebody whose address was added.
    Added {
        /// Where they can stop it.
        stop: Option<String>,
    },
}

/// Where whoever reads an added address can stop its mails.
pub(crate) fn stop_link(public_url: Option<&Url>, token: &str) -> Option<String> {
    public_url.map(|base| path_link(base, &["notification-addresses", "stop", token]))
}

fn footer(company: &str, reader: &Reader) -> String {
    match reader {
        Reader::Member => format!("You get this mail as a member of {company} in Hookferry."),
        Reader::Added { stop: Some(_) } => {
            format!("You get this mail because {company} added your address in Hookferry.")
        }
        Reader::Added { stop: None } => format!(
            "You get this mail because {company} added your address in Hookferry; ask them to take \
             it out if you want no more."
        ),
    }
}

fn render_content(content: &CompanyMail, reader: Reader, public_url: Option<&Url>) -> Rendered {
    match content {
        CompanyMail::Endpoint { kind, facts } => render_notice(*kind, facts, reader, public_url),
        CompanyMail::Test(facts) => render_test(facts, reader),
    }
}

fn render_test(facts: &TestMailFacts, reader: Reader) -> Rendered {
    let company = clean(&facts.company_name, VALUE_CHARS_MAX);
    let words = TestWords {
        asked_by: clean(facts.asked_by.as_deref().unwrap_or_default(), VALUE_CHARS_MAX),
        asked_at: moment(facts.asked_at),
        company: company.clone(),
    };
    let subject_name = clean(&facts.company_name, SUBJECT_NAME_CHARS_MAX);
    let subject = format!("[{subject_name}] Test mail");
    let words = fill("test.txt", &words);
    frame(subject, &words, Vec::new(), None, (&company, reader))
}

fn render_notice(
    kind: NoticeKind,
    facts: &MailFacts,
    reader: Reader,
    public_url: Option<&Url>,
) -> Rendered {
    let company = clean(&facts.company_name, VALUE_CHARS_MAX);
    let words = fill(template_of(kind), &words(facts));
    // Only members find anything there.
    let link = match reader {
        Reader::Member => {
            public_url.map(|base| path_link(base, &["endpoints", &facts.endpoint_id]))
        }
        Reader::Added { .. } => None,
    };
    frame(subject(kind, facts), &words, rows(kind, facts), link, (&company, reader))
}

fn frame(
    subject: String,
    words: &str,
    rows: Vec<Row>,
    link: Option<String>,
    (company, reader): (&str, Reader),
) -> Rendered {
    let footer = footer(company, &reader);
    let stop = match reader {
        Reader::Member => None,
        Reader::Added { stop } => stop,
    };
    let frame = Frame {
        subject: &subject,
        paragraphs: words.split("\n\n").map(paragraph).collect(),
        rows,
        link,
        footer,
        stop,
    };
    let (text, html) = (fill("frame.txt", &frame), fill("frame.html", &frame));
    Rendered { subject, text, html }
}

pub(crate) fn fill(name: &str, values: &impl Serialize) -> String {
    let template = TEMPLATES.get_template(name).expect("the names are constants of this file");
    template.render(Serde(values)).expect("templates read only what their values always hold")
}

const fn template_of(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Warning => "warning.txt",
        NoticeKind::Defective => "defective.txt",
        NoticeKind::Recovered => "recovered.txt",
        NoticeKind::DisabledByGone => "disabled.txt",
    }
}

fn subject(kind: NoticeKind, facts: &MailFacts) -> String {
    let what = match kind {
        NoticeKind::Warning => "Webhook failing",
        NoticeKind::Defective => "Webhook Defective",
        NoticeKind::Recovered => "Webhook works again",
        NoticeKind::DisabledByGone => "Webhook disabled",
    };
    let company = clean(&facts.company_name, SUBJECT_NAME_CHARS_MAX);
    let host = Url::parse(&facts.endpoint_url)
        .ok()
        .and_then(|url| url.host_str().map(String::from))
        .unwrap_or_else(|| facts.endpoint_id.clone());
    format!("[{company}] {what}: {}", clean(&host, VALUE_CHARS_MAX))
}

fn words(facts: &MailFacts) -> Words {
    Words {
        failures: thousands(facts.failures),
        defective_after: thousands(facts.defective_after),
        waiting: facts.waiting,
        waiting_text: waiting(facts.waiting),
        give_up_after: span(TimeDelta::seconds(facts.give_up_after_s)),
        happened_at: moment(facts.happened_at),
    }
}

/// The table below the words: which endpoint, what it said last, since when, how many wait.
fn rows(kind: NoticeKind, facts: &MailFacts) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut row = |label, value: String| rows.push(Row { label, value });
    let name = clean(&facts.endpoint_description, VALUE_CHARS_MAX);
    if !name.is_empty() {
        row("Webhook", name);
    }
    row("URL", clean(&bare_url(&facts.endpoint_url), VALUE_CHARS_MAX));
    row("Id", clean(&facts.endpoint_id, VALUE_CHARS_MAX));
    let (since_label, failures_label) = match kind {
        NoticeKind::Recovered => ("Had failed since", "Failures before"),
        NoticeKind::Warning | NoticeKind::Defective | NoticeKind::DisabledByGone => {
            ("Failing since", "Failures in a row")
        }
    };
    if let Some(since) = facts.failing_since {
        row(since_label, moment(since));
    }
    if facts.failures > 0 {
        row(failures_label, thousands(facts.failures));
    }
    if let Some(status) = facts.last_status {
        row("Last status", status_text(status));
    }
    if let Some(error) = &facts.last_error {
        row("Last error", clean(error, VALUE_CHARS_MAX));
    }
    row("Waiting", waiting(facts.waiting));
    rows
}

fn paragraph(text: &str) -> Paragraph<'_> {
    let text = text.trim();
    let heading = ["What happens now", "What to do"]
        .into_iter()
        .find(|heading| text.strip_prefix(heading).is_some_and(|rest| rest.starts_with(':')));
    let text = heading.map_or(text, |heading| text[heading.len() + 1..].trim_start());
    Paragraph { heading, text }
}

/// One line without control characters and without those that turn the reading direction around.
pub(crate) fn clean(text: &str, chars_max: usize) -> String {
    let harmless = |letter: char| {
        let turns = matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let breaks = matches!(letter, '\u{2028}' | '\u{2029}');
        if letter.is_control() || turns || breaks { ' ' } else { letter }
    };
    let text: String = text.chars().map(harmless).collect();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= chars_max {
        return text;
    }
    text.chars().take(chars_max - 1).chain(['…']).collect()
}

/// The URL without query, fragment and credentials, which may be secrets.
fn bare_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else { return "(not shown)".into() };
    url.set_query(None);
    url.set_fragment(None);
    if url.set_username("").is_err() || url.set_password(None).is_err() {
        return "(not shown)".into();
    }
    url.into()
}

/// A page of this installation.
pub(crate) fn path_link(public_url: &Url, segments: &[&str]) -> String {
    let mut url = public_url.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url.into()
}

fn status_text(status: u16) -> String {
    let reason = http::StatusCode::from_u16(status).ok().and_then(|code| code.canonical_reason());
    reason.map_or_else(|| status.to_string(), |reason| format!("{status} {reason}"))
}

fn waiting(count: u32) -> String {
    match count {
        0 => "no deliveries".into(),
        1 => "1 delivery".into(),
        2..=WAITING_COUNT_MAX => format!("{} deliveries", thousands(count)),
        _ => format!("more than {} deliveries", thousands(WAITING_COUNT_MAX)),
    }
}

pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.format("%-d %b %Y, %H:%M UTC").to_string()
}

/// A span in its largest whole unit, so that 24 hours are not called a day where 36 are hours.
fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(0);
    let (unit_s, unit) = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")]
        .into_iter()
        .find(|(unit_s, _)| seconds >= *unit_s && seconds % unit_s == 0)
        .unwrap_or((1, "second"));
    let count = seconds / unit_s;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn thousands(count: u32) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
pub(crate) use tests::sample;

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
