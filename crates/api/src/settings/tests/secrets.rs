//! Tests of keys and secrets that are refused.

use rstest::rstest;

use super::*;

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
    assert_refused(keys, named);
}

#[rstest]
fn a_name_that_could_be_taken_for_another_is_refused(
    #[values("user", "WeChat", "operator", "", " ", "user ")] name: &str,
) {
    let keys = format!(r#"[{{"name":"{name}","key":"0123456789abcdef"}}]"#);
    assert_refused(&keys, "admin.api_keys[0].name");
}

fn assert_refused(keys: &str, named: &str) {
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
#[case::blank_id(r#""app_id":" ","secret":"s""#, "app_id")]
#[case::padded_id(r#""app_id":"wx01 ","secret":"s""#, "app_id")]
#[case::blank_secret(r#""app_id":"wx01","secret":" ""#, "secret")]
#[case::empty_secret(r#""app_id":"wx01","secret":"""#, "secret")]
#[case::three(r#""app_id":"wx01","secrets":["s","t","u"]"#, "secrets")]
#[case::second_padded(r#""app_id":"wx01","secrets":["s","t "]"#, "secrets")]
#[case::none(r#""app_id":"wx01""#, "secret")]
fn an_app_without_an_id_and_a_secret_is_refused_by_name(#[case] app: &str, #[case] named: &str) {
    assert_app_refused(app, named);
}

#[rstest]
#[case::both(r#""secrets":["t"]"#, "secrets")]
#[case::relay_alone(
    r#""push_relay":[{"events":["*"],"url":"http://127.0.0.1:1/","secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}]"#,
    "push_relay"
)]
#[case::empty_token(r#""push_token":"""#, "push_token")]
#[case::blank_token(r#""push_token":"   ""#, "push_token")]
#[case::short_token(r#""push_token":"ab""#, "push_token")]
#[case::key_alone(
    r#""push_aes_key":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA""#,
    "push_token"
)]
#[case::empty_key(r#""push_token":"abc","push_aes_key":"""#, "push_aes_key")]
#[case::short_key(r#""push_token":"abc","push_aes_key":"AAAA""#, "push_aes_key")]
#[case::empty_platform(r#""open_platform":"""#, "open_platform")]
#[case::padded_platform(r#""open_platform":"shop ""#, "open_platform")]
fn what_would_weaken_an_app_is_refused_by_name(#[case] setting: &str, #[case] named: &str) {
    assert_app_refused(&format!(r#""app_id":"wx01","secret":"s",{setting}"#), named);
}

fn assert_app_refused(app: &str, named: &str) {
    let refused = with_variables(&[("WXLOGIN_APPS", &format!("[{{{app}}}]"))]).unwrap_err();
    let said = refused.to_string();
    assert!(said.starts_with(&format!("apps[0].{named}:")), "{said}");
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
    let file = file_of(held);
    let path = file.path().to_str().unwrap();
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
    let file = file_of(&format!("{SECRET}{end}"));
    let settings = with_variables(&[
        ("WXLOGIN_APP_ID", "wx01"),
        ("WXLOGIN_APP_SECRET_FILE", file.path().to_str().unwrap()),
    ]);
    assert_eq!(settings.unwrap().apps[0].secret.expose(), SECRET);
}
