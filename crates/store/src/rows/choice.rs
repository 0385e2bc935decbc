//! What an endpoint chooses of events and how they are written to it, in its columns.

use domain::filter::Filter;
use domain::format::{Format, WatiNames};
use domain::selection::{Narrowing, PhoneNumberIds, SessionWanted};
use serde_json::{Map, Value};

/// The columns of `endpoints` that say it, `event_types` apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceColumns {
    pub format: String,
    pub wati_version: Option<i64>,
    pub wati_names: Option<String>,
    pub filter: Option<String>,
    pub phone_number_ids: Option<String>,
    pub session: String,
}

impl ChoiceColumns {
    /// The columns that say it.
    pub fn of(format: Format, narrowing: &Narrowing) -> Self {
        let (wati_version, wati_names) = wati_columns(format);
        Self {
            format: format.name().to_owned(),
            wati_version,
            wati_names,
            filter: filter_text(narrowing.filter.as_ref()),
            phone_number_ids: numbers_text(narrowing.phone_number_ids.as_ref()),
            session: narrowing.session.as_str().to_owned(),
        }
    }

    /// Reads them back.
    pub fn read(self) -> Result<(Format, Narrowing), String> {
        self.read_knowing(|_| None)
    }

    /// The same; a filter that was read before is not compiled again.
    pub fn read_knowing(
        self,
        known: impl FnOnce(&str) -> Option<Filter>,
    ) -> Result<(Format, Narrowing), String> {
        let Self { format, wati_version, wati_names, filter, phone_number_ids, session } = self;
        let names = wati_names.as_deref().map(names_of).transpose()?.unwrap_or_default();
        let format = Format::parse(&format, wati_version, names)
            .map_err(|error| format!("format {format}, {wati_version:?}: {error}"))?;
        let compile = |text: String| match known(&text) {
            Some(filter) => Ok(filter),
            None => Filter::parse(&text).map_err(|faults| format!("filter: {faults:?}")),
        };
        let narrowing = Narrowing {
            phone_number_ids: phone_number_ids.as_deref().map(numbers_of).transpose()?,
            session: SessionWanted::parse(&session)
                .ok_or_else(|| format!("session is {session}"))?,
            filter: filter.map(compile).transpose()?,
        };
        Ok((format, narrowing))
    }
}

/// The columns `wati_version` and `wati_names`.
pub fn wati_columns(format: Format) -> (Option<i64>, Option<String>) {
    match format {
        Format::Hookferry | Format::Meta => (None, None),
        Format::Wati { version, names } => {
            let chosen: Map<String, Value> = names
                .chosen()
                .into_iter()
                .map(|(event_type, name)| (event_type.to_owned(), name.into()))
                .collect();
            let names = (!chosen.is_empty()).then(|| Value::Object(chosen).to_string());
            (Some(version.number()), names)
        }
    }
}

fn names_of(text: &str) -> Result<WatiNames, String> {
    let chosen: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("wati_names: {error}"))?;
    chosen.iter().try_fold(WatiNames::default(), |names, (event_type, name)| {
        let name = name.as_str().unwrap_or_default();
        names.choose(event_type, name).map_err(|error| format!("wati_names {event_type}: {error}"))
    })
}

/// The column `filter`.
pub fn filter_text(filter: Option<&Filter>) -> Option<String> {
    filter.map(|filter| filter.as_str().to_owned())
}

/// The column `phone_number_ids`.
pub fn numbers_text(ids: Option<&PhoneNumberIds>) -> Option<String> {
    ids.map(|ids| serde_json::json!(ids.as_slice()).to_string())
}

fn numbers_of(text: &str) -> Result<PhoneNumberIds, String> {
    let texts = serde_json::from_str(text).map_err(|error| format!("phone_number_ids: {error}"))?;
    PhoneNumberIds::parse(texts).map_err(|error| format!("phone_number_ids {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::format::WatiVersion;
    use domain::selection::SessionState;

    #[test]
    fn what_is_written_reads_back() {
        let check = |format, narrowing: Narrowing| {
            let columns = ChoiceColumns::of(format, &narrowing);
            assert_eq!(columns.read(), Ok((format, narrowing)));
        };
        check(Format::Hookferry, Narrowing::default());
        let names = WatiNames::default()
            .choose("phone_number.quality_updated", "PhoneNumberQualityUpdatedEvent")
            .unwrap();
        let filter = Filter::parse(r#"{"field":"message.type","eq":"text"}"#).unwrap();
        check(
            Format::Wati { version: WatiVersion::V2, names },
            Narrowing {
                phone_number_ids: PhoneNumberIds::parse(vec!["1".into(), "2".into()]).ok(),
                session: SessionWanted::Only(SessionState::Active),
                filter: Some(filter.clone()),
            },
        );
        check(Format::WATI_V2, Narrowing { filter: Some(filter), ..Narrowing::default() });
        let broken = |change: fn(&mut ChoiceColumns)| {
            let mut columns = ChoiceColumns::of(Format::Meta, &Narrowing::default());
            change(&mut columns);
            assert!(columns.clone().read().is_err(), "{columns:?}");
        };
        broken(|columns| columns.format = "xml".into());
        broken(|columns| columns.wati_version = Some(1));
        broken(|columns| columns.wati_names = Some("[]".into()));
        broken(|columns| columns.filter = Some("{}".into()));
        broken(|columns| columns.phone_number_ids = Some("[]".into()));
        broken(|columns| columns.session = "open".into());
    }
}
