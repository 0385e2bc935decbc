//! Where values come from: a flag wins over the environment, that over the file, that over the
//! default.

use std::collections::BTreeMap;
use std::fmt;

use crate::settings::flags::Flags;
use crate::settings::table::{ALL, APP_SECRET_ENV, CONFIG_ENV, PREFIX, Setting, Show, TOKEN_ENV};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The command line.
    Flag,
    /// The environment.
    Environment,
    /// The file.
    File,
    /// The table.
    Default,
}

impl Origin {
    /// The word for it in `check-config`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::File => "file",
            Self::Default => "default",
        }
    }
}

/// The settings are refused; each line names a setting and says what it accepts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Vec<String>);

impl Refused {
    /// One thing that is wrong.
    pub fn of(line: impl Into<String>) -> Self {
        Self(vec![line.into()])
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for Refused {}

/// The environment, as a function so that tests bring their own.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The raw texts, and what was found wrong with them so far.
#[derive(Debug)]
pub struct Sources {
    values: BTreeMap<&'static str, (String, Origin)>,
    file: Option<String>,
    refusals: Vec<String>,
}

impl Sources {
    /// Gathers flags, environment and file. An empty variable of the environment is one that is not
    /// set.
    pub fn gather(flags: Flags, environment: Environment<'_>) -> Result<Self, Refused> {
        let variable = |name: &str| environment(name).filter(|value| !value.is_empty());
        let file = flags.config.clone().or_else(|| variable(CONFIG_ENV));
        let mut from_file = match &file {
            Some(path) => read_file(path)?,
            None => BTreeMap::new(),
        };
        let mut values = BTreeMap::new();
        for setting in ALL {
            let flag = flags.values.get(setting.key).cloned().map(|text| (text, Origin::Flag));
            let found = flag
                .or_else(|| Some((variable(&setting.env())?, Origin::Environment)))
                .or_else(|| Some((from_file.remove(setting.key)?, Origin::File)))
                .or_else(|| Some((setting.default?.to_owned(), Origin::Default)));
            values.extend(found.map(|found| (setting.key, found)));
        }
        Ok(Self { values, file, refusals: Vec::new() })
    }

    /// Reads an optional setting; what is wrong with it is remembered for [`Sources::finish`].
    pub fn read<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let (text, origin) = self.values.get(setting.key)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(what) => {
                let shown = match setting.show {
                    Show::Plain => format!("{text:?}"),
                    Show::UrlPassword | Show::Hidden => "the value".to_owned(),
                };
                let place = match (origin, &self.file) {
                    (Origin::Flag, _) => format!(" (--{})", setting.flag),
                    (Origin::File, Some(file)) => format!(" ({} in {file})", setting.key),
                    (Origin::File, None) | (Origin::Environment | Origin::Default, _) => {
                        String::new()
                    }
                };
                self.refusals.push(format!("{}{place}: {shown} {what}", setting.env()));
                None
            }
        }
    }

    /// Refuses a combination of settings.
    pub fn refuse(&mut self, setting: &'static Setting, what: &str) {
        self.refusals.push(format!("{}: {what}", setting.env()));
    }

    /// Ends reading: everything that was wrong, at once.
    pub fn finish(&self) -> Result<(), Refused> {
        if self.refusals.is_empty() { Ok(()) } else { Err(Refused(self.refusals.clone())) }
    }

    /// The raw text of a setting and where it came from.
    pub fn raw(&self, setting: &Setting) -> Option<(&str, Origin)> {
        self.values.get(setting.key).map(|(text, origin)| (text.as_str(), *origin))
    }
}

fn read_file(path: &str) -> Result<BTreeMap<String, String>, Refused> {
    let refused = |what: String| Refused(vec![format!("{CONFIG_ENV}: {what}")]);
    let text = std::fs::read_to_string(path)
        .map_err(|error| refused(format!("{path:?} cannot be read: {error}")))?;
    let table: toml::Table =
        text.parse().map_err(|error| refused(format!("{path:?} is not TOML: {error}")))?;
    let mut refusals = Vec::new();
    let mut values = BTreeMap::new();
    for (key, value) in table {
        if !ALL.iter().any(|setting| setting.key == key) {
            refusals.push(format!("{path}: `{key}` is not a setting{}", nearest(&key)));
            continue;
        }
        match text_of(&value) {
            Some(text) => {
                values.insert(key, text);
            }
            None => refusals.push(format!(
                "{path}: `{key}` must be a text, a number, true or false, or a list of texts"
            )),
        }
    }
    if refusals.is_empty() { Ok(values) } else { Err(Refused(refusals)) }
}

fn text_of(value: &toml::Value) -> Option<String> {
    if let Some(list) = value.as_array() {
        let texts: Option<Vec<&str>> = list.iter().map(toml::Value::as_str).collect();
        return Some(texts?.join(","));
    }
    let text = value.as_str().map(str::to_owned);
    text.or_else(|| Some(value.as_integer()?.to_string()))
        .or_else(|| Some(value.as_bool()?.to_string()))
}

/// A sentence for each variable that begins like a setting and is none. They are not refused: a
/// platform may put its own there.
pub fn unknown_variables<'a>(
    variables: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> Vec<String> {
    let unknown = variables.into_iter().filter_map(|(name, value)| {
        let key = name.strip_prefix(PREFIX)?.to_ascii_lowercase();
        let known = [CONFIG_ENV, TOKEN_ENV, APP_SECRET_ENV].contains(&name)
            || ALL.iter().any(|setting| setting.env() == name);
        if known || is_service_link(&key, value) {
            return None;
        }
        let near = nearest_key(&key).map_or_else(String::new, |key| {
            format!("; did you mean {PREFIX}{}?", key.to_ascii_uppercase())
        });
        Some(format!("{name} is not a setting and has no effect{near}"))
    });
    unknown.collect()
}

/// Whether Kubernetes puts such a variable into every container beside a service named hookferry.
fn is_service_link(key: &str, value: &str) -> bool {
    let port = key.strip_prefix("port");
    key.starts_with("service_host")
        || key.starts_with("service_port")
        || port.is_some_and(|rest| value.contains("://") || rest.starts_with('_'))
}

/// `; did you mean …?` where a key looks like one.
fn nearest(key: &str) -> String {
    nearest_key(key).map_or_else(String::new, |key| format!("; did you mean `{key}`?"))
}

fn nearest_key(key: &str) -> Option<&'static str> {
    let close = ALL
        .iter()
        .map(|setting| (strsim::jaro_winkler(setting.key, key), setting.key))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    close.map(|(_, key)| key)
}
