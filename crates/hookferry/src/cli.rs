//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::settings::Settings;
use crate::settings::flags::{DatabaseFlags, Flags, ServeFlags};
use crate::settings::sources::{self, Refused};
use crate::{commands, serve, telemetry};

/// A command failed.
const FAILED: u8 = 1;
/// The command line or a setting is wrong.
const REFUSED: u8 = 2;

/// What `hookferry --help` begins with.
const ABOUT: &str = "Delivers webhooks: takes events in over REST, writes them down, and sends each one, signed, to \
every endpoint that wants it, until the receiver says yes.";

#[derive(Debug, Parser)]
#[command(name = "hookferry", version, about = ABOUT, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve: the REST API, the engine and the mails, in one process
    Serve(ServeArgs),
    /// Bring the schema of the database up to date, and end
    Migrate(MigrateArgs),
    /// Make and list companies
    #[command(subcommand)]
    Company(CompanyCommand),
    /// Make, list and revoke API tokens
    #[command(subcommand)]
    Token(TokenCommand),
    /// Help people into their accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Post an event to a running server, or a notification as Meta would
    Send(SendArgs),
    /// Show the settings in effect, secrets hidden, and check them without starting
    CheckConfig(CheckConfigArgs),
    /// A receiver to try: shows each request and whether its signatures verify
    Listen(ListenArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) settings: ServeFlags,
    /// Print what to do next, also where standard output is no terminal
    #[arg(long)]
    pub(crate) hints: bool,
}

#[derive(Debug, Args)]
struct MigrateArgs {
    #[command(flatten)]
    settings: DatabaseFlags,
}

#[derive(Debug, Args)]
struct CheckConfigArgs {
    #[command(flatten)]
    settings: ServeFlags,
}

#[derive(Debug, Subcommand)]
enum CompanyCommand {
    /// Make a company and its owner
    Create(CompanyCreateArgs),
    /// List companies
    List(CompanyListArgs),
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct OutputArgs {
    /// Print JSON
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) json: bool,
    /// Print nothing but the id, or the token
    #[arg(long, short)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct CompanyCreateArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// Its name
    #[arg(value_name = "NAME", required_unless_present = "name", conflicts_with = "name")]
    pub(crate) positional_name: Option<String>,
    /// Its name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The mail address of its owner
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) owner_email: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CompanyListArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Subcommand)]
enum TokenCommand {
    /// Make an API token; it is printed this once
    Create(TokenCreateArgs),
    /// List a company's API tokens: id, last characters, scopes, expiry, last use, name
    List(TokenListArgs),
    /// Revoke an API token
    Revoke(TokenRevokeArgs),
}

#[derive(Debug, Subcommand)]
enum UserCommand {
    /// Make a link by which a person can choose a new password, to hand over to them
    ResetLink(ResetLinkArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ResetLinkArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// The person's mail address
    pub(crate) email: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenCreateArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// The company's id: cmp_…
    #[arg(long, value_name = "ID")]
    pub(crate) company: String,
    /// What it is for
    #[arg(long)]
    pub(crate) name: String,
    /// What it may do: events:write, events:read, endpoints:write, endpoints:read,
    /// deliveries:read, deliveries:write or admin; several times, or separated by commas
    #[arg(long = "scope", alias = "scopes", value_delimiter = ',', required = true)]
    pub(crate) scopes: Vec<String>,
    /// When it stops working: 90d
    #[arg(long, value_name = "DURATION")]
    pub(crate) expires_in: Option<String>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TokenListArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// The company's id: cmp_…
    #[arg(long, value_name = "ID")]
    pub(crate) company: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TokenRevokeArgs {
    #[command(flatten)]
    pub(crate) settings: DatabaseFlags,
    /// The token's id: tok_…
    pub(crate) id: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub(crate) url: String,
    /// An API token with events:write [env: HOOKFERRY_TOKEN]
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// The event's type
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "notification")]
    pub(crate) event_type: Option<String>,
    /// The event's data: JSON, a file of JSON, or - for standard input
    #[arg(long, value_name = "JSON|FILE|-", required_unless_present = "notification")]
    pub(crate) data: Option<String>,
    #[command(flatten)]
    pub(crate) notification: NotificationArgs,
    /// Your own id of the event, by which it is deduplicated
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// Whom it is about
    #[arg(long)]
    pub(crate) subject: Option<String>,
}

/// A notification in place of an event, signed as Meta signs it, to a source's callback URL.
#[derive(Debug, Default, Args)]
#[group(
    id = "notification",
    conflicts_with_all = ["event_type", "data", "id", "subject", "token", "url"]
)]
pub(crate) struct NotificationArgs {
    /// Post a built-in WhatsApp notification to a source, signed as Meta signs it
    #[arg(long, value_name = "NAME", conflicts_with_all = ["file", "list"])]
    pub(crate) fixture: Option<String>,
    /// Post a notification from a file, byte for byte
    #[arg(long, value_name = "FILE", conflicts_with = "list")]
    pub(crate) file: Option<PathBuf>,
    /// List the built-in notifications
    #[arg(long)]
    pub(crate) list: bool,
    /// The source's callback URL
    #[arg(long, value_name = "URL")]
    pub(crate) to: Option<String>,
    /// The source's app secret [env: HOOKFERRY_APP_SECRET]
    #[arg(long)]
    pub(crate) secret: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ListenArgs {
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 9000)]
    pub(crate) port: u16,
    /// The address to listen on
    #[arg(long, default_value = "127.0.0.1")]
    pub(crate) address: std::net::IpAddr,
    /// The endpoint's secret, to verify signatures with
    #[arg(long)]
    pub(crate) secret: Option<String>,
    /// The status to answer with
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u16).range(200..=599))]
    pub(crate) status: u16,
}

/// Where `send` reads its data from.
pub(crate) enum DataFrom {
    /// The text itself.
    Text(String),
    /// A file.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

/// Reads the command line, does what it says, and gives the exit code.
pub fn main() -> ExitCode {
    crate::memory::take_small_pages();
    // A second installation is no error: it is the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system lets a program have threads");
    let ended = runtime.block_on(run(Cli::parse().command));
    // What is still running was told to stop and did not, or was aborted.
    runtime.shutdown_background();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => complain(&error),
    }
}

fn complain(error: &anyhow::Error) -> ExitCode {
    if let Some(Refused(lines)) = error.downcast_ref::<Refused>() {
        for line in lines {
            eprintln!("{line}");
        }
        return ExitCode::from(REFUSED);
    }
    eprintln!("hookferry: {}", sentence(error));
    ExitCode::from(FAILED)
}

/// An error and its causes; drivers like to repeat the cause as their own text.
fn sentence(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.ends_with(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::run(load(args.settings.0)?, args.hints).await,
        Command::Migrate(args) => commands::migrate::run(&load(args.settings.0)?).await,
        Command::Company(CompanyCommand::Create(args)) => {
            commands::company::create(&load(args.settings.0.clone())?, args).await
        }
        Command::Company(CompanyCommand::List(args)) => {
            commands::company::list(&load(args.settings.0)?, args.json).await
        }
        Command::User(UserCommand::ResetLink(args)) => {
            commands::user::reset_link(&load(args.settings.0.clone())?, args).await
        }
        Command::Token(TokenCommand::Create(args)) => {
            commands::token::create(&load(args.settings.0.clone())?, args).await
        }
        Command::Token(TokenCommand::List(args)) => {
            commands::token::list(&load(args.settings.0.clone())?, args).await
        }
        Command::Token(TokenCommand::Revoke(args)) => {
            commands::token::revoke(&load(args.settings.0.clone())?, args).await
        }
        Command::Send(args) => commands::send::run(args).await,
        Command::CheckConfig(args) => {
            commands::check_config::run(&read(args.settings.0)?, &unknown_variables())
        }
        Command::Listen(args) => commands::listen::run(args).await,
    }
}

/// The settings of this process; from here on log lines are written.
fn load(flags: Flags) -> anyhow::Result<Settings> {
    let settings = read(flags)?;
    telemetry::start(&settings)?;
    for line in unknown_variables() {
        tracing::warn!("{line}");
    }
    Ok(settings)
}

fn read(flags: Flags) -> anyhow::Result<Settings> {
    Ok(Settings::load(flags, &|name| std::env::var(name).ok())?)
}

/// What stands in the environment like a setting and is none.
fn unknown_variables() -> Vec<String> {
    let variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    sources::unknown_variables(
        variables.iter().map(|(name, value)| (name.as_str(), value.as_str())),
    )
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_help_of_serve_lists_every_setting_and_its_variable() {
        let mut command = Cli::command();
        let help = command.find_subcommand_mut("serve").unwrap().render_long_help().to_string();
        let words: Vec<&str> = help.split_whitespace().collect();
        let help = words.join(" ");
        for setting in crate::settings::table::ALL {
            assert!(help.contains(&format!("--{}", setting.flag)), "{}", setting.flag);
            assert!(help.contains(&format!("[env: {}]", setting.env())), "{}", setting.key);
        }
        assert!(help.contains("[default: 127.0.0.1:8080]"));
    }

    #[test]
    fn the_help_begins_with_what_the_program_does() {
        let help = Cli::command().render_long_help().to_string();
        assert!(help.starts_with("Delivers webhooks: "), "{help}");
    }

    #[test]
    fn a_cause_is_said_once() {
        let error = anyhow::anyhow!("timed out").context("Query Error: timed out").context("tried");
        assert_eq!(sentence(&error), "tried: Query Error: timed out");
    }

    #[test]
    fn scopes_and_names_are_read_both_ways() {
        let parse = |line: &str| Cli::try_parse_from(line.split(' ')).map(|cli| cli.command);
        let line = "hookferry token create --company cmp_1 --name t --scope a,b --scope c";
        let Ok(Command::Token(TokenCommand::Create(args))) = parse(line) else { panic!() };
        assert_eq!(args.scopes, ["a", "b", "c"]);
        assert!(parse("hookferry token create --company cmp_1 --name t").is_err());
        assert!(parse("hookferry company create Acme --owner-email a@b").is_ok());
        assert!(parse("hookferry company create --name Acme --owner-email a@b").is_ok());
        assert!(parse("hookferry company create --owner-email a@b").is_err());
        assert!(parse("hookferry company create A --name B --owner-email a@b").is_err());
        let Ok(Command::Serve(args)) = parse("hookferry serve --retries 3 --allow-http") else {
            panic!()
        };
        assert_eq!(args.settings.0.values["retries"], "3");
        assert_eq!(args.settings.0.values["allow_http"], "true");
    }
}
