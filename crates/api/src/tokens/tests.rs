//! What makes a token ours, and what does not.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::StoredSigningKey;
use domain::session::Generation;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn key(seed: u8, made_at: Timestamp) -> SigningKey {
    let stored = StoredSigningKey {
        id: Uuid::now_v7(),
        seed: [seed; 32].into(),
        created_at: made_at,
    };
    SigningKey::new(&stored).unwrap()
}

fn issuer(seed: u8, name: &str) -> JwtTokenIssuer {
    let issuer = JwtTokenIssuer::new(
        name.to_owned(),
        Duration::from_mins(15),
        Duration::from_hours(720),
    );
    issuer.set_keys(KeyRing::new(vec![key(seed, NOW)]));
    issuer
}

fn grant() -> AccessGrant {
    AccessGrant {
        user_id: UserId::new(Uuid::now_v7()),
        session_id: SessionId::new(Uuid::now_v7()),
        app_id: AppId::new("wx0123456789abcdef"),
        generation: Generation::FIRST,
    }
}

#[test]
fn a_token_says_what_it_was_issued_for() {
    let (issuer, grant) = (issuer(1, "wxlogin"), grant());
    let pair = issuer.issue(&grant, NOW).unwrap();
    let claims = issuer.claims(&pair.access, NOW).unwrap();
    assert_eq!(
        (claims.sub, claims.app.as_str()),
        (grant.user_id.as_uuid(), grant.app_id.as_str())
    );
    let read = issuer.read_access(&pair.access, NOW).unwrap();
    assert_eq!(
        (read.session_id, read.generation),
        (grant.session_id, grant.generation)
    );
}

#[test]
fn no_two_tokens_are_alike() {
    let (issuer, grant) = (issuer(1, "wxlogin"), grant());
    let one = issuer.issue(&grant, NOW).unwrap();
    let other = issuer.issue(&grant, NOW).unwrap();
    assert_ne!(one.access.expose(), other.access.expose());
}

#[test]
fn a_token_expires_to_the_second() {
    let token = issuer(1, "wxlogin").issue(&grant(), NOW).unwrap().access;
    let elsewhere = issuer(1, "wxlogin");
    // Read again and again: what is remembered expires like what is not.
    for _ in 0..3 {
        let in_time = after(NOW, Duration::from_secs(899));
        assert!(elsewhere.read_access(&token, in_time).is_ok());
    }
    for _ in 0..3 {
        let late = elsewhere.read_access(&token, after(NOW, Duration::from_mins(15)));
        assert_eq!(late, Err(AccessTokenError::Expired));
    }
}

#[test]
fn a_remembered_token_is_refused_once_its_key_is_gone() {
    let token = issuer(1, "wxlogin").issue(&grant(), NOW).unwrap().access;
    let elsewhere = issuer(1, "wxlogin");
    for _ in 0..3 {
        elsewhere.read_access(&token, NOW).unwrap();
    }
    elsewhere.set_keys(KeyRing::new(vec![key(2, NOW), key(1, NOW)]));
    elsewhere.read_access(&token, NOW).unwrap();
    elsewhere.set_keys(KeyRing::new(vec![key(2, NOW)]));
    assert_eq!(
        elsewhere.read_access(&token, NOW),
        Err(AccessTokenError::Invalid)
    );
}

#[test]
fn another_token_of_the_same_beginning_is_not_the_remembered_one() {
    let issuer = issuer(1, "wxlogin");
    let token = issuer.issue(&grant(), NOW).unwrap().access;
    issuer.read_access(&token, NOW).unwrap();
    let unsigned = token.expose().rsplit_once('.').unwrap().0;
    for forged in [
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{}A", token.expose()),
    ] {
        let read = issuer.read_access(&AccessToken::new(forged), NOW);
        assert_eq!(read, Err(AccessTokenError::Invalid));
    }
}

#[test]
fn a_token_of_another_key_or_issuer_is_refused() {
    let issuer = issuer(1, "wxlogin");
    for other in [self::issuer(2, "wxlogin"), self::issuer(1, "elsewhere")] {
        let token = other.issue(&grant(), NOW).unwrap().access;
        assert_eq!(
            issuer.read_access(&token, NOW),
            Err(AccessTokenError::Invalid)
        );
    }
}

#[test]
fn a_changed_token_is_refused() {
    let issuer = issuer(1, "wxlogin");
    let token = issuer.issue(&grant(), NOW).unwrap().access;
    let [head, claims, signature]: [&str; 3] = token
        .expose()
        .split('.')
        .collect::<Vec<_>>()
        .try_into()
        .unwrap();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let richer = URL_SAFE_NO_PAD.encode(claims.replace("\"gen\":1", "\"gen\":9"));
    let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    for forged in [
        format!("{head}.{richer}.{signature}"),
        format!("{unsigned}.{richer}."),
        format!("{head}.{richer}"),
        String::from("x.y.z"),
        String::new(),
    ] {
        let read = issuer.read_access(&AccessToken::new(forged.clone()), NOW);
        assert_eq!(read, Err(AccessTokenError::Invalid), "{forged}");
    }
}

#[test]
fn a_refresh_token_says_its_session_and_generation_until_it_expires() {
    let (issuer, grant) = (issuer(1, "wxlogin"), grant());
    let token = issuer.issue(&grant, NOW).unwrap().refresh;
    let read = issuer.read_refresh(&token, NOW).unwrap();
    assert_eq!(
        (read.session_id, read.generation),
        (grant.session_id, grant.generation)
    );
    assert!(
        issuer
            .read_refresh(&token, after(NOW, Duration::from_hours(720)))
            .is_err()
    );
}

#[test]
fn a_changed_or_foreign_refresh_token_is_refused() {
    let issuer = issuer(1, "wxlogin");
    let token = issuer.issue(&grant(), NOW).unwrap().refresh;
    let bytes = URL_SAFE_NO_PAD.decode(token.expose()).unwrap();
    for index in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[index] ^= 1;
        let changed = RefreshToken::new(URL_SAFE_NO_PAD.encode(changed));
        assert!(issuer.read_refresh(&changed, NOW).is_err(), "byte {index}");
    }
    let foreign = self::issuer(2, "wxlogin")
        .issue(&grant(), NOW)
        .unwrap()
        .refresh;
    for foreign in [
        foreign,
        RefreshToken::new(""),
        RefreshToken::new("AQ"),
        RefreshToken::new("*"),
    ] {
        assert!(issuer.read_refresh(&foreign, NOW).is_err());
    }
}

#[test]
fn a_new_key_signs_once_it_has_settled_and_the_old_one_still_verifies() {
    let issuer = issuer(1, "wxlogin");
    let kid = |token: &AccessToken| {
        jsonwebtoken::decode_header(token.expose())
            .unwrap()
            .kid
            .unwrap()
    };
    let old = issuer.issue(&grant(), NOW).unwrap();
    issuer.set_keys(KeyRing::new(vec![
        key(2, NOW),
        key(1, Timestamp::constant(1_780_000_000, 0)),
    ]));
    let unsettled = issuer.issue(&grant(), NOW).unwrap();
    assert_eq!(kid(&unsettled.access), kid(&old.access));
    let later = after(NOW, Duration::from_secs(20));
    let new = issuer.issue(&grant(), later).unwrap();
    assert_ne!(kid(&new.access), kid(&old.access));
    for pair in [&old, &new] {
        issuer.read_access(&pair.access, later).unwrap();
        issuer.read_refresh(&pair.refresh, later).unwrap();
    }
}

#[test]
fn without_keys_nothing_is_issued_and_nothing_refused_for_good() {
    let good = issuer(1, "wxlogin").issue(&grant(), NOW).unwrap();
    let issuer = JwtTokenIssuer::new(
        String::from("wxlogin"),
        Duration::from_mins(15),
        Duration::from_hours(1),
    );
    assert!(matches!(
        issuer.issue(&grant(), NOW),
        Err(TokenIssueError::NoKey)
    ));
    assert_eq!(
        issuer.read_access(&good.access, NOW),
        Err(AccessTokenError::NoKey)
    );
    assert_eq!(
        issuer.read_refresh(&good.refresh, NOW),
        Err(RefreshTokenError::NoKey)
    );
}
