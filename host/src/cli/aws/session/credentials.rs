//! Credentials of a session, as STS gives them and as a credential process prints them.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::{Iso8601, Rfc3339};
use zeroize::Zeroizing;

/// Credentials. They are good until their end for whoever has them.
pub(super) struct Credentials {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Zeroizing<String>,
    pub(super) session_token: Zeroizing<String>,
    /// When they end, as AWS writes it.
    pub(super) expiration: String,
}

/// Where credentials are used, as far as a profile says so.
#[derive(Default)]
pub(super) struct Place {
    pub(super) region: Option<String>,
    /// Where it is not AWS itself: credentials of another place are of no use there, and its secrets no business.
    pub(super) endpoint: Option<String>,
    /// Whether endpoints that are configured anywhere are not used, where there are any.
    pub(super) ignores_endpoints: bool,
}

/// The members that both have.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Members {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
}

/// The answer of STS.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    credentials: Members,
}

/// What a credential process prints ("Process credential provider").
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Json<'a> {
    version: u8,
    access_key_id: &'a str,
    secret_access_key: &'a str,
    session_token: &'a str,
    expiration: &'a str,
}

impl Credentials {
    /// Reads what `aws sts get-session-token` and `assume-role` print.
    pub(super) fn of_answer(json: &[u8]) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(json).ok()?;
        Self::new(answer.credentials)
    }

    /// Reads what [`Self::json`] wrote.
    pub(super) fn of_kept(json: &[u8]) -> Option<Self> {
        Self::new(serde_json::from_slice(json).ok()?)
    }

    fn new(members: Members) -> Option<Self> {
        let credentials = Self {
            access_key_id: members.access_key_id,
            secret_access_key: members.secret_access_key.into(),
            session_token: members.session_token.into(),
            expiration: members.expiration,
        };
        // They go to shells and to the environment of programs.
        let is_plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let plain = [
            credentials.access_key_id.as_str(),
            credentials.secret_access_key.as_str(),
            credentials.session_token.as_str(),
            credentials.expiration.as_str(),
        ]
        .iter()
        .all(|text| is_plain(text));
        (plain && credentials.end().is_some()).then_some(credentials)
    }

    /// When they end, in seconds since 1970.
    pub(super) fn end(&self) -> Option<u64> {
        let end = OffsetDateTime::parse(&self.expiration, &Rfc3339)
            .or_else(|_| OffsetDateTime::parse(&self.expiration, &Iso8601::DEFAULT));
        end.ok()?.unix_timestamp().try_into().ok()
    }

    /// For programs.
    pub(super) fn json(&self) -> Json<'_> {
        Json {
            version: 1,
            access_key_id: &self.access_key_id,
            secret_access_key: &self.secret_access_key,
            session_token: &self.session_token,
            expiration: &self.expiration,
        }
    }

    /// The environment variables that the AWS CLI and the SDKs read.
    pub(super) fn variables<'a>(&'a self, place: &'a Place) -> Vec<(&'static str, &'a str)> {
        let mut variables = vec![
            ("AWS_ACCESS_KEY_ID", self.access_key_id.as_str()),
            ("AWS_SECRET_ACCESS_KEY", self.secret_access_key.as_str()),
            ("AWS_SESSION_TOKEN", self.session_token.as_str()),
            ("AWS_CREDENTIAL_EXPIRATION", self.expiration.as_str()),
        ];
        if let Some(region) = place.region.as_deref() {
            variables.extend([("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)]);
        }
        if let Some(endpoint) = place.endpoint.as_deref() {
            variables.push(("AWS_ENDPOINT_URL", endpoint));
        }
        if place.ignores_endpoints {
            variables.push((IGNORE_ENDPOINTS, "true"));
        }
        variables
    }
}

/// As a variable, what `ignore_configured_endpoint_urls` is in a profile.
pub(super) const IGNORE_ENDPOINTS: &str = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";

/// Variables that would have a program use a profile in place of the credentials.
pub(super) const IN_THE_WAY: [&str; 2] = ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"];

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Credentials that end then.
    pub(in super::super) fn until(expiration: &str) -> Credentials {
        let answer = format!(
            r#"{{"Credentials": {{"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret/+",
                "SessionToken": "to+ken==",
            "Expiration": "{expiration}"}}, "AssumedRoleUser": {{}}}}"#
        );
        Credentials::of_answer(answer.as_bytes()).unwrap()
    }

    #[test]
    fn both_versions_of_the_cli_are_read() {
        assert_eq!(until("2026-11-29T01:00:00Z").end(), Some(1_795_914_000));
        assert_eq!(until("2026-11-29T01:00:00+00:00").end(), Some(1_795_914_000));
        let printed = serde_json::to_string(&until("2026-11-29T01:00:00Z").json()).unwrap();
        assert!(
            printed.starts_with(r#"{"Version":1,"AccessKeyId":"ASIAEXAMPLE","#),
            "{printed}"
        );
        let again = Credentials::of_kept(printed.as_bytes()).unwrap();
        assert_eq!(again.session_token.as_str(), "to+ken==");
    }

    #[test]
    fn what_is_no_answer_of_sts_is_none() {
        for wrong in [
            "",
            "{}",
            r#"{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "b", "SessionToken": "c",
                "Expiration": "soon"}}"#,
            r#"{"Credentials": {"AccessKeyId": "A", "SecretAccessKey": "b'$(x)\n", "SessionToken": "c",
                "Expiration": "2026-11-29T01:00:00Z"}}"#,
        ] {
            assert!(Credentials::of_answer(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
