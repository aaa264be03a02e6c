//! Signature Version 4 (AWS General Reference, "Signature Version 4 signing process"), in the header `Authorization`.

use std::fmt::Write as _;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};
use zeroize::Zeroizing;

use super::{Request, Service};
use crate::account::{Account, Caller, IamError, Secret, TokenError};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// ISO 8601, as the header `X-Amz-Date` has it.
const TIMESTAMP: &[BorrowedFormatItem<'_>] = format_description!("[year][month][day]T[hour][minute][second]Z");
/// How far the clocks of caller and service may be apart.
const SKEW: Duration = Duration::minutes(15);
/// How many headers may be signed.
const MAX_HEADERS: usize = 100;

/// Who signed a request.
pub(super) struct Signed {
    pub(super) caller: Caller,
    /// The access key.
    pub(super) key_id: String,
    pub(super) region: String,
}

/// What the header says.
struct Authorization<'a> {
    key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

/// The service in the scope of a header that nobody has checked yet.
pub(super) fn service(header: &str) -> Option<&str> {
    Authorization::parse(header)
        .ok()
        .map(|authorization| authorization.service)
}

impl<'a> Authorization<'a> {
    fn parse(header: &'a str) -> Result<Self, IamError> {
        let incomplete = |message: String| IamError::new("IncompleteSignature", 400, message);
        let rest = header.trim().strip_prefix(ALGORITHM);
        let Some(rest) = rest.filter(|rest| rest.starts_with(' ')) else {
            return Err(incomplete(format!(
                "Unsupported AWS 'algorithm': the practice account knows {ALGORITHM} only."
            )));
        };
        let (mut credential, mut signed_headers, mut signature) = (None, None, None);
        for part in rest.split(',') {
            let place = match part.trim().split_once('=') {
                Some(("Credential", value)) => credential.replace(value),
                Some(("SignedHeaders", value)) => signed_headers.replace(value),
                Some(("Signature", value)) => signature.replace(value),
                _ => {
                    return Err(incomplete(
                        "The Authorization header has a part that is none of its own.".to_owned(),
                    ));
                }
            };
            if place.is_some() {
                return Err(incomplete("The Authorization header has a part twice.".to_owned()));
            }
        }
        let missing = [
            ("Credential", credential),
            ("Signature", signature),
            ("SignedHeaders", signed_headers),
        ];
        let missing: String = missing
            .iter()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| format!("Authorization header requires '{name}' parameter. "))
            .collect();
        let (Some(credential), Some(signed_headers), Some(signature)) = (credential, signed_headers, signature) else {
            return Err(incomplete(missing));
        };
        let elements: Vec<_> = credential.split('/').collect();
        let [key_id, date, region, service, "aws4_request"] = elements[..] else {
            return Err(incomplete(format!(
                "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got \
                 '{credential}'"
            )));
        };
        Ok(Self {
            key_id,
            date,
            region,
            service,
            signed_headers,
            signature,
        })
    }

    /// The signature that the request has to have.
    fn sign(&self, request: &Request<'_>, timestamp: &str, secret: &str) -> Result<String, IamError> {
        let canonical = canonical_request(request, self.signed_headers)?;
        let hash = HEXLOWER.encode(&Sha256::digest(canonical.as_bytes()));
        let (date, region, service) = (self.date, self.region, self.service);
        let to_sign = format!("{ALGORITHM}\n{timestamp}\n{date}/{region}/{service}/aws4_request\n{hash}");
        let first = Zeroizing::new(format!("AWS4{secret}"));
        let mut key = mac(first.as_bytes(), date.as_bytes());
        for part in [region, service, "aws4_request"] {
            key = mac(&*key, part.as_bytes());
        }
        Ok(HEXLOWER.encode(&*mac(&*key, to_sign.as_bytes())))
    }
}

/// The header `Authorization` of a request that has all others: for clients in tests.
///
/// # Errors
/// Where a header that is to be signed is not in the request, or `X-Amz-Date` is not.
pub fn authorization(request: &Request<'_>, scope: &Scope<'_>, secret: &str) -> Result<String, IamError> {
    let mut names: Vec<_> = request
        .headers
        .iter()
        .map(|(name, _)| name.to_ascii_lowercase())
        .collect();
    names.sort();
    names.dedup();
    let signed_headers = names.join(";");
    let timestamp = request.header("x-amz-date").unwrap_or_default();
    let Scope {
        key_id,
        region,
        service,
    } = *scope;
    let date = timestamp.split('T').next().unwrap_or_default();
    let authorization = Authorization {
        key_id,
        date,
        region,
        service,
        signed_headers: &signed_headers,
        signature: "",
    };
    let signature = authorization.sign(request, timestamp, secret)?;
    Ok(format!(
        "{ALGORITHM} Credential={key_id}/{date}/{region}/{service}/aws4_request, SignedHeaders={signed_headers}, \
         Signature={signature}"
    ))
}

/// With which key, where and for what a request is signed.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The access key.
    pub key_id: &'a str,
    /// Such as `us-east-1`.
    pub region: &'a str,
    /// `iam`, `sts` or `cloudtrail`.
    pub service: &'a str,
}

/// Who signed a request. Nothing else of it is looked at before.
pub(super) fn verify(
    account: &Account,
    service: Service,
    request: &Request<'_>,
    now: OffsetDateTime,
) -> Result<Signed, IamError> {
    let Some(header) = request.header("authorization") else {
        let message = "Request is missing Authentication Token";
        return Err(IamError::new("MissingAuthenticationToken", 403, message));
    };
    let authorization = Authorization::parse(header)?;
    let Some(timestamp) = request.header("x-amz-date") else {
        let message = "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.";
        return Err(IamError::new("IncompleteSignature", 400, message));
    };
    let (caller, secret) = credentials(account, authorization.key_id, request, now)?;
    check_scope(&authorization, service, timestamp)?;
    check_time(timestamp, now)?;
    let computed = authorization.sign(request, timestamp, secret.expose())?;
    let is_right: bool = computed.as_bytes().ct_eq(authorization.signature.as_bytes()).into();
    match is_right {
        true => Ok(Signed {
            caller,
            key_id: authorization.key_id.to_owned(),
            region: authorization.region.to_owned(),
        }),
        false => Err(mismatch(
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret \
             Access Key and signing method. Consult the service documentation for details.",
        )),
    }
}

fn mismatch(message: impl Into<String>) -> IamError {
    IamError::new("SignatureDoesNotMatch", 403, message)
}

/// Whose access key it is, and the secret that has to have signed.
fn credentials(
    account: &Account,
    key_id: &str,
    request: &Request<'_>,
    now: OffsetDateTime,
) -> Result<(Caller, Secret), IamError> {
    let invalid = || {
        let message = "The security token included in the request is invalid.";
        IamError::new("InvalidClientTokenId", 403, message)
    };
    let found = match request.header("x-amz-security-token") {
        None => {
            let key = account.access_key(key_id).filter(|(_, key)| key.active);
            key.map(|(user, key)| (Caller::long_term(user.clone()), key.secret.clone()))
        }
        Some(token) => match account.open(key_id, token, now.unix_timestamp()) {
            Ok(found) => Some(found),
            Err(TokenError::Expired) => {
                let message = "The security token included in the request is expired";
                return Err(IamError::new("ExpiredToken", 403, message));
            }
            Err(TokenError::Invalid) => None,
        },
    };
    found.ok_or_else(invalid)
}

fn check_scope(authorization: &Authorization<'_>, service: Service, timestamp: &str) -> Result<(), IamError> {
    if authorization.service != service.name() {
        let name = service.name();
        return Err(mismatch(format!(
            "Credential should be scoped to correct service: '{name}'."
        )));
    }
    let is_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if authorization.region.is_empty() || !authorization.region.bytes().all(is_region) {
        return Err(mismatch("Credential should be scoped to a valid region."));
    }
    let day = timestamp.split('T').next().unwrap_or_default();
    match day == authorization.date {
        true => Ok(()),
        false => Err(mismatch(format!(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{}' != \
             '{day}', from '{timestamp}'.",
            authorization.date
        ))),
    }
}

fn check_time(timestamp: &str, now: OffsetDateTime) -> Result<(), IamError> {
    let Ok(signed) = PrimitiveDateTime::parse(timestamp, TIMESTAMP) else {
        return Err(IamError::new(
            "IncompleteSignature",
            400,
            format!(
                "Date must be in ISO-8601 'basic format'. Got '{timestamp}'. See http://en.wikipedia.org/wiki/ISO_8601"
            ),
        ));
    };
    let signed = signed.assume_utc();
    let show = |time: OffsetDateTime| time.format(TIMESTAMP).unwrap_or_default();
    let (earliest, latest) = (now.saturating_sub(SKEW), now.saturating_add(SKEW));
    let server = show(now);
    if signed < earliest {
        let earliest = show(earliest);
        let message = format!("Signature expired: {timestamp} is now earlier than {earliest} ({server} - 15 min.)");
        return Err(mismatch(message));
    }
    if signed > latest {
        let latest = show(latest);
        let message =
            format!("Signature not yet current: {timestamp} is still later than {latest} ({server} + 15 min.)");
        return Err(mismatch(message));
    }
    Ok(())
}

/// The request in its canonical form. Host, date and token have to be signed: without the host, a request could be
/// sent elsewhere, and without the date kept.
fn canonical_request(request: &Request<'_>, signed_headers: &str) -> Result<Zeroizing<String>, IamError> {
    let names: Vec<_> = signed_headers.split(';').collect();
    let has = |name: &str| names.contains(&name);
    if !has("host") {
        return Err(mismatch(
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        ));
    }
    let demanded = request.headers.iter().map(|(name, _)| name.to_ascii_lowercase());
    for name in demanded.filter(|name| name.starts_with("x-amz-")) {
        if !has(&name) {
            return Err(mismatch(format!(
                "'{name}' must be a 'SignedHeader' in the AWS Authorization."
            )));
        }
    }
    if names.len() > MAX_HEADERS || !names.is_sorted() {
        return Err(mismatch("The signed headers are too many, or not sorted."));
    }
    let (method, path, query) = (request.method, request.path, request.query);
    let mut canonical = Zeroizing::new(format!("{method}\n{path}\n{query}\n"));
    for name in &names {
        let mut values = Vec::new();
        for (_, value) in request
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name))
        {
            let words: Vec<_> = value.split(' ').filter(|word| !word.is_empty()).collect();
            values.push(words.join(" "));
        }
        if values.is_empty() {
            return Err(mismatch(format!("The signed header '{name}' is not in the request.")));
        }
        _ = writeln!(canonical, "{name}:{}", values.join(","));
    }
    let hash = HEXLOWER.encode(&Sha256::digest(request.body));
    _ = write!(canonical, "\n{signed_headers}\n{hash}");
    Ok(canonical)
}

fn mac(key: &[u8], message: &[u8]) -> Zeroizing<[u8; 32]> {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Zeroizing::new([0; 32]); // never: HMAC takes keys of any length
    };
    mac.update(message);
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests;
