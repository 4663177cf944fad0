//! Tests of the sources of settings and of their errors.

mod secrets;

use std::collections::HashMap;

use rstest::rstest;
use secrecy::ExposeSecret;

use super::*;

const SECRET: &str = "5ecre75ecre75ecre75ecre75ecre75e";

fn with_variables(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Settings::read(None, &variables.iter().map(owned).collect())
}

fn with_file(toml: &str) -> Result<Settings, SettingsError> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wxlogin.toml");
    std::fs::write(
        &file,
        toml.replace("$FOLDER", folder.path().to_str().unwrap()),
    )
    .unwrap();
    std::fs::write(folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    Settings::read(Some(&file), &HashMap::new())
}

fn file_of(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, text).unwrap();
    file
}

#[test]
fn nothing_configured_gives_the_documented_defaults() {
    let settings = with_variables(&[]).unwrap();
    assert_eq!(settings.server.listen, Listen::loopback(5000));
    assert_eq!(settings.server.ops_listen, Listen::loopback(9090));
    assert_eq!(settings.database.url.expose(), "sqlite://data/wxlogin.db");
    assert_eq!(settings.server.max_body_bytes, 65_536);
    assert_eq!(settings.server.shutdown_timeout_ms, 15_000);
    assert_eq!(settings.database.pool_size, 16);
    assert_eq!(settings.database.acquire_timeout_ms, 2_000);
    assert_eq!(settings.database.timeout_ms, 5_000);
    assert_eq!(settings.tokens.access_ttl_s, 900);
    assert_eq!(settings.tokens.refresh_ttl_s, 2_592_000);
    assert_eq!(settings.limits.login_per_minute_per_ip, 60);
    assert_eq!(settings.limits.max_inflight, 1_024);
    assert_eq!(settings.open_data.max_age_s, 300);
    assert!(settings.apps.is_empty() && settings.database.migrate_on_start);
}

#[test]
fn the_environment_wins_over_the_file() {
    let file = file_of("[tokens]\nissuer = \"file\"\naccess_ttl_s = 60\n");
    let variables = [
        ("WXLOGIN_TOKENS__ISSUER", "environment"),
        ("WXLOGIN_CONFIG", file.path().to_str().unwrap()),
    ];
    let settings = with_variables(&variables).unwrap();
    assert_eq!(settings.tokens.issuer.as_str(), "environment");
    assert_eq!(settings.tokens.access_ttl_s, 60);
}

#[test]
fn lists_come_separated_by_commas_and_apps_as_json() {
    let settings = with_variables(&[
        ("WXLOGIN_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, 192.0.2.7"),
        ("WXLOGIN_MASTER_KEY", "one,two"),
        (
            "WXLOGIN_APPS",
            r#"[{"app_id":"wx01","secret":"s","open_platform":"shop"}]"#,
        ),
    ])
    .unwrap();
    assert_eq!(settings.server.trusted_proxies.len(), 2);
    assert_eq!(settings.master_key.len(), 2);
    assert_eq!(settings.apps[0].open_platform.as_deref(), Some("shop"));
}

#[test]
fn the_shorthands_mean_what_the_long_forms_mean() {
    let settings = with_variables(&[
        ("DATABASE_URL", "postgres://db/wxlogin"),
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET", SECRET),
    ])
    .unwrap();
    assert_eq!(settings.database.url.expose(), "postgres://db/wxlogin");
    assert_eq!(settings.apps[0].app_id.as_str(), "wx01");
    assert_eq!(settings.apps[0].secret.expose(), SECRET);
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let settings =
        with_file("[[apps]]\napp_id = \"wx01\"\nsecret_file = \"$FOLDER/secret\"\n").unwrap();
    assert_eq!(settings.apps[0].secret.expose(), SECRET);

    let file = file_of(&format!("{SECRET}\n"));
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET_FILE", file.path().to_str().unwrap()),
    ])
    .unwrap();
    assert_eq!(settings.apps[0].secret.expose(), SECRET);
}

#[test]
fn the_apps_in_the_environment_may_name_files_too() {
    let file = file_of(&format!("{SECRET}\n"));
    let apps = serde_json::json!([{ "app_id": "wx01", "secret_file": file.path() }]).to_string();
    let settings = with_variables(&[("WXLOGIN_APPS", &apps)]).unwrap();
    assert_eq!(settings.apps[0].secret.expose(), SECRET);
}

#[rstest]
#[case::none("", &[])]
#[case::one("audience = \"orders\"", &["orders"])]
#[case::with_a_comma("audience = \"a,b\"", &["a,b"])]
#[case::several("audience = [\"orders\", \"chat\"]", &["orders", "chat"])]
fn tokens_may_be_for_none_one_or_several(#[case] text: &str, #[case] expected: &[&str]) {
    let text = format!("[tokens]\nalgorithm = \"RS256\"\n{text}\n");
    let tokens = with_file(&text).unwrap().tokens;
    assert_eq!(tokens.audience, expected);
    assert_eq!(tokens.algorithm.as_str(), "RS256");
}

#[test]
fn an_audience_without_a_name_is_refused() {
    let refused = with_file("[tokens]\naudience = [\"orders\", \"\"]\n").unwrap_err();
    assert!(
        refused.to_string().starts_with("tokens.audience"),
        "{refused}"
    );
}

#[test]
fn a_key_may_be_bare_or_named_with_scopes() {
    let settings = with_file(
        "[admin]\napi_keys = [\"0123456789abcdef\", { name = \"desk\", key = \"fedcba9876543210\", scopes = [\"read\"] }]",
    )
    .unwrap();
    let [bare, named] = &settings.admin.api_keys[..] else {
        panic!("two keys")
    };
    assert_eq!(bare.scopes.as_ref(), None);
    assert_eq!(named.scopes.as_deref(), Some(&[Scope::Read][..]));
    assert_eq!(named.name.as_deref(), Some("desk"));
}

#[rstest]
#[case::unknown("WXLOGIN_SERVER__LISTENN", "127.0.0.1:1", "server.listenn")]
#[case::unknown_section("WXLOGIN_SERVRE__LISTEN", "127.0.0.1:1", "servre")]
#[case::a_word_for_a_number("WXLOGIN_SERVER__WORKERS", "secret-words", "server.workers")]
#[case::too_large("WXLOGIN_TOKENS__ACCESS_TTL_S", "99999999999", "tokens.access_ttl_s")]
#[case::negative("WXLOGIN_TOKENS__ACCESS_TTL_S", "-5", "tokens.access_ttl_s")]
#[case::zero("WXLOGIN_DATABASE__POOL_SIZE", "0", "database.pool_size")]
#[case::no_address("WXLOGIN_SERVER__LISTEN", "secret-words", "server.listen")]
#[case::no_algorithm("WXLOGIN_TOKENS__ALGORITHM", "secret-words", "tokens.algorithm")]
#[case::an_algorithm_of_secrets("WXLOGIN_TOKENS__ALGORITHM", "HS256", "tokens.algorithm")]
#[case::no_network(
    "WXLOGIN_SERVER__TRUSTED_PROXIES",
    "secret-words",
    "server.trusted_proxies"
)]
#[case::no_url("WXLOGIN_WECHAT__BASE_URL", "secret-words", "wechat.base_url")]
#[case::no_format("WXLOGIN_LOG__FORMAT", "secret-words", "log.format")]
#[case::no_database("DATABASE_URL", "mysql://secret-words", "database.url")]
#[case::no_json("WXLOGIN_APPS", "[{secret-words", "WXLOGIN_APPS")]
#[case::no_list("WXLOGIN_APPS", "secret-words", "WXLOGIN_APPS")]
#[case::half_an_app("WXLOGIN_APPS", r#"[{"app_id":"secret-words"}]"#, "apps[0].secret")]
#[case::secret_alone("WXLOGIN_APP_SECRET", "secret-words", "WXLOGIN_APP_ID")]
#[case::no_file(
    "WXLOGIN_MASTER_KEY_FILE",
    "/nowhere/secret-words",
    "WXLOGIN_MASTER_KEY_FILE"
)]
#[case::no_bucket("WXLOGIN_AVATARS__URL", "s3://", "avatars.url")]
#[case::a_prefix_without_a_bucket("WXLOGIN_AVATARS__URL", "s3:///secret-words", "avatars.url")]
#[case::a_blank_audience("WXLOGIN_TOKENS__AUDIENCE", " , ", "tokens.audience")]
#[case::base_url_alone("WXLOGIN_WECHAT__BASE_URL", "http://127.0.0.1:1", "wechat.base_url")]
fn what_is_wrong_is_named_and_not_shown(
    #[case] variable: &str,
    #[case] value: &str,
    #[case] named: &str,
) {
    let refused = with_variables(&[(variable, value)]).unwrap_err();
    let said = format!("{refused} / {refused:?}");
    assert!(said.contains(named), "{said}");
    assert!(
        !said.contains("secret-words") && !said.contains("99999999999"),
        "{said}"
    );
}

#[test]
fn more_workers_than_actix_web_starts_are_refused() {
    for (workers, is_good) in [("512", true), ("513", false), ("4294967295", false)] {
        let settings = with_variables(&[("WXLOGIN_SERVER__WORKERS", workers)]);
        assert_eq!(settings.is_ok(), is_good, "{workers}");
    }
}

#[test]
fn a_syntax_error_names_the_line_and_does_not_quote_it() {
    let refused = with_file(&format!("[server]\n\n[[apps]]\nsecret = {SECRET}\"\n")).unwrap_err();
    let said = format!("{refused} / {refused:?}");
    assert!(said.contains("line 4") && !said.contains(SECRET), "{said}");
}

#[test]
fn two_apps_with_one_id_are_refused() {
    let apps = r#"[{"app_id":"wx01","secret":"s"},{"app_id":"wx01","secret":"t"}]"#;
    let refused = with_variables(&[("WXLOGIN_APPS", apps)]).unwrap_err();
    assert!(refused.to_string().contains("apps[1].app_id"), "{refused}");
}

#[test]
fn the_sandbox_is_not_shown_to_the_network_unless_one_says_so() {
    let check = |variables: &[(&str, &str)]| {
        with_variables(variables)
            .unwrap()
            .check_sandbox_is_private()
    };
    let everywhere = ("WXLOGIN_SERVER__LISTEN", "0.0.0.0:5000");
    let refused = check(&[everywhere]).unwrap_err();
    assert!(refused.to_string().contains("server.listen"), "{refused}");
    check(&[everywhere, ("WXLOGIN_SANDBOX__ALLOW_REMOTE", "true")]).unwrap();
    check(&[
        everywhere,
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET", "s"),
    ])
    .unwrap();
}

#[test]
fn debug_shows_no_secret() {
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET", SECRET),
        ("DATABASE_URL", &format!("postgres://u:{SECRET}@db/wxlogin")),
        ("WXLOGIN_MASTER_KEY", SECRET),
        ("WXLOGIN_ADMIN__API_KEYS", SECRET),
    ])
    .unwrap();
    assert!(!format!("{settings:?}").contains(SECRET));
}

#[test]
fn an_empty_variable_is_an_absent_one() {
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", ""),
        ("WXLOGIN_APP_SECRET", ""),
        ("DATABASE_URL", ""),
    ])
    .unwrap();
    assert!(settings.apps.is_empty());
    assert_eq!(settings.database.url.expose(), "sqlite://data/wxlogin.db");
}

#[test]
fn the_keys_of_api_security_may_stand_in_files() {
    let settings = with_file(
        "[[apps]]\napp_id = \"wx01\"\nsecret = \"s\"\n[apps.api_security]\n\
         symmetric_key_file = \"$FOLDER/secret\"\nsymmetric_key_serial = \"1\"\n\
         private_key_file = \"$FOLDER/secret\"\nprivate_key_serial = \"2\"\n\
         platform_certificate_file = \"$FOLDER/secret\"\nplatform_certificate_serial = \"3\"\n",
    );
    let security = settings.unwrap().apps[0].api_security.clone().unwrap();
    assert_eq!(security.private_key.expose_secret(), SECRET);
    assert_eq!(security.platform_certificate, SECRET);
}
