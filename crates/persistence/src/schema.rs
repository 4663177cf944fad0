//! The tables, as Diesel knows them. Their meaning stands in `migrations/postgres`.

/// Declares tables with Diesel's macro and the types of our columns.
macro_rules! tables {
    ($($name:ident ($($key:ident),+) { $($columns:tt)* })+) => {$(
        diesel::table! {
            use diesel::sql_types::{BigInt, Binary, Integer, Nullable, SmallInt, Text};
            use crate::types::{Id, Instant};

            $name ($($key),+) { $($columns)* }
        }
    )+};
}

tables! {
    users (id) {
        id -> Id,
        nick_name -> Nullable<Text>,
        avatar_url -> Nullable<Text>,
        gender -> Nullable<SmallInt>,
        language -> Nullable<Text>,
        country -> Nullable<Text>,
        province -> Nullable<Text>,
        city -> Nullable<Text>,
        phone -> Nullable<Text>,
        created_at -> Instant,
        disabled_at -> Nullable<Instant>,
        revision -> Integer,
        sessions_ended_until -> Nullable<Instant>,
    }

    identities (open_id, app_id) {
        app_id -> Text,
        open_id -> Text,
        user_id -> Id,
        union_id -> Nullable<Text>,
        open_platform -> Nullable<Text>,
        session_keys -> Binary,
        created_at -> Instant,
        last_login_at -> Instant,
        revision -> Integer,
        sessions_opened -> Integer,
    }

    union_ids (union_id, open_platform) {
        open_platform -> Text,
        union_id -> Text,
        user_id -> Id,
    }

    sessions (id) {
        id -> Id,
        user_id -> Id,
        app_id -> Text,
        open_id -> Text,
        generation -> Integer,
        created_at -> Instant,
        last_used_at -> Instant,
        expires_at -> Instant,
        ended_at -> Nullable<Instant>,
        code_hour -> Integer,
        code_hash -> Binary,
        nonce_hash -> Nullable<Binary>,
    }

    merge_candidates (id) {
        id -> Id,
        open_platform -> Text,
        union_id -> Text,
        user_id -> Id,
        union_user_id -> Id,
        state -> Text,
        created_at -> Instant,
        decided_at -> Nullable<Instant>,
    }

    audit_log (id) {
        id -> Id,
        at -> Instant,
        actor -> Text,
        action -> Text,
        user_id -> Nullable<Id>,
        subject -> Nullable<Text>,
        from_ip -> Nullable<Text>,
    }

    bans (id) {
        id -> Id,
        user_id -> Id,
        at -> Instant,
    }

    ban_hashes (hash, ban_id) {
        hash -> Binary,
        ban_id -> Id,
        app_id -> Nullable<Text>,
    }

    signing_keys (id) {
        id -> Id,
        seed -> Binary,
        created_at -> Instant,
        algorithm -> Text,
        used_at -> Instant,
    }

    stored_keys (name) {
        name -> Text,
        sealed -> Binary,
    }

    wechat_tokens (key) {
        key -> Text,
        token -> Binary,
        expires_at -> Instant,
    }

    write_probes (id) {
        id -> Id,
        filler -> Binary,
    }

    push_messages (id) {
        id -> Id,
        app_id -> Text,
        repeat_key -> Binary,
        event -> Text,
        user_hash -> Nullable<Binary>,
        payload -> Nullable<Binary>,
        answer -> Nullable<Binary>,
        state -> Text,
        attempts -> Integer,
        received_at -> Instant,
        next_attempt_at -> Instant,
        claimed_until -> Nullable<Instant>,
        last_error -> Nullable<Text>,
        settled_at -> Nullable<Instant>,
    }

    replaced_avatars (id) {
        id -> BigInt,
        url -> Text,
        due_at -> Instant,
    }

    phone_lookups (user_id) {
        user_id -> Id,
        day -> Integer,
        lookups -> Integer,
    }
}

diesel::joinable!(identities -> users (user_id));
diesel::joinable!(union_ids -> users (user_id));

diesel::allow_tables_to_appear_in_same_query!(users, identities, union_ids, sessions);
