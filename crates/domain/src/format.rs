//! The formats: how an event is written on the wire, for receivers made for Hookferry, Wati or Meta.
//!
//! A body is a function of format, rendering version and event alone, and stays the same for ever: a
//! delivery remembers the first two, so that a try after an upgrade sends the bytes of the first one.
//! What an endpoint has chosen beyond the format's name is therefore part of the format, and of its number.
//! A change to what a version writes is a new [`RenderVersion`]; the snapshots beside this file say so.

mod json;
mod meta;
#[cfg(test)]
mod test_updates;
#[cfg(test)]
mod tests;
mod wati;

pub use wati::names::{WATI_NAMES, WatiName, of_wati_name, wati_name};

use crate::event::Event;
use crate::event_type::EventTypeName;
use crate::wire;

/// How an event is written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Format {
    /// Hookferry's own envelope.
    #[default]
    Hookferry,
    /// Wati's flat object.
    Wati {
        /// Whose names and members: Wati's first ones or the newer `_v2`.
        version: WatiVersion,
        /// Names for which the sources differ.
        names: WatiNames,
    },
    /// Meta's envelope around one update.
    Meta,
}

/// Which of Wati's two sets of events. They are subscribed to apart at Wati; an endpoint has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WatiVersion {
    /// `sentMessageDELIVERED`.
    V1,
    /// `sentMessageDELIVERED_v2`, with `localMessageId` and more; events without such a twin as in V1.
    V2,
}

/// What an endpoint wants Wati's events called where Wati's own pages and live accounts differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct WatiNames {
    /// The name of `phone_number.quality_updated`.
    pub phone_number_quality: PhoneNumberQualityName,
    /// The name of `message.template_sent` in V2.
    pub template_sent: TemplateSentName,
}

/// The name of `phone_number.quality_updated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PhoneNumberQualityName {
    /// `phoneNumberQualityUpdate`, as those write it who have received it.
    #[default]
    Update,
    /// `PhoneNumberQualityUpdatedEvent`, as Wati's page writes it.
    UpdatedEvent,
}

/// The name of `message.template_sent` in V2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum TemplateSentName {
    /// `templateMessageSent_v2`.
    #[default]
    V2,
    /// `templateMessageSent_v2_bsuid`, which also carries the contact's user id.
    V2Bsuid,
}

/// The event type whose name [`WatiNames::phone_number_quality`] chooses.
const PHONE_NUMBER_QUALITY: &str = "phone_number.quality_updated";
/// The event type whose name [`WatiNames::template_sent`] chooses.
const TEMPLATE_SENT: &str = "message.template_sent";

/// Why something is not a format.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No format has that name.
    #[error("must be `hookferry`, `wati` or `meta`")]
    Format,
    /// There is no such version.
    #[error("must be 1 or 2")]
    WatiVersion,
    /// A version or names, and another format.
    #[error("belongs to the format `wati` alone")]
    NotWati,
    /// There is nothing to choose for that event type.
    #[error("only `{PHONE_NUMBER_QUALITY}` and `{TEMPLATE_SENT}` have names to choose from")]
    NoChoice,
    /// That is none of the names.
    #[error("must be `{}` or `{}`", .0[0], .0[1])]
    Name([&'static str; 2]),
}

impl WatiVersion {
    /// Its number in the REST API.
    pub const fn number(self) -> i64 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// The version of that number.
    pub fn parse(number: i64) -> Result<Self, FormatError> {
        match number {
            1 => Ok(Self::V1),
            2 => Ok(Self::V2),
            _ => Err(FormatError::WatiVersion),
        }
    }
}

impl PhoneNumberQualityName {
    const NAMES: [&'static str; 2] = ["phoneNumberQualityUpdate", "PhoneNumberQualityUpdatedEvent"];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Update => Self::NAMES[0],
            Self::UpdatedEvent => Self::NAMES[1],
        }
    }
}

impl TemplateSentName {
    const NAMES: [&'static str; 2] = ["templateMessageSent_v2", "templateMessageSent_v2_bsuid"];

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2 => Self::NAMES[0],
            Self::V2Bsuid => Self::NAMES[1],
        }
    }
}

impl WatiNames {
    /// Chooses the name of one event type: `("phone_number.quality_updated", "PhoneNumberQualityUpdatedEvent")`.
    pub fn choose(self, event_type: &str, name: &str) -> Result<Self, FormatError> {
        match event_type {
            PHONE_NUMBER_QUALITY => {
                let all = [PhoneNumberQualityName::Update, PhoneNumberQualityName::UpdatedEvent];
                let chosen = all.into_iter().find(|known| known.as_str() == name);
                let wrong = FormatError::Name(PhoneNumberQualityName::NAMES);
                Ok(Self { phone_number_quality: chosen.ok_or(wrong)?, ..self })
            }
            TEMPLATE_SENT => {
                let all = [TemplateSentName::V2, TemplateSentName::V2Bsuid];
                let chosen = all.into_iter().find(|known| known.as_str() == name);
                let wrong = FormatError::Name(TemplateSentName::NAMES);
                Ok(Self { template_sent: chosen.ok_or(wrong)?, ..self })
            }
            _ => Err(FormatError::NoChoice),
        }
    }

    /// The names that somebody asked for who subscribes by Wati's names: each as it was written there.
    pub fn asked_for<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        names.into_iter().fold(Self::default(), |chosen, name| {
            let of_type = |event_type| chosen.choose(event_type, name).ok();
            of_type(PHONE_NUMBER_QUALITY).or_else(|| of_type(TEMPLATE_SENT)).unwrap_or(chosen)
        })
    }

    /// What is chosen, as `(event type, name)`, without what is so by default.
    pub fn chosen(self) -> Vec<(&'static str, &'static str)> {
        let usual = Self::default();
        let mut chosen = Vec::new();
        if self.phone_number_quality != usual.phone_number_quality {
            chosen.push((PHONE_NUMBER_QUALITY, self.phone_number_quality.as_str()));
        }
        if self.template_sent != usual.template_sent {
            chosen.push((TEMPLATE_SENT, self.template_sent.as_str()));
        }
        chosen
    }
}

const NUMBER_HOOKFERRY: i64 = 0;
const NUMBER_WATI_V1: i64 = 1;
const NUMBER_WATI_V2: i64 = 2;
const NUMBER_META: i64 = 3;
/// The part of the number that says which format; above it, what Wati's events are called.
const NUMBER_FORMAT_MASK: i64 = 0xf;
const NUMBER_QUALITY_UPDATED_EVENT: i64 = 0x10;
const NUMBER_TEMPLATE_SENT_BSUID: i64 = 0x20;

impl Format {
    /// Wati's newer set with the usual names.
    pub const WATI_V2: Self = Self::Wati {
        version: WatiVersion::V2,
        names: WatiNames {
            phone_number_quality: PhoneNumberQualityName::Update,
            template_sent: TemplateSentName::V2,
        },
    };

    /// Reads what the REST API takes. Wati's version is 1 where none is said; only `wati` takes one, and
    /// names.
    pub fn parse(
        name: &str,
        wati_version: Option<i64>,
        wati_names: WatiNames,
    ) -> Result<Self, FormatError> {
        let format = match name {
            "hookferry" => Self::Hookferry,
            "meta" => Self::Meta,
            "wati" => {
                let version = wati_version.map_or(Ok(WatiVersion::V1), WatiVersion::parse)?;
                return Ok(Self::Wati { version, names: wati_names });
            }
            _ => return Err(FormatError::Format),
        };
        if wati_version.is_some() || wati_names != WatiNames::default() {
            return Err(FormatError::NotWati);
        }
        Ok(format)
    }

    /// The name in the REST API and in the column `endpoints.format`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hookferry => "hookferry",
            Self::Wati { .. } => "wati",
            Self::Meta => "meta",
        }
    }

    /// The number in the columns `format` of deliveries; never given to anything else.
    pub fn number(self) -> i64 {
        match self {
            Self::Hookferry => NUMBER_HOOKFERRY,
            Self::Meta => NUMBER_META,
            Self::Wati { version, names } => {
                let version = match version {
                    WatiVersion::V1 => NUMBER_WATI_V1,
                    WatiVersion::V2 => NUMBER_WATI_V2,
                };
                let quality = match names.phone_number_quality {
                    PhoneNumberQualityName::Update => 0,
                    PhoneNumberQualityName::UpdatedEvent => NUMBER_QUALITY_UPDATED_EVENT,
                };
                let template_sent = match names.template_sent {
                    TemplateSentName::V2 => 0,
                    TemplateSentName::V2Bsuid => NUMBER_TEMPLATE_SENT_BSUID,
                };
                version | quality | template_sent
            }
        }
    }

    /// The format of that number; `None` where a later release wrote it.
    pub fn from_number(number: i64) -> Option<Self> {
        let phone_number_quality = match number & NUMBER_QUALITY_UPDATED_EVENT {
            0 => PhoneNumberQualityName::Update,
            _ => PhoneNumberQualityName::UpdatedEvent,
        };
        let template_sent = match number & NUMBER_TEMPLATE_SENT_BSUID {
            0 => TemplateSentName::V2,
            _ => TemplateSentName::V2Bsuid,
        };
        let names = WatiNames { phone_number_quality, template_sent };
        let format = match number & NUMBER_FORMAT_MASK {
            NUMBER_HOOKFERRY => Self::Hookferry,
            NUMBER_META => Self::Meta,
            NUMBER_WATI_V1 => Self::Wati { version: WatiVersion::V1, names },
            NUMBER_WATI_V2 => Self::Wati { version: WatiVersion::V2, names },
            _ => return None,
        };
        (format.number() == number).then_some(format)
    }

    /// Whether the format can say an event of that type. Where it cannot, an endpoint of that format gets
    /// no delivery of it. The name of the type is enough, so that fan-out need not read the data.
    pub fn has_form(self, event_type: &EventTypeName) -> bool {
        match self {
            Self::Hookferry => true,
            Self::Wati { .. } => wati::Form::of(event_type.as_str()).is_some(),
            Self::Meta => meta::Form::of(event_type.as_str()).is_some(),
        }
    }
}

/// A version of the rendering, of all formats together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RenderVersion {
    /// The first.
    V1,
}

impl RenderVersion {
    /// What new deliveries begin with.
    pub const LATEST: Self = Self::V1;

    /// The number in the columns `render_version` of deliveries.
    pub const fn number(self) -> u32 {
        match self {
            Self::V1 => 1,
        }
    }

    /// The version of that number; `None` where a later release wrote it.
    pub fn from_number(number: i64) -> Option<Self> {
        (number == 1).then_some(Self::V1)
    }
}

/// How the body of a delivery is written: what it remembers, so that each try sends the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Rendering {
    /// The format of the endpoint when the delivery was made.
    pub format: Format,
    /// The version of the rendering then.
    pub version: RenderVersion,
}

impl Rendering {
    /// What the columns of a delivery are where nobody writes them.
    pub const USUAL: Self = Self { format: Format::Hookferry, version: RenderVersion::V1 };

    /// What a new delivery begins with.
    pub const fn of(format: Format) -> Self {
        Self { format, version: RenderVersion::LATEST }
    }

    /// The numbers in the columns `format` and `render_version`.
    pub fn numbers(self) -> (i64, i64) {
        (self.format.number(), i64::from(self.version.number()))
    }

    /// Reads the columns; `None` where a later release wrote them.
    pub fn from_numbers(format: i64, version: i64) -> Option<Self> {
        let version = RenderVersion::from_number(version)?;
        Some(Self { format: Format::from_number(format)?, version })
    }

    /// Writes an event.
    pub fn render(self, event: &Event) -> Vec<u8> {
        render(self.format, self.version, event)
    }
}

/// Writes an event. Cannot fail: what the data lacks is `null` or empty, whatever the data is. What the
/// format has no form for is written as `hookferry` has it: deliveries of such events are not made, and
/// something that can be read is better than nothing.
pub fn render(format: Format, version: RenderVersion, event: &Event) -> Vec<u8> {
    match version {
        RenderVersion::V1 => render_v1(format, event),
    }
}

fn render_v1(format: Format, event: &Event) -> Vec<u8> {
    let event_type = event.event_type.as_str();
    match format {
        Format::Hookferry => wire::render(event),
        Format::Wati { version, names } => match wati::Form::of(event_type) {
            Some(form) => wati::render(form, version, names, event),
            None => wire::render(event),
        },
        Format::Meta => match meta::Form::of(event_type) {
            Some(form) => meta::render(form, event),
            None => wire::render(event),
        },
    }
}
