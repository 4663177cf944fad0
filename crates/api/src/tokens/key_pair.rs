//! Key pairs of each algorithm.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ports::{Clock, SigningAlgorithm, SigningSecret};
use jsonwebtoken::{Algorithm, DecodingKey};
use zeroize::Zeroizing;

use super::jwk::Numbers;

pub(super) enum KeyPair {
    Ed25519(Ed25519KeyPair),
    /// Boxed, because it is ten times the size of the others.
    P256(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

/// The public half of a key pair.
pub(super) struct PublicKey {
    /// What its name is made of.
    pub(super) bytes: Vec<u8>,
    pub(super) verifying: DecodingKey,
    pub(super) kty: &'static str,
    pub(super) numbers: Numbers,
}

/// A new secret. Making one for RS256 takes about 0.1 s.
pub(crate) fn new_secret(
    algorithm: SigningAlgorithm,
    clock: &dyn Clock,
) -> Result<SigningSecret, Unspecified> {
    let private_key = match algorithm {
        SigningAlgorithm::EdDsa => Vec::new(),
        SigningAlgorithm::Es256 => {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
            pair.to_pkcs8v1()?.as_ref().to_vec()
        }
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048)?;
            let der = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&pair)?;
            der.as_ref().to_vec()
        }
    };
    Ok(SigningSecret {
        id: clock.new_id(),
        algorithm,
        seed: Zeroizing::new(rand::random()),
        private_key: Zeroizing::new(private_key),
    })
}

impl KeyPair {
    /// The pair of a secret; `seed` is that of EdDSA.
    pub(super) fn new(secret: &SigningSecret, seed: &[u8; 32]) -> Result<Self, Unspecified> {
        let pkcs8 = secret.private_key.as_slice();
        Ok(match secret.algorithm {
            SigningAlgorithm::EdDsa => Self::Ed25519(Ed25519KeyPair::from_seed_unchecked(seed)?),
            SigningAlgorithm::Es256 => Self::P256(Box::new(EcdsaKeyPair::from_pkcs8(
                &ECDSA_P256_SHA256_FIXED_SIGNING,
                pkcs8,
            )?)),
            SigningAlgorithm::Rs256 => Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(pkcs8)?)),
        })
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::EdDSA,
            Self::P256(_) => Algorithm::ES256,
            Self::Rsa(_) => Algorithm::RS256,
        }
    }

    /// The signature in the form that RFC 7518 and RFC 8037 give it.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::P256(pair) => Ok(pair.sign(&SystemRandom::new(), message)?.as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let random = SystemRandom::new();
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    pub(super) fn public(&self) -> Result<PublicKey, Unspecified> {
        let text = |bytes: &[u8]| Some(URL_SAFE_NO_PAD.encode(bytes));
        Ok(match self {
            Self::Ed25519(pair) => {
                let bytes = pair.public_key().as_ref();
                PublicKey {
                    bytes: bytes.to_vec(),
                    verifying: DecodingKey::from_ed_der(bytes),
                    kty: "OKP",
                    numbers: Numbers {
                        crv: Some("Ed25519"),
                        x: text(bytes),
                        ..Numbers::default()
                    },
                }
            }
            Self::P256(pair) => {
                // An uncompressed point: 4, and two numbers of 32 bytes (SEC 1, 2.3.3).
                let bytes = pair.public_key().as_ref();
                let (x, y) = bytes
                    .split_first_chunk::<1>()
                    .and_then(|(_, point)| point.split_first_chunk::<32>())
                    .ok_or(Unspecified)?;
                PublicKey {
                    bytes: bytes.to_vec(),
                    verifying: DecodingKey::from_ec_der(bytes),
                    kty: "EC",
                    numbers: Numbers {
                        crv: Some("P-256"),
                        x: text(x),
                        y: text(y),
                        ..Numbers::default()
                    },
                }
            }
            Self::Rsa(pair) => {
                let public = pair.public_key();
                let n = public.modulus().big_endian_without_leading_zero();
                let e = public.exponent().big_endian_without_leading_zero();
                PublicKey {
                    bytes: public.as_ref().to_vec(),
                    verifying: DecodingKey::from_rsa_raw_components(n, e),
                    kty: "RSA",
                    numbers: Numbers {
                        n: text(n),
                        e: text(e),
                        ..Numbers::default()
                    },
                }
            }
        })
    }
}
