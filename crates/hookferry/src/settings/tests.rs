use std::io::Write;

use super::*;
use crate::settings::sources::unknown_variables;

fn flags(pairs: &[(&'static str, &str)], config: Option<&str>) -> Flags {
    Flags {
        config: config.map(str::to_owned),
        values: pairs.iter().map(|(key, value)| (*key, (*value).to_owned())).collect(),
    }
}

fn load(
    given: &[(&'static str, &str)],
    environment: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, Refused> {
    let stored = file.map(|text| {
        let mut stored = tempfile::NamedTempFile::new().unwrap();
        stored.write_all(text.as_bytes()).unwrap();
        stored
    });
    let path = stored.as_ref().map(|stored| stored.path().to_str().unwrap().to_owned());
    let look_up = |name: &str| {
        environment.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    };
    let result = Settings::load(flags(given, path.as_deref()), &look_up);
    result.map_err(|refused| {
        let path = path.unwrap_or_else(|| "no file".to_owned());
        Refused(refused.0.into_iter().map(|line| line.replace(&path, "FILE")).collect())
    })
}

fn refusal(environment: &[(&str, &str)]) -> String {
    load(&[], environment, None).unwrap_err().to_string()
}

#[test]
fn nothing_set_is_fine() {
    let settings = load(&[], &[], None).unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.database.url(), "sqlite:./data/hookferry.db");
    assert_eq!(settings.standard_schedule.tries_max(), 145);
    assert_eq!(settings.standard_schedule.wait_after(0), Some(TimeDelta::minutes(10)));
    assert_eq!(settings.policy.streak.warn_after, 50);
    assert_eq!(settings.policy.streak.defective_after, 100);
    assert_eq!(settings.policy.streak.defective_min_duration, TimeDelta::zero());
    assert_eq!(settings.policy.give_up_after, TimeDelta::days(7));
    assert_eq!(settings.timeout, Duration::from_secs(5));
    assert!(settings.allow_networks.is_empty() && !settings.allow_http && settings.mail.is_none());
    assert!(settings.auto_migrate);
}

#[test]
fn a_flag_wins_over_the_environment_over_the_file_over_the_default() {
    let file = Some("retries = 1\nretry_interval = \"1s\"\nwarn_after = 3\n");
    let environment =
        [("HOOKFERRY_RETRIES", "2"), ("HOOKFERRY_RETRY_INTERVAL", "2s"), ("HOOKFERRY_TIMEOUT", "")];
    let settings = load(&[("retries", "3")], &environment, file).unwrap();
    assert_eq!(settings.standard_schedule.tries_max(), 4);
    assert_eq!(settings.standard_schedule.wait_after(0), Some(TimeDelta::seconds(2)));
    assert_eq!(settings.policy.streak.warn_after, 3);
    assert_eq!(settings.timeout, Duration::from_secs(5), "an empty variable is not set");
    let origin = |name: &str| {
        settings.shown.iter().find(|shown| shown.name == name).map(|shown| shown.origin)
    };
    assert_eq!(origin("HOOKFERRY_RETRIES"), Some("flag"));
    assert_eq!(origin("HOOKFERRY_RETRY_INTERVAL"), Some("environment"));
    assert_eq!(origin("HOOKFERRY_WARN_AFTER"), Some("file"));
    assert_eq!(origin("HOOKFERRY_TIMEOUT"), Some("default"));
    assert_eq!(origin("HOOKFERRY_SMTP_URL"), Some("not set"));
}

#[test]
fn the_file_takes_numbers_booleans_and_lists() {
    let file = "retries = 7\nallow_http = true\nallow_networks = [\"10.0.0.0/8\", \"::1\"]\n";
    let settings = load(&[], &[], Some(file)).unwrap();
    assert_eq!(settings.standard_schedule.tries_max(), 8);
    assert!(settings.allow_http);
    let networks: Vec<_> = settings.allow_networks.iter().map(ToString::to_string).collect();
    assert_eq!(networks, ["10.0.0.0/8", "::1/128"]);
}

#[test]
fn the_file_may_not_say_what_nobody_knows() {
    let refused = load(&[], &[], Some("retry_intervall = \"1s\"\nx = 1\n")).unwrap_err();
    assert_eq!(
        refused.0,
        [
            "FILE: `retry_intervall` is not a setting; did you mean `retry_interval`?",
            "FILE: `x` is not a setting",
        ]
    );
    let refused = load(&[], &[], Some("[retries]\nx = 1\n")).unwrap_err();
    assert!(refused.to_string().starts_with("FILE: `retries` must be a text"), "{refused}");
    let refused = load(&[], &[], Some("retries = ")).unwrap_err();
    assert!(refused.to_string().starts_with("HOOKFERRY_CONFIG: \"FILE\" is not TOML"), "{refused}");
    let missing = Settings::load(flags(&[], Some("/nowhere/at/all")), &|_| None).unwrap_err();
    assert!(missing.to_string().contains("cannot be read"), "{missing}");
}

#[test]
fn a_refusal_names_the_setting_the_value_and_what_it_accepts() {
    for (name, value, text) in [
        ("RETRY_INTERVAL", "10x", "\"10x\" is not a duration; it accepts 250ms, 5s, 10m, 30d"),
        ("RETRY_INTERVAL", "0s", "\"0s\" is out of range; it accepts 1ms to 30d"),
        ("TIMEOUT", "31s", "\"31s\" is out of range; it accepts 1s to 30s"),
        ("TIMEOUT", "999ms", "\"999ms\" is out of range; it accepts 1s to 30s"),
        ("RETRIES", "-1", "\"-1\" is not a number; it accepts whole numbers from 0 to 10000"),
        (
            "DEFECTIVE_AFTER",
            "0",
            "\"0\" is out of range; it accepts whole numbers from 1 to 1000000",
        ),
        (
            "WARN_AFTER",
            "101",
            "101 is more than HOOKFERRY_DEFECTIVE_AFTER (100); it accepts 0 (never) to 100",
        ),
        (
            "LISTEN",
            "8080",
            "\"8080\" is not an address and a port; it accepts 127.0.0.1:8080, 0.0.0.0:8080, [::]:8080",
        ),
        ("ALLOW_HTTP", "yes", "\"yes\" is neither true nor false; it accepts true and false"),
        (
            "ALLOW_NETWORKS",
            "10.0.0.0/8,10.0.0.0/33",
            "\"10.0.0.0/8,10.0.0.0/33\" has \"10.0.0.0/33\", which is not a network; it accepts CIDRs separated by commas: 10.1.0.0/16,::1/128",
        ),
        (
            "PUBLIC_URL",
            "https://h.example/x",
            "\"https://h.example/x\" is more than an origin; it accepts an origin such as https://hooks.example.com",
        ),
        ("LOG_FORMAT", "xml", "\"xml\" is no format; it accepts text and json"),
        (
            "PUBLIC_URL",
            "ftp://x",
            "\"ftp://x\" is neither http nor https; it accepts an origin such as https://hooks.example.com",
        ),
        (
            "LOG",
            "inof",
            "\"inof\" has \"inof\", which is neither a level nor MODULE=LEVEL; it accepts error, warn, info, debug, trace, off and filters such as info,dispatch=debug",
        ),
        (
            "ADMIN_TOKEN",
            "hkf_0123456789abcdef",
            "the value begins with hkf_ as the tokens of companies do; it accepts anything else",
        ),
        ("DATA_DIR", " ", "\" \" is empty; it accepts the path of a folder"),
        ("SIGNUP", "maybe", "\"maybe\" is no mode; it accepts open and closed"),
        (
            "SMTP_URL",
            "smtp://u:hush@mail:25",
            "is required with HOOKFERRY_SMTP_URL; it accepts hooks@example.com and Hookferry <hooks@example.com>",
        ),
    ] {
        let variable = format!("HOOKFERRY_{name}");
        let named = if name == "SMTP_URL" { "HOOKFERRY_MAIL_FROM" } else { &variable };
        assert_eq!(refusal(&[(&variable, value)]), format!("{named}: {text}"));
    }
}

#[test]
fn everything_wrong_is_said_at_once_and_by_its_place() {
    let refused =
        load(&[("retries", "many")], &[("HOOKFERRY_LOG_FORMAT", "xml")], Some("timeout = 5"))
            .unwrap_err();
    assert_eq!(
        refused.0,
        [
            "HOOKFERRY_RETRIES (--retries): \"many\" is not a number; it accepts whole numbers from 0 to 10000",
            "HOOKFERRY_TIMEOUT (timeout in FILE): \"5\" is not a duration; it accepts 250ms, 5s, 10m, 30d",
            "HOOKFERRY_LOG_FORMAT: \"xml\" is no format; it accepts text and json",
        ]
    );
}

#[test]
fn secrets_are_neither_echoed_nor_shown() {
    let text = refusal(&[
        ("HOOKFERRY_ADMIN_TOKEN", "hush-hush"),
        ("HOOKFERRY_DATABASE_URL", "mysql://u:hush@h/d"),
        ("HOOKFERRY_SMTP_URL", "hush"),
    ]);
    assert!(!text.contains("hush"), "{text}");
    let settings = load(
        &[],
        &[
            ("HOOKFERRY_ADMIN_TOKEN", "hush-hush-hush-hush"),
            ("HOOKFERRY_DATABASE_URL", "postgres://u:hush@h/d?password=hush"),
            ("HOOKFERRY_SMTP_URL", "smtp://u:hush@h?tls=required"),
            ("HOOKFERRY_MAIL_FROM", "Hooks <h@example.com>"),
        ],
        None,
    )
    .unwrap();
    let shown = format!("{:?}", settings.shown);
    assert!(!shown.contains("hush"), "{shown}");
    assert!(shown.contains("postgres://u:hidden@h/d"), "{shown}");
}

#[test]
fn a_filter_has_levels_and_modules_that_can_be() {
    for fine in [
        "info",
        "WARN",
        "off",
        "info,dispatch=debug",
        "hyper::proto",
        "store[settle]=trace,",
        "[x{a}]=debug",
    ] {
        assert!(load(&[("log", fine)], &[], None).is_ok(), "{fine}");
    }
    for wrong in
        ["inof", "info,dispatch", "info,dispatch=debgu", "dispatch=", "=info", "wran,info", "a b"]
    {
        let refused = load(&[("log", wrong)], &[], None).unwrap_err().to_string();
        assert!(refused.contains("it accepts error, warn, info"), "{wrong}: {refused}");
    }
}

#[test]
fn an_empty_data_directory_is_refused() {
    let refused = load(&[("data_dir", "")], &[], None).unwrap_err().to_string();
    assert_eq!(
        refused,
        "HOOKFERRY_DATA_DIR (--data-dir): \"\" is empty; it accepts the path of a folder"
    );
}

#[test]
fn a_variable_that_is_no_setting_is_told_with_the_nearest() {
    let told = unknown_variables([
        ("HOOKFERRY_RETRYS", "5"),
        ("HOOKFERRY_RETRIES", "5"),
        ("HOOKFERRY_CONFIG", "x"),
        ("HOOKFERRY_TOKEN", "x"),
        ("HOOKFERRY_XYZZY", ""),
        ("HOOKFERRY_PORT", "8080"),
        ("RETRYS", "5"),
    ]);
    assert_eq!(
        told,
        [
            "HOOKFERRY_RETRYS is not a setting and has no effect; did you mean HOOKFERRY_RETRIES?",
            "HOOKFERRY_XYZZY is not a setting and has no effect",
            "HOOKFERRY_PORT is not a setting and has no effect",
        ]
    );
    let injected = [
        ("HOOKFERRY_PORT", "tcp://10.0.0.1:8080"),
        ("HOOKFERRY_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("HOOKFERRY_SERVICE_HOST", "10.0.0.1"),
        ("HOOKFERRY_SERVICE_PORT_HTTP", "8080"),
    ];
    assert_eq!(unknown_variables(injected), [""; 0]);
}
