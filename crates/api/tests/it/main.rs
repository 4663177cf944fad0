//! The tests of the running service, with the sandbox as WeChat and a database, over real HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail by panicking, as the tests do"
)]

mod account;
mod admin_actions;
mod admin_bans;
mod admin_keys;
mod admin_merges;
mod admin_stack;
mod admin_users;
mod api_security;
mod arrows;
mod auth_introspect;
mod auth_verify;
mod auth_wechat_signature;
mod auth_wechat_token;
mod avatars;
mod backup;
mod bodies;
mod clocks;
mod cloud_hosting;
mod compose;
mod documents;
mod envelope;
mod errors_page;
mod keys;
mod late_replicas;
mod limits;
mod link;
mod login;
mod login_open_data;
mod login_repeats;
mod master_key;
mod me;
mod metrics;
mod metrics_page;
mod openapi;
mod payment;
mod payment_secrecy;
mod personal_data;
mod process;
mod program;
mod push_address;
mod push_events;
mod push_messages;
mod push_over_tls;
mod push_relay;
mod push_stack;
mod push_target;
mod replicas;
mod session_list;
mod session_model;
mod sessions;
mod shutdown;
mod signatures_at_once;
mod silent;
mod stack;
mod start;
mod strangers;
mod token_algorithms;
mod wechat_check;
mod wechat_errcodes;
mod wechat_faults;
mod wechat_outcome;
mod wechat_service;
mod wechat_user_calls;
