//! What is read from where, and how what is wrong is said.

use std::collections::HashMap;

use rstest::rstest;

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

#[test]
fn nothing_configured_gives_the_documented_defaults() {
    let settings = with_variables(&[]).unwrap();
    assert_eq!(settings.server.listen, Listen::loopback(5000));
    assert_eq!(settings.server.ops_listen, Listen::loopback(9090));
    assert_eq!(settings.database.url.expose(), "sqlite://data/wxlogin.db");
    assert_eq!(
        (
            settings.server.max_body_bytes,
            settings.server.shutdown_timeout_ms
        ),
        (65_536, 15_000)
    );
    assert_eq!(
        (
            settings.database.pool_size,
            settings.database.acquire_timeout_ms,
            settings.database.timeout_ms
        ),
        (16, 2_000, 5_000)
    );
    assert_eq!(
        (settings.tokens.access_ttl_s, settings.tokens.refresh_ttl_s),
        (900, 2_592_000)
    );
    assert_eq!(
        (
            settings.limits.login_per_minute_per_ip,
            settings.limits.max_inflight
        ),
        (60, 1_024)
    );
    assert_eq!(settings.open_data.max_age_s, 300);
    assert!(settings.apps.is_empty() && settings.database.migrate_on_start);
}

#[test]
fn the_environment_wins_over_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wxlogin.toml");
    std::fs::write(&file, "[tokens]\nissuer = \"file\"\naccess_ttl_s = 60\n").unwrap();
    let variables = [
        ("WXLOGIN_TOKENS__ISSUER", "environment"),
        ("WXLOGIN_CONFIG", file.to_str().unwrap()),
    ];
    let settings = with_variables(&variables).unwrap();
    assert_eq!(
        (
            settings.tokens.issuer.as_str(),
            settings.tokens.access_ttl_s
        ),
        ("environment", 60)
    );
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
    assert_eq!(
        (
            settings.apps[0].app_id.as_str(),
            settings.apps[0].secret.expose()
        ),
        ("wx01", SECRET)
    );
}

#[test]
fn a_secret_may_stand_in_a_file_of_its_own() {
    let settings =
        with_file("[[apps]]\napp_id = \"wx01\"\nsecret_file = \"$FOLDER/secret\"\n").unwrap();
    assert_eq!(settings.apps[0].secret.expose(), SECRET);

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET_FILE", file.to_str().unwrap()),
    ])
    .unwrap();
    assert_eq!(settings.apps[0].secret.expose(), SECRET);
}

#[test]
fn the_apps_in_the_environment_may_name_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let apps = serde_json::json!([{ "app_id": "wx01", "secret_file": file }]).to_string();
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
    assert_eq!(
        (bare.scopes.as_ref(), named.scopes.as_deref()),
        (None, Some(&[Scope::Read][..]))
    );
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
    assert_eq!(security.private_key.expose(), SECRET);
    assert_eq!(security.platform_certificate, SECRET);
}

/// What is said of a list of API keys in JSON, or "taken".
fn said_of_keys(keys: &str) -> String {
    match with_variables(&[("WXLOGIN_ADMIN__API_KEYS", keys)]) {
        Ok(_) => String::from("taken"),
        Err(refused) => format!("{refused} / {refused:?}"),
    }
}

#[rstest]
#[case::one_letter(r#"["a"]"#, "admin.api_keys[0]")]
#[case::fifteen(r#"["0123456789abcde"]"#, "admin.api_keys[0]")]
#[case::fifteen_named(
    r#"[{"name":"desk","key":"0123456789abcde"}]"#,
    "admin.api_keys[0].key"
)]
#[case::empty(r#"[{"name":"desk","key":""}]"#, "admin.api_keys[0].key")]
#[case::blank(r#"["                "]"#, "admin.api_keys[0]")]
#[case::one_letter_often(r#"["aaaaaaaaaaaaaaaaaaaa"]"#, "admin.api_keys[0]")]
#[case::padded(r#"[" 0123456789abcdef"]"#, "admin.api_keys[0]")]
#[case::quoted(r#"["'0123456789abcdef'"]"#, "admin.api_keys[0]")]
#[case::alike(r#"["0123456789abcdef","0123456789abcdef"]"#, "admin.api_keys[1]")]
#[case::alike_named(
    r#"["0123456789abcdef",{"name":"desk","key":"0123456789abcdef"}]"#,
    "admin.api_keys[1].key"
)]
#[case::user(
    r#"[{"name":"user","key":"0123456789abcdef"}]"#,
    "admin.api_keys[0].name"
)]
#[case::wechat(
    r#"[{"name":"WeChat","key":"0123456789abcdef"}]"#,
    "admin.api_keys[0].name"
)]
#[case::operator(
    r#"[{"name":"operator","key":"0123456789abcdef"}]"#,
    "admin.api_keys[0].name"
)]
#[case::no_name(r#"[{"name":"","key":"0123456789abcdef"}]"#, "admin.api_keys[0].name")]
#[case::blank_name(r#"[{"name":" ","key":"0123456789abcdef"}]"#, "admin.api_keys[0].name")]
#[case::padded_name(
    r#"[{"name":"user ","key":"0123456789abcdef"}]"#,
    "admin.api_keys[0].name"
)]
#[case::names_alike(
    r#"[{"name":"desk","key":"0123456789abcdef"},{"name":"Desk","key":"1123456789abcdef"}]"#,
    "admin.api_keys[1].name"
)]
#[case::a_name_that_a_bare_key_has(
    r#"["0123456789abcdef",{"name":"key-1","key":"1123456789abcdef"}]"#,
    "admin.api_keys[1].name"
)]
#[case::a_bare_key_whose_name_is_taken(
    r#"[{"name":"key-2","key":"0123456789abcdef"},"1123456789abcdef"]"#,
    "admin.api_keys[1].name"
)]
fn a_weak_or_ambiguous_key_is_refused_by_name(#[case] keys: &str, #[case] named: &str) {
    let said = said_of_keys(keys);
    assert!(said.starts_with(&format!("{named}:")), "{said}");
    assert!(!said.contains("23456789abc"), "{said}");
}

#[test]
fn sixteen_characters_and_a_name_of_its_own_are_a_key() {
    let keys = r#"["0123456789abcdef",{"name":"users","key":"1123456789abcdef"}]"#;
    assert_eq!(said_of_keys(keys), "taken");
    assert_eq!(said_of_keys("0123456789abcdef, 1123456789abcdef"), "taken");
}

#[rstest]
#[case::blank_id(r#""app_id":" ","secret":"s""#, "apps[0].app_id")]
#[case::padded_id(r#""app_id":"wx01 ","secret":"s""#, "apps[0].app_id")]
#[case::blank_secret(r#""app_id":"wx01","secret":" ""#, "apps[0].secret")]
#[case::empty_secret(r#""app_id":"wx01","secret":"""#, "apps[0].secret")]
#[case::both(r#""app_id":"wx01","secret":"s","secrets":["t"]"#, "apps[0].secrets")]
#[case::three(r#""app_id":"wx01","secrets":["s","t","u"]"#, "apps[0].secrets")]
#[case::second_padded(r#""app_id":"wx01","secrets":["s","t "]"#, "apps[0].secrets")]
#[case::none(r#""app_id":"wx01""#, "apps[0].secret")]
#[case::relay_alone(
    r#""app_id":"wx01","secret":"s","push_relay":[{"events":["*"],"url":"http://127.0.0.1:1/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]"#,
    "apps[0].push_relay"
)]
#[case::empty_token(
    r#""app_id":"wx01","secret":"s","push_token":"""#,
    "apps[0].push_token"
)]
#[case::blank_token(
    r#""app_id":"wx01","secret":"s","push_token":"   ""#,
    "apps[0].push_token"
)]
#[case::short_token(
    r#""app_id":"wx01","secret":"s","push_token":"ab""#,
    "apps[0].push_token"
)]
#[case::key_alone(
    r#""app_id":"wx01","secret":"s","push_aes_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
    "apps[0].push_token"
)]
#[case::empty_key(
    r#""app_id":"wx01","secret":"s","push_token":"abc","push_aes_key":"""#,
    "apps[0].push_aes_key"
)]
#[case::short_key(
    r#""app_id":"wx01","secret":"s","push_token":"abc","push_aes_key":"AAAA""#,
    "apps[0].push_aes_key"
)]
#[case::empty_platform(
    r#""app_id":"wx01","secret":"s","open_platform":"""#,
    "apps[0].open_platform"
)]
#[case::padded_platform(
    r#""app_id":"wx01","secret":"s","open_platform":"shop ""#,
    "apps[0].open_platform"
)]
fn what_would_weaken_an_app_is_refused_by_name(#[case] app: &str, #[case] named: &str) {
    let refused = with_variables(&[("WXLOGIN_APPS", &format!("[{{{app}}}]"))]).unwrap_err();
    assert!(
        refused.to_string().starts_with(&format!("{named}:")),
        "{refused}"
    );
}

#[rstest]
fn a_file_that_cannot_hold_a_secret_is_refused_by_name(
    #[values(
        "\u{feff}5ecre7",
        "\n5ecre7\n",
        "\r\n5ecre7",
        "\"5ecre7\"\n",
        "'5ecre7'",
        " 5ecre7",
        "5ecre7 \n",
        "5ecre7\t",
        "5ecre7\n5ecre7\n",
        "",
        "\n"
    )]
    held: &str,
) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    std::fs::write(&file, held).unwrap();
    let path = file.to_str().unwrap();
    let single = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET_FILE", path),
    ]);
    let json = serde_json::json!([{ "app_id": "wx01", "secret_file": path }]).to_string();
    let listed = with_variables(&[("WXLOGIN_APPS", &json)]);
    for (refused, named) in [(single, "WXLOGIN_APP_SECRET"), (listed, "apps[0].secret")] {
        let said = refused.unwrap_err().to_string();
        assert!(said.contains(named) && !said.contains("5ecre7"), "{said}");
    }
}

#[rstest]
fn the_line_break_at_the_end_of_a_file_is_fine(#[values("\n", "\r\n", "\n\n", "")] end: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("held");
    std::fs::write(&file, format!("{SECRET}{end}")).unwrap();
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET_FILE", file.to_str().unwrap()),
    ]);
    assert_eq!(settings.unwrap().apps[0].secret.expose(), SECRET);
}
