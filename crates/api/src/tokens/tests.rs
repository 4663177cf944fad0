//! Tests of valid and invalid tokens.

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{AppId, SessionId, UserId};
use domain::ports::{SigningAlgorithm, SigningSecret};
use domain::session::Generation;
use uuid::Uuid;

use super::*;

const NOW: Timestamp = Timestamp::constant(1_790_000_000, 0);

fn key(seed: u8) -> Arc<SigningKey> {
    let secret = SigningSecret {
        id: Uuid::now_v7(),
        algorithm: SigningAlgorithm::EdDsa,
        seed: [seed; 32].into(),
        private_key: Vec::new().into(),
    };
    Arc::new(SigningKey::new(&secret).unwrap())
}

fn policy(name: &str) -> TokenPolicy {
    TokenPolicy {
        issuer: name.to_owned(),
        audience: None,
        access_ttl: Duration::from_mins(15),
        refresh_ttl: Duration::from_hours(720),
    }
}

/// A ring whose first key signs.
fn ring(keys: &[Arc<SigningKey>]) -> LiveKeys {
    LiveKeys::new(keys.to_vec(), keys.first().cloned())
}

fn issuer(seed: u8, name: &str) -> JwtTokenIssuer {
    let issuer = JwtTokenIssuer::new(policy(name));
    issuer.set_keys(ring(&[key(seed)]));
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
    assert_eq!(claims.sub, grant.user_id.as_uuid());
    assert_eq!(claims.app.as_str(), grant.app_id.as_str());
    let read = issuer.read_access(&pair.access, NOW).unwrap();
    assert_eq!(read.session_id, grant.session_id);
    assert_eq!(read.generation, grant.generation);
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
        assert_eq!(late, Err(TokenError::Expired));
    }
}

#[test]
fn a_remembered_token_is_refused_once_its_key_is_gone() {
    let token = issuer(1, "wxlogin").issue(&grant(), NOW).unwrap().access;
    let elsewhere = issuer(1, "wxlogin");
    for _ in 0..3 {
        elsewhere.read_access(&token, NOW).unwrap();
    }
    elsewhere.set_keys(ring(&[key(2), key(1)]));
    elsewhere.read_access(&token, NOW).unwrap();
    elsewhere.set_keys(ring(&[key(2)]));
    assert_eq!(elsewhere.read_access(&token, NOW), Err(TokenError::Invalid));
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
        assert_eq!(read, Err(TokenError::Invalid));
    }
}

#[test]
fn a_token_of_another_key_or_issuer_is_refused() {
    let issuer = issuer(1, "wxlogin");
    for other in [self::issuer(2, "wxlogin"), self::issuer(1, "elsewhere")] {
        let token = other.issue(&grant(), NOW).unwrap().access;
        assert_eq!(issuer.read_access(&token, NOW), Err(TokenError::Invalid));
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
        assert_eq!(read, Err(TokenError::Invalid), "{forged}");
    }
}

#[test]
fn a_refresh_token_says_its_session_and_generation_until_it_expires() {
    let (issuer, grant) = (issuer(1, "wxlogin"), grant());
    let token = issuer.issue(&grant, NOW).unwrap().refresh;
    let read = issuer.read_refresh(&token, NOW).unwrap();
    assert_eq!(read.session_id, grant.session_id);
    assert_eq!(read.generation, grant.generation);
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
fn the_tokens_of_keys_that_sign_no_more_are_good_whatever_the_algorithm() {
    let issuer = JwtTokenIssuer::new(policy("wxlogin"));
    let (mut keys, mut pairs) = (Vec::new(), Vec::new());
    for algorithm in SigningAlgorithm::ALL {
        let secret = new_secret(algorithm, &crate::machine_time::SystemClock).unwrap();
        keys.insert(0, Arc::new(SigningKey::new(&secret).unwrap()));
        issuer.set_keys(ring(&keys));
        issuer.can_issue().unwrap();
        pairs.push(issuer.issue(&grant(), NOW).unwrap());
        let elsewhere = JwtTokenIssuer::new(policy("wxlogin"));
        elsewhere.set_keys(ring(&keys));
        for pair in &pairs {
            for issuer in [&issuer, &elsewhere] {
                issuer.read_access(&pair.access, NOW).unwrap();
                issuer.read_refresh(&pair.refresh, NOW).unwrap();
            }
        }
    }
    assert_eq!(
        issuer.keys().algorithms(),
        [
            SigningAlgorithm::Rs256,
            SigningAlgorithm::Es256,
            SigningAlgorithm::EdDsa
        ]
    );
}

/// Verifies a token as another backend does: with the published key of its `kid` alone.
fn verify_with_the_key_set(token: &str, keys: &LiveKeys) -> serde_json::Value {
    let [head, claims, signature]: [&str; 3] =
        token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let json = |text: &str| serde_json::from_slice::<serde_json::Value>(&decode(text)).unwrap();
    let header = json(head);
    let set = serde_json::to_value(keys.public()).unwrap();
    let keys = set["keys"].as_array().unwrap();
    let key = keys.iter().find(|key| key["kid"] == header["kid"]).unwrap();
    assert_eq!((&key["alg"], &key["use"]), (&header["alg"], &"sig".into()));
    let number = |name: &str| decode(key[name].as_str().unwrap());
    let message = format!("{head}.{claims}");
    let (message, signature) = (message.as_bytes(), decode(signature));
    match (
        key["kty"].as_str().unwrap(),
        header["alg"].as_str().unwrap(),
    ) {
        ("OKP", "EdDSA") => {
            assert_eq!(key["crv"], "Ed25519");
            UnparsedPublicKey::new(&ED25519, number("x")).verify(message, &signature)
        }
        ("EC", "ES256") => {
            assert_eq!(key["crv"], "P-256");
            let point = [vec![4], number("x"), number("y")].concat();
            UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &signature)
        }
        ("RSA", "RS256") => {
            let (n, e) = (number("n"), number("e"));
            RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature)
        }
        other => panic!("{other:?}"),
    }
    .unwrap();
    json(claims)
}

#[test]
fn every_algorithms_tokens_are_verified_with_the_published_keys_alone() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let audiences: [(Vec<String>, serde_json::Value); 3] = [
        (Vec::new(), serde_json::Value::Null),
        (names(&["orders"]), "orders".into()),
        (names(&["orders", "chat"]), vec!["orders", "chat"].into()),
    ];
    for algorithm in SigningAlgorithm::ALL {
        let secret = new_secret(algorithm, &crate::machine_time::SystemClock).unwrap();
        let key = Arc::new(SigningKey::new(&secret).unwrap());
        for (audience, aud) in &audiences {
            let issuer = JwtTokenIssuer::new(TokenPolicy {
                audience: Audience::of(audience),
                ..policy("https://login.example.com")
            });
            issuer.set_keys(ring(&[Arc::clone(&key)]));
            let pair = issuer.issue(&grant(), NOW).unwrap();
            let claims = verify_with_the_key_set(pair.access.expose(), &issuer.keys());
            assert_eq!(claims.get("aud").unwrap_or(&serde_json::Value::Null), aud);
            assert_eq!(claims["iss"], "https://login.example.com");
            // A change of the audience ends no session.
            let other = JwtTokenIssuer::new(policy("https://login.example.com"));
            other.set_keys(ring(&[Arc::clone(&key)]));
            other.read_access(&pair.access, NOW).unwrap();
        }
    }
}

#[test]
fn without_keys_nothing_is_issued_and_nothing_refused_for_good() {
    let good = issuer(1, "wxlogin").issue(&grant(), NOW).unwrap();
    let issuer = JwtTokenIssuer::new(policy("wxlogin"));
    assert!(matches!(issuer.can_issue(), Err(TokenIssueError::NoKey)));
    assert!(matches!(
        issuer.issue(&grant(), NOW),
        Err(TokenIssueError::NoKey)
    ));
    assert_eq!(
        issuer.read_access(&good.access, NOW),
        Err(TokenError::NoKey)
    );
    assert_eq!(
        issuer.read_refresh(&good.refresh, NOW),
        Err(TokenError::NoKey)
    );
}
