//! The flags of the settings, made from the table.

use std::collections::BTreeMap;

use clap::{Arg, ArgMatches, Args, Command, FromArgMatches};

use crate::settings::table::{ALL, CONFIG_ENV, Setting, Show, Used};

/// What was given as flags: the file's path and values by key.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`.
    pub config: Option<String>,
    /// The other flags by the keys of their settings.
    pub values: BTreeMap<&'static str, String>,
}

/// The flags of `serve` and `check-config`: every setting.
#[derive(Debug, Clone)]
pub struct ServeFlags(pub Flags);

/// The flags of the commands that only open the database.
#[derive(Debug, Clone)]
pub struct DatabaseFlags(pub Flags);

fn augment(command: Command, wanted: impl Fn(&Setting) -> bool) -> Command {
    let config = Arg::new("config")
        .long("config")
        .value_name("FILE")
        .help(format!("A TOML file of settings [env: {CONFIG_ENV}]"))
        .help_heading("Settings");
    command
        .arg(config)
        .args(ALL.iter().filter(|setting| wanted(setting)).map(|setting| argument(setting)))
        .after_help(
            "A flag wins over the environment, the environment over the file, the file over the \
             default. The keys of the file are the flags' names with underscores; other keys are \
             refused. Durations: 250ms, 5s, 10m, 24h, 30d.",
        )
}

fn argument(setting: &'static Setting) -> Arg {
    let mut help = format!("{} [env: {}]", setting.help, setting.env());
    if let Some(default) = setting.default {
        help.push_str(&format!(" [default: {default}]"));
    }
    if setting.show == Show::Hidden {
        help.push_str(" (better in the environment: a flag is seen by every user of the machine)");
    }
    let argument = Arg::new(setting.key)
        .long(setting.flag)
        .value_name(setting.value)
        .help(help)
        .help_heading("Settings");
    if setting.value == "BOOL" {
        argument.num_args(0..=1).require_equals(true).default_missing_value("true")
    } else {
        argument.allow_hyphen_values(true)
    }
}

fn read(matches: &ArgMatches, wanted: impl Fn(&Setting) -> bool) -> Flags {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    let values = ALL.iter().filter(|setting| wanted(setting));
    Flags {
        config: text("config"),
        values: values.filter_map(|setting| Some((setting.key, text(setting.key)?))).collect(),
    }
}

fn is_for_database(setting: &Setting) -> bool {
    setting.used == Used::Database
}

impl Args for ServeFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, |_| true)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for ServeFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(read(matches, |_| true)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for DatabaseFlags {
    fn augment_args(command: Command) -> Command {
        augment(command, is_for_database)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DatabaseFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self(read(matches, is_for_database)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
