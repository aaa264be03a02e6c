//! Temporary credentials. A session token carries its own session, authenticated, so that nothing has to be kept.

use data_encoding::{BASE32_NOPAD, BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Account;
use super::caller::{Caller, Principal, Session};
use super::error::IamError;
use super::random;
use super::secret::Secret;

/// How many bytes the authentication of a token has.
const TAG: usize = 32;

/// What STS gives out.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    /// `ASIA…`
    pub(crate) access_key_id: String,
    pub(crate) secret: Secret,
    pub(crate) token: String,
    pub(crate) expires: i64,
}

/// What a token says.
#[derive(Serialize, Deserialize)]
struct Claims {
    principal: Principal,
    /// The identifier of the user or role: another one of the same name is not meant.
    id: String,
    session: Session,
    expires: i64,
    /// So that no two tokens are alike.
    nonce: String,
}

/// Why a token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenError {
    Invalid,
    Expired,
}

impl Account {
    /// Gives out credentials for a session.
    pub(crate) fn issue(&self, principal: Principal, session: Session, expires: i64) -> Result<Credentials, IamError> {
        let claims = Claims {
            id: self.principal_id(&principal),
            principal,
            session,
            expires,
            nonce: HEXLOWER.encode(&*random::bytes::<16>()?),
        };
        let claims = serde_json::to_vec(&claims).map_err(|error| IamError::failure(&error))?;
        let mut token = self.mac("token", &claims).to_vec();
        token.extend(claims);
        let token = BASE64.encode(&token);
        Ok(Credentials {
            access_key_id: access_key_id(&token),
            secret: self.session_secret(&token),
            token,
            expires,
        })
    }

    /// Who calls with a token, and the secret key that has to have signed.
    pub(crate) fn open(&self, access_key_id: &str, token: &str, now: i64) -> Result<(Caller, Secret), TokenError> {
        let bytes = BASE64.decode(token.as_bytes()).map_err(|_| TokenError::Invalid)?;
        let (tag, claims) = bytes.split_at_checked(TAG).ok_or(TokenError::Invalid)?;
        let is_ours: bool = self.mac("token", claims).ct_eq(tag).into();
        if !is_ours || self::access_key_id(token) != access_key_id {
            return Err(TokenError::Invalid);
        }
        let claims: Claims = serde_json::from_slice(claims).map_err(|_| TokenError::Invalid)?;
        if claims.id != self.principal_id(&claims.principal) {
            return Err(TokenError::Invalid);
        }
        if now >= claims.expires {
            return Err(TokenError::Expired);
        }
        let caller = Caller {
            principal: claims.principal,
            session: Some(claims.session),
        };
        Ok((caller, self.session_secret(token)))
    }

    fn session_secret(&self, token: &str) -> Secret {
        let tag = self.mac("secret", token.as_bytes());
        let (thirty, _) = tag.split_at(30);
        Secret::new(BASE64.encode(thirty))
    }

    fn mac(&self, purpose: &str, message: &[u8]) -> [u8; TAG] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.token_key.expose().as_bytes()) else {
            return [0; TAG]; // never: HMAC takes keys of any length
        };
        for part in [purpose.as_bytes(), &[0], message] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

fn access_key_id(token: &str) -> String {
    let hash = BASE32_NOPAD.encode(&Sha256::digest(token));
    format!("ASIA{}", hash.get(..16).unwrap_or_default())
}
