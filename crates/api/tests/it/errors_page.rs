//! `docs/errors.md` is what the catalogue of WeChat's errcodes and the table of our errors say.

use std::fmt::Write as _;
use std::path::Path;

use api::http::ErrorCode;
use wxclient::catalogue::{
    BREAKER_OPEN, CUT_OFF, Category, Entry, MALFORMED, NOT_CONNECTED, OVERLOADED, TIMEOUT, Text,
    UNKNOWN, Verdict, groups,
};

const INTRODUCTION: &str = "\
<!-- Generated from crates/wxclient/src/catalogue; UPDATE_DOCS=1 cargo test -p api errors_page writes it anew. -->

# WeChat's error codes

What each errcode means, who must act, what to do, whether the service asks WeChat again by
itself, and what it answers its own client (HTTP status and the `error` field). WeChat answers
HTTP 200 for success and failure alike; the errcode decides. `errmsg` is not stable and is never
looked at, passed on or logged, but for its rid.
";

#[test]
fn the_page_of_error_codes_is_up_to_date() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    let rendered = render();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, &rendered).unwrap();
    }
    let committed = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        committed == rendered,
        "docs/errors.md does not match the catalogue; run UPDATE_DOCS=1 cargo test -p api errors_page"
    );
}

fn render() -> String {
    let mut page = INTRODUCTION.to_owned();
    for group in groups() {
        heading(&mut page, group.title);
        group
            .entries
            .iter()
            .for_each(|entry| rows(&mut page, entry));
    }
    heading(&mut page, "Without an errcode, or with an unknown one");
    row(&mut page, "any other", UNKNOWN.meaning, &UNKNOWN.verdict);
    for (zh, en, verdict) in [
        (
            "连接失败,请求未发出",
            "no connection; nothing was sent",
            &NOT_CONNECTED,
        ),
        (
            "并发已满,请求未发出",
            "too many calls at once; nothing was sent",
            &OVERLOADED,
        ),
        (
            "微信持续不可用,暂停调用",
            "WeChat has been away and is not asked for a while",
            &BREAKER_OPEN,
        ),
        ("超时无应答", "no answer in time", &TIMEOUT),
        ("发送后连接中断", "cut off after sending", &CUT_OFF),
        (
            "应答不是 200、不是 JSON 或缺少字段",
            "a status other than 200 (redirects too), not JSON, or a field missing",
            &MALFORMED,
        ),
    ] {
        row(&mut page, "–", Text { zh, en }, verdict);
    }
    page
}

fn heading(page: &mut String, title: &str) {
    page.push_str("\n## ");
    page.push_str(title);
    page.push_str("\n\n| code | 含义 | meaning | kind | who acts | 处理 | what to do | asked again | answer |\n");
    page.push_str("|---|---|---|---|---|---|---|---|---|\n");
}

/// An entry's row, and one for each API where something else follows.
fn rows(page: &mut String, entry: &Entry) {
    row(page, &entry.code.to_string(), entry.meaning, &entry.verdict);
    if let Some(deviation) = &entry.elsewhere {
        let paths: Vec<_> = deviation.apis.iter().map(|api| api.path()).collect();
        let code = format!("{} at `{}`", entry.code, paths.join("`, `"));
        row(page, &code, entry.meaning, &deviation.verdict);
    }
}

fn row(page: &mut String, code: &str, meaning: Text, verdict: &Verdict) {
    let Verdict {
        category,
        actor,
        todo,
        retry,
        failure,
    } = verdict;
    let answer = match (category, failure) {
        (Category::Success, _) => "200".to_owned(),
        (_, None) => "–".to_owned(),
        (_, Some(failure)) => {
            let entry = ErrorCode::from(*failure).entry();
            format!("{} `{}`", entry.status, entry.id)
        }
    };
    // Writing to a String does not fail.
    let _ = writeln!(
        page,
        "| {code} | {} | {} | {category} | {actor} | {} | {} | {retry} | {answer} |",
        meaning.zh, meaning.en, todo.zh, todo.en,
    );
}
