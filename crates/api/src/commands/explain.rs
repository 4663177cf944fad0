//! `wxlogin explain`: what an error means, who must act, and what to do.

use anyhow::bail;
use wxclient::catalogue::{self, Category, Verdict};

use super::print;
use crate::http::ErrorCode;

pub(super) fn run(error: &str) -> anyhow::Result<()> {
    let Some(text) = explain(error) else {
        bail!(
            "{error} is neither a code of WeChat's nor an id of ours; \
             an unknown code of WeChat's is answered as {} ({})",
            ErrorCode::WechatBadAnswer.entry().id,
            ErrorCode::WechatBadAnswer.entry().status,
        );
    };
    Ok(print(&text)?)
}

fn explain(error: &str) -> Option<String> {
    match error.parse::<i64>() {
        Ok(code) => catalogue::find(code).map(of_wechat),
        Err(_) => ErrorCode::from_id(error).map(of_ours),
    }
}

fn of_wechat(entry: &catalogue::Entry) -> String {
    let heading = format!(
        "{}  {}\n       {}\n",
        entry.code, entry.meaning.zh, entry.meaning.en
    );
    let elsewhere = entry.elsewhere.iter().map(|deviation| {
        let paths: Vec<_> = deviation.apis.iter().map(|api| api.path()).collect();
        format!("at {}:\n{}", paths.join(", "), verdict(&deviation.verdict))
    });
    heading + &verdict(&entry.verdict) + &elsewhere.collect::<String>()
}

fn verdict(verdict: &Verdict) -> String {
    let answer = match (verdict.category, verdict.failure) {
        (Category::Success, _) => String::from("200"),
        (_, None) => String::from("none"),
        (_, Some(failure)) => {
            let entry = ErrorCode::from(failure).entry();
            format!("{} {}", entry.status, entry.id)
        }
    };
    format!(
        "  who acts:    {}\n  处理:        {}\n  what to do:  {}\n  asked again: {}\n  our answer:  {answer}\n",
        verdict.actor, verdict.todo.zh, verdict.todo.en, verdict.retry,
    )
}

fn of_ours(code: ErrorCode) -> String {
    let entry = code.entry();
    format!(
        "{}  {}\n  status:      {}\n  meaning:     {}\n  who acts:    {}\n  what to do:  {}\n",
        entry.id, entry.msg, entry.status, entry.meaning, entry.actor, entry.action,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wechats_codes_and_our_ids_are_explained() {
        let used = explain("40163").unwrap();
        assert!(
            used.contains("code_invalid") && used.contains("wx.login"),
            "{used}"
        );
        assert!(explain("-1").unwrap().contains("wechat_unavailable"));
        assert!(explain("code_invalid").unwrap().contains("401"));
    }

    #[test]
    fn an_unknown_error_has_no_explanation() {
        assert!(explain("99999").is_none() && explain("no_such_error").is_none());
    }
}
