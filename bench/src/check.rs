//! Whether a program opens and checks the data of a login, and stores the profile in it. One that does
//! not has less to do, and must not be compared.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use serde_json::Value;

use crate::guests::with_data;
use crate::load::{Connection, get, post};
use crate::open_data::{nick_name, user_info_map};
use crate::programs::APP_ID;
use crate::wechat::Session;

/// Tries logins of a user who takes no part in the load. `run` is another number each time.
///
/// # Errors
/// If the program accepts data of another app or session, or does not store the profile.
pub(crate) async fn check(program: SocketAddr, run: u32) -> anyhow::Result<()> {
    let mut connection = Connection::open(program).await?;
    let foreign = [
        (
            "app",
            "check.1.app",
            user_info_map(&Session::of("check.1."), "wxother"),
        ),
        (
            "session",
            "check.1.session",
            user_info_map(&Session::of("check.2."), APP_ID),
        ),
    ];
    for (of_another, code, data) in foreign {
        let status = connection.status(&login(code, run, &data)).await?;
        ensure!(
            (400..500).contains(&status),
            "data of another {of_another} is answered with {status}"
        );
    }
    let data = user_info_map(&Session::of("check.1."), APP_ID);
    let answer: Value = serde_json::from_slice(
        connection
            .exchange(&login("check.1.own", run, &data))
            .await?,
    )?;
    let token = answer.pointer("/data/token").and_then(Value::as_str);
    let mut request = Vec::new();
    get(
        &mut request,
        "/user/me",
        token.context("a login without a token")?,
    );
    let answer: Value = serde_json::from_slice(connection.exchange(&request).await?)?;
    let stored = answer.pointer("/data/nickName").and_then(Value::as_str);
    ensure!(
        stored == Some(&nick_name("check")),
        "the profile of a login is not stored: {stored:?}"
    );
    Ok(())
}

fn login(code: &str, run: u32, data: &str) -> Vec<u8> {
    let mut request = Vec::new();
    let body = with_data(&format!("{code}{run}"), data);
    post(&mut request, "/user/wxlogin", &body);
    request
}
