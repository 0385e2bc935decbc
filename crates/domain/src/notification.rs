//! Who gets which mail about endpoints, and when: a company chooses by role, each member for
//! themselves, and addresses of nobody's account can be added.

use chrono::{DateTime, Utc};

use crate::id::{AddressId, UserId};
use crate::notice::{self, NoticeKind, NoticeMemory};
use crate::quiet::{QuietHours, TimeZone};
use crate::role::Role;

/// How many addresses beside its members a company can have.
pub const ADDRESSES_MAX: usize = 10;
/// How many test mails a company can ask for in an hour.
pub const TEST_MAILS_PER_HOUR_MAX: usize = 10;

/// Something of each kind of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerKind<T> {
    /// Of [`NoticeKind::Warning`].
    pub warning: T,
    /// Of [`NoticeKind::Defective`].
    pub defective: T,
    /// Of [`NoticeKind::Recovered`].
    pub recovered: T,
    /// Of [`NoticeKind::DisabledByGone`].
    pub disabled: T,
}

impl<T> PerKind<T> {
    /// The same of every kind.
    pub fn all(value: T) -> Self
    where
        T: Clone,
    {
        let (warning, defective, recovered) = (value.clone(), value.clone(), value.clone());
        Self { warning, defective, recovered, disabled: value }
    }

    /// That of one kind.
    pub const fn of(&self, kind: NoticeKind) -> &T {
        match kind {
            NoticeKind::Warning => &self.warning,
            NoticeKind::Defective => &self.defective,
            NoticeKind::Recovered => &self.recovered,
            NoticeKind::DisabledByGone => &self.disabled,
        }
    }

    /// That of one kind, to be changed.
    pub const fn of_mut(&mut self, kind: NoticeKind) -> &mut T {
        match kind {
            NoticeKind::Warning => &mut self.warning,
            NoticeKind::Defective => &mut self.defective,
            NoticeKind::Recovered => &mut self.recovered,
            NoticeKind::DisabledByGone => &mut self.disabled,
        }
    }
}

/// Some of the roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Roles {
    /// Of each of [`Role::ALL`], whether it is one of them.
    held: [bool; Role::ALL.len()],
}

impl Roles {
    /// None of them.
    pub const NONE: Self = Self { held: [false; Role::ALL.len()] };

    /// The roles that are named.
    pub fn of(roles: &[Role]) -> Self {
        Self { held: Role::ALL.map(|role| roles.contains(&role)) }
    }

    /// Whether a role is one of them.
    pub fn has(&self, role: Role) -> bool {
        self.list().contains(&role)
    }

    /// The roles, the least first.
    pub fn list(&self) -> Vec<Role> {
        let held = Role::ALL.into_iter().zip(self.held);
        held.filter_map(|(role, held)| held.then_some(role)).collect()
    }
}

/// What a company has set about its mails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notifications {
    /// Which roles get each kind.
    pub roles: PerKind<Roles>,
    /// When mails wait.
    pub quiet_hours: Option<QuietHours>,
    /// Whether a Defective mail goes out in quiet hours too.
    pub defective_breaks_through: bool,
    /// By which clock.
    pub time_zone: TimeZone,
}

impl Default for Notifications {
    /// Owners and admins, at any time.
    fn default() -> Self {
        Self {
            roles: PerKind::all(Roles::of(&[Role::Owner, Role::Admin])),
            quiet_hours: None,
            defective_breaks_through: true,
            time_zone: TimeZone::UTC,
        }
    }
}

impl Notifications {
    /// When a mail that could go out at `at` goes out.
    pub fn after_quiet_hours(&self, kind: NoticeKind, at: DateTime<Utc>) -> DateTime<Utc> {
        let breaks_through = kind == NoticeKind::Defective && self.defective_breaks_through;
        match self.quiet_hours {
            Some(hours) if !breaks_through => hours.end_after(at, self.time_zone),
            Some(_) | None => at,
        }
    }
}

/// When a mail is to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// When.
    pub at: DateTime<Utc>,
    /// When it would go out if it were never quiet: quiet hours that change are applied to it anew.
    pub without_quiet_hours: DateTime<Utc>,
}

/// When a mail of a kind about one endpoint may go out: not while an earlier one keeps it quiet, nor
/// in quiet hours. `None`: one is already waiting for that moment.
pub fn due(
    settings: &Notifications,
    kind: NoticeKind,
    memory: NoticeMemory,
    now: DateTime<Utc>,
) -> Option<Due> {
    let without_quiet_hours = notice::due(memory, now)?;
    Some(Due { at: settings.after_quiet_hours(kind, without_quiet_hours), without_quiet_hours })
}

/// What a member has chosen of each kind: to get it, not to get it, or as their role does.
pub type Choices = PerKind<Option<bool>>;

/// A member whose address is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// As what.
    pub role: Role,
    /// Where mails go.
    pub email: String,
    /// What they have chosen.
    pub choices: Choices,
}

/// A proved address that is nobody's account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// Where mails go.
    pub email: String,
    /// Which kinds it gets.
    pub kinds: PerKind<bool>,
}

/// Whose a recipient's address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// A member's.
    Member(UserId),
    /// One that was added.
    Address(AddressId),
}

/// Who gets a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// Where it goes.
    pub email: String,
    /// Whose that is.
    pub whose: Whose,
}

/// Whether a member gets mails of a kind: as they have chosen, else as their role does.
pub fn wants(settings: &Notifications, kind: NoticeKind, role: Role, choices: &Choices) -> bool {
    choices.of(kind).unwrap_or_else(|| settings.roles.of(kind).has(role))
}

/// Who gets a mail of a kind. Nobody gets it twice, and where nobody at all would get to know that an
/// endpoint is Defective its owners do, whatever they have chosen.
pub fn recipients(
    settings: &Notifications,
    kind: NoticeKind,
    members: &[Member],
    addresses: &[Address],
) -> Vec<Recipient> {
    let wants = |member: &&Member| wants(settings, kind, member.role, &member.choices);
    let member = |member: &Member| Recipient {
        email: member.email.clone(),
        whose: Whose::Member(member.user),
    };
    let mut chosen: Vec<Recipient> = members.iter().filter(wants).map(member).collect();
    for address in addresses.iter().filter(|address| *address.kinds.of(kind)) {
        let key = address.email.to_lowercase();
        if !chosen.iter().any(|other| other.email.to_lowercase() == key) {
            let whose = Whose::Address(address.id);
            chosen.push(Recipient { email: address.email.clone(), whose });
        }
    }
    if chosen.is_empty() && kind == NoticeKind::Defective {
        chosen = members.iter().filter(|one| one.role == Role::Owner).map(member).collect();
    }
    chosen
}

#[cfg(test)]
#[path = "notification_tests.rs"]
mod tests;
