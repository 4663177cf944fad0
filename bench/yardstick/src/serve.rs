//! The service: options, routes, start.

mod answer;
mod bearer;
mod routes;

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use axum::Router;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use clap::Args;
use tokio::net::TcpListener;

use crate::store::Store;
use crate::tokens::Tokens;
use crate::wechat::WeChat;

#[derive(Args)]
pub(crate) struct Options {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, env = "YARDSTICK_LISTEN", default_value = "127.0.0.1:0")]
    listen: SocketAddr,

    /// postgres://… or sqlite://path; the tables are made at start.
    #[arg(long, env = "YARDSTICK_DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: String,

    /// Connections to the database [default: 16 to PostgreSQL, 8 to SQLite].
    #[arg(long, env = "YARDSTICK_POOL", value_name = "NUMBER")]
    pub(crate) pool: Option<u32>,

    /// WeChat's server, or what stands in for it, over plain HTTP.
    #[arg(
        long,
        env = "YARDSTICK_WECHAT_BASE_URL",
        default_value = "http://127.0.0.1:5001"
    )]
    wechat_base_url: String,

    /// The mini program's appid.
    #[arg(long, env = "YARDSTICK_APP_ID")]
    app_id: String,

    /// Its AppSecret.
    #[arg(long, env = "YARDSTICK_APP_SECRET", hide_env_values = true)]
    app_secret: String,

    /// Store a login by one statement instead of a transaction of several; PostgreSQL only.
    #[arg(long, env = "YARDSTICK_ONE_STATEMENT")]
    pub(crate) one_statement: bool,

    /// Ask a connection whether it is alive before each use, as sqlx does by default.
    #[arg(long, env = "YARDSTICK_PING")]
    pub(crate) ping: bool,
}

struct Service {
    store: Store,
    tokens: Tokens,
    wechat: WeChat,
}

/// Answers until it is killed.
pub(crate) async fn run(options: Options) -> anyhow::Result<()> {
    let service = Arc::new(Service {
        store: Store::open(&options).await?,
        tokens: Tokens::new()?,
        wechat: WeChat::new(&options.wechat_base_url, options.app_id, options.app_secret)?,
    });
    let router = Router::new()
        .route("/user/wxlogin", post(routes::log_in))
        .route("/user/refresh", post(routes::refresh))
        .route("/user/me", get(routes::me))
        .route("/auth/verify", get(routes::verify))
        .with_state(service);
    let listener = TcpListener::bind(options.listen)
        .await
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    println!("listening on {}", listener.local_addr()?);
    let listener = listener.tap_io(|stream| {
        // An answer goes out late if this fails, and that is all.
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}
