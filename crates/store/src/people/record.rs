//! What the store takes and gives about people.

use std::fmt;

use chrono::{DateTime, Utc};
use domain::id::{CompanyId, InvitationId, LoginId, MailId, UserId};
use domain::person::{AccountMailKind, EmailAddress, InvitationState, LinkKind, PersonName};
use domain::role::Role;

use crate::{CompanyMail, CompanyRecord};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// Their id.
    pub id: UserId,
    /// Their address as they wrote it.
    pub email: String,
    /// Their name; empty where they gave none.
    pub name: String,
    /// Whether they can log in with a password.
    pub has_password: bool,
    /// When the address was proved to be theirs.
    pub verified_at: Option<DateTime<Utc>>,
    /// When they last chose a password.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// When they came.
    pub created_at: DateTime<Utc>,
}

/// What somebody gives to sign up.
pub struct SignUp {
    /// The new company's name.
    pub company_name: String,
    /// Their address.
    pub email: EmailAddress,
    /// Their name.
    pub name: Option<PersonName>,
    /// Their password, hashed, as a PHC string.
    pub password_hash: String,
    /// Whether the address counts as proved: where no mail can be sent. Else a link is mailed to it.
    pub verified: bool,
}

impl fmt::Debug for SignUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignUp").field("company_name", &self.company_name).finish_non_exhaustive()
    }
}

/// A new company and its owner.
#[derive(Debug, Clone)]
pub struct SignedUp {
    /// The company.
    pub company: CompanyRecord,
    /// The person.
    pub user: UserRecord,
}

/// What it takes to check a person's password.
pub struct PersonForLogin {
    /// The person.
    pub user: UserRecord,
    /// Their password's hash, a PHC string; `None` until they have chosen one.
    pub password_hash: Option<String>,
}

impl fmt::Debug for PersonForLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonForLogin").field("user", &self.user.id).finish_non_exhaustive()
    }
}

/// Where a login is made.
#[derive(Debug, Clone, Copy)]
pub struct LoginFrom<'a> {
    /// The client's IP address.
    pub address: &'a str,
    /// What the browser says of itself.
    pub user_agent: &'a str,
}

/// A login, without what the browser holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRecord {
    /// Its id.
    pub id: LoginId,
    /// Whose it is.
    pub user: UserId,
    /// From where it was made.
    pub address: String,
    /// By which browser it was made.
    pub user_agent: String,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to the minute.
    pub seen_at: DateTime<Utc>,
    /// When it ends if it is not used.
    pub expires_at: DateTime<Utc>,
}

/// A login with its person and what they may.
#[derive(Debug, Clone)]
pub struct FoundLogin {
    /// The login.
    pub login: LoginRecord,
    /// Whose it is.
    pub user: UserRecord,
    /// The companies they are in.
    pub memberships: Vec<MembershipRecord>,
}

/// A company that a person is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MembershipRecord {
    /// The company.
    pub company: CompanyId,
    /// Its name.
    pub company_name: String,
    /// What the person is in it.
    pub role: Role,
    /// Since when.
    pub since: DateTime<Utc>,
}

/// A person in a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRecord {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// What they are in the company.
    pub role: Role,
    /// Whether the address was proved to be theirs.
    pub verified: bool,
    /// Since when they are in it.
    pub since: DateTime<Utc>,
}

/// An invitation as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Its id.
    pub id: InvitationId,
    /// Into which company.
    pub company: CompanyId,
    /// Who is invited.
    pub email: String,
    /// What they are to be.
    pub role: Role,
    /// What became of it.
    pub state: InvitationState,
    /// Who invited: `usr_…`, `tok_…` or `cli`.
    pub invited_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When its link ceases to work.
    pub expires_at: DateTime<Utc>,
    /// When it was accepted.
    pub accepted_at: Option<DateTime<Utc>>,
}

/// An invitation as its link shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationByToken {
    /// The invitation.
    pub invitation: InvitationRecord,
    /// The company's name.
    pub company_name: String,
    /// Whether the address is a person's already, who has to log in to accept.
    pub has_account: bool,
}

/// Who accepts an invitation.
pub enum Accepting {
    /// A person who is logged in, and whose address it was sent to.
    Person(UserId),
    /// Somebody new.
    New {
        /// Their name.
        name: Option<PersonName>,
        /// Their password, hashed, as a PHC string.
        password_hash: String,
    },
}

impl fmt::Debug for Accepting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(user) => f.debug_tuple("Person").field(user).finish(),
            Self::New { .. } => f.debug_struct("New").finish_non_exhaustive(),
        }
    }
}

/// A link to an account that can still be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRecord {
    /// What it does.
    pub kind: LinkKind,
    /// Whose account.
    pub user: UserId,
    /// The address it was sent to.
    pub email: String,
    /// When it ceases to work.
    pub expires_at: DateTime<Utc>,
}

/// A mail as whoever sends it needs it.
#[derive(Clone)]
pub struct OutgoingMail {
    /// Its id; the Message-ID is made of it.
    pub id: MailId,
    /// To whom.
    pub recipient: String,
    /// How often sending was tried.
    pub tries: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// What it says.
    pub content: MailContent,
    /// What stops further mails, where it goes to an address that is nobody's account: its reader's.
    pub stop: Option<String>,
}

impl fmt::Debug for OutgoingMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutgoingMail").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a mail says.
#[derive(Debug, Clone)]
pub enum MailContent {
    /// Something of a company.
    Company(CompanyMail),
    /// Something about an account.
    Account(AccountMail),
}

/// A mail about an account.
#[derive(Clone)]
pub struct AccountMail {
    /// Which kind.
    pub kind: AccountMailKind,
    /// What its text is made of.
    pub facts: AccountFacts,
    /// What its link carries, where it has one: a secret.
    pub token: Option<String>,
}

impl fmt::Debug for AccountMail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountMail").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// What the text of a mail about an account is made of, frozen when its cause was written.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AccountFacts {
    /// The person's name; empty where unknown.
    pub person: String,
    /// The company, of an invitation.
    pub company_name: Option<String>,
    /// What they are to be in it, of an invitation.
    pub role: Option<String>,
    /// Who invites them, where that is a person: their name, else their address.
    pub invited_by: Option<String>,
    /// The new address, of a change of address.
    pub new_email: Option<String>,
    /// When it happened.
    pub happened_at: DateTime<Utc>,
    /// When the link ceases to work, where there is one.
    pub expires_at: Option<DateTime<Utc>>,
}
