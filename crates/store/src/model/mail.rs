//! Mails, as they are shown, and what their words are made of.

use chrono::{DateTime, Utc};
use domain::id::{EndpointId, MailId};
use domain::notice::NoticeKind;

/// A mail of a company as it is shown.
#[derive(Debug, Clone)]
pub struct MailRecord {
    /// Its id; the Message-ID is made of it.
    pub id: MailId,
    /// Which endpoint, where it is about one.
    pub endpoint: Option<EndpointId>,
    /// To whom.
    pub recipient: String,
    /// Whether that is a member's address; else it is one that was added.
    pub is_to_member: bool,
    /// What it says.
    pub content: CompanyMail,
    /// What became of it.
    pub state: MailState,
    /// How often sending was tried.
    pub tries: u32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// When it goes out.
    pub due_at: DateTime<Utc>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When the mail server took it.
    pub sent_at: Option<DateTime<Utc>>,
}

/// What a mail of a company says.
#[derive(Debug, Clone)]
pub enum CompanyMail {
    /// Something about an endpoint.
    Endpoint {
        /// Which kind.
        kind: NoticeKind,
        /// What its text is made of.
        facts: Box<MailFacts>,
    },
    /// That mails arrive.
    Test(TestMailFacts),
}

/// The kind of a test mail, in rows and in the REST API.
pub const TEST_MAIL: &str = "test_mail";

impl CompanyMail {
    /// The name of its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Endpoint { kind, .. } => kind.as_str(),
            Self::Test(_) => TEST_MAIL,
        }
    }
}

/// What the text of a test mail is made of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TestMailFacts {
    /// The company's name.
    pub company_name: String,
    /// Who asked for it, where that is a person: their name, else their address.
    pub asked_by: Option<String>,
    /// When.
    pub asked_at: DateTime<Utc>,
}

/// A mail's words, as a person reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailWords {
    /// One line.
    pub subject: String,
    /// Plain text, without what only its reader may have.
    pub text: String,
}

/// Writes the words of mails; who sends them does, and whoever shows them is given it.
pub trait MailWriter: std::fmt::Debug + Send + Sync {
    /// What a mail says or will say.
    fn words(&self, mail: &MailRecord) -> MailWords;
}

/// What became of a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailState {
    /// Waits to be sent, or kept because no mail server is configured.
    Queued,
    /// The mail server took it.
    Sent,
    /// What it told was undone before its quiet time was over.
    Undone,
    /// Given up after many tries.
    Failed,
}

impl MailState {
    /// The name in rows and in the REST API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Undone => "undone",
            Self::Failed => "failed",
        }
    }
}

/// What the text of a mail about an endpoint is made of, frozen when its cause was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MailFacts {
    /// The company's name.
    pub company_name: String,
    /// The endpoint's id as it is shown.
    pub endpoint_id: String,
    /// The endpoint's URL without query and credentials.
    pub endpoint_url: String,
    /// What a person calls it.
    pub endpoint_description: String,
    /// The streak.
    pub failures: u32,
    /// When the streak began, RFC 3339.
    pub failing_since: Option<DateTime<Utc>>,
    /// The status of the last failed attempt.
    pub last_status: Option<u16>,
    /// The error of the last failed attempt.
    pub last_error: Option<String>,
    /// How many deliveries are waiting; one more than [`WAITING_COUNT_MAX`] stands for any number
    /// beyond it.
    pub waiting: u32,
    /// When the transition happened.
    pub happened_at: DateTime<Utc>,
    /// How long after the beginning of its schedule a delivery is given up, in seconds.
    pub give_up_after_s: i64,
    /// The streak that makes an endpoint Defective.
    pub defective_after: u32,
}

/// Up to how many waiting deliveries are counted for a mail.
pub const WAITING_COUNT_MAX: u32 = 10_000;
