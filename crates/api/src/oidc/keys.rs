//! Whether a provider's key made a signature: JSON Web Keys (RFC 7517) and algorithms (RFC 7518, RFC 8037).
//!
//! Only those with two keys: with a shared secret, or with `none`, anybody who can talk to us could sign.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::Deserialize;

/// A public key of the provider.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Key {
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    usage: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

#[derive(Clone, Copy)]
enum Algorithm {
    Rsa(&'static RsaParameters),
    /// The curve, by its name.
    Point(&'static str, &'static dyn VerificationAlgorithm),
    Edwards(&'static str, &'static dyn VerificationAlgorithm),
}

/// `kid` is the key that the token names, where it names one.
pub(super) fn verify(keys: &[Key], alg: &str, kid: Option<&str>, said: &[u8], signature: &[u8]) -> Result<(), String> {
    let algorithm = Algorithm::of(alg).ok_or_else(|| {
        format!(
            "What the identity provider says is signed with `{alg}`, which proves nothing here: have it sign with \
                 RS256 or ES256 for this client."
        )
    })?;
    let serves = |key: &&Key| {
        (kid.is_none() || key.kid.is_none() || key.kid.as_deref() == kid)
            && key.alg.as_deref().is_none_or(|said| said == alg)
            && key.usage.as_deref().is_none_or(|usage| usage == "sig")
    };
    match keys.iter().filter(serves).any(|key| algorithm.made(key, said, signature).is_some()) {
        true => Ok(()),
        false => Err("What came back was signed with none of the identity provider's keys. Sign in again.".to_owned()),
    }
}

impl Algorithm {
    fn of(alg: &str) -> Option<Algorithm> {
        Some(match alg {
            "RS256" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA256),
            "RS384" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA384),
            "RS512" => Algorithm::Rsa(&RSA_PKCS1_2048_8192_SHA512),
            "PS256" => Algorithm::Rsa(&RSA_PSS_2048_8192_SHA256),
            "PS384" => Algorithm::Rsa(&RSA_PSS_2048_8192_SHA384),
            "PS512" => Algorithm::Rsa(&RSA_PSS_2048_8192_SHA512),
            "ES256" => Algorithm::Point("P-256", &ECDSA_P256_SHA256_FIXED),
            "ES384" => Algorithm::Point("P-384", &ECDSA_P384_SHA384_FIXED),
            "EdDSA" => Algorithm::Edwards("Ed25519", &ED25519),
            _ => return None,
        })
    }

    /// Something, if the key is of this kind and made the signature.
    fn made(self, key: &Key, said: &[u8], signature: &[u8]) -> Option<()> {
        match self {
            Algorithm::Rsa(parameters) => {
                let (n, e) = (number(&key.n)?, number(&key.e)?);
                RsaPublicKeyComponents { n, e }.verify(parameters, said, signature).ok()
            }
            Algorithm::Point(curve, algorithm) if key.crv.as_deref() == Some(curve) => {
                // SEC 1, 2.3.3: a point that is written in full.
                let point = [vec![4], decoded(&key.x)?, decoded(&key.y)?].concat();
                UnparsedPublicKey::new(algorithm, point).verify(said, signature).ok()
            }
            Algorithm::Edwards(curve, algorithm) if key.crv.as_deref() == Some(curve) => {
                UnparsedPublicKey::new(algorithm, decoded(&key.x)?).verify(said, signature).ok()
            }
            Algorithm::Point(..) | Algorithm::Edwards(..) => None,
        }
    }
}

fn decoded(part: &Option<String>) -> Option<Vec<u8>> {
    BASE64.decode(part.as_deref()?).ok()
}

/// Some write noughts before a number, which are no part of it.
fn number(part: &Option<String>) -> Option<Vec<u8>> {
    let bytes = decoded(part)?;
    let noughts = bytes.iter().take_while(|byte| **byte == 0).count();
    Some(bytes.into_iter().skip(noughts).collect())
}
