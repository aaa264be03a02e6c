//! Turns a key's answer into the response for the relying party.

use std::fmt;

use cbor4ii::core::Value;

use crate::cbor;
use crate::webauthn::authenticator_data::credential_id;
use crate::webauthn::{
    AssertionResponse, AttestationConveyancePreference, AttestationResponse, CredentialDescriptor, ExtensionOutputs,
};

impl AttestationResponse {
    /// Builds the response from the members of a makeCredential answer (CTAP 2.3 §6.1): `fmt`, `authData`, and
    /// `attStmt` as the raw CBOR that the key sent.
    pub fn from_ctap2(
        client_data_json: Vec<u8>,
        fmt: &str,
        auth_data: &[u8],
        att_stmt: &[u8],
        preference: AttestationConveyancePreference,
        transports: Vec<String>,
    ) -> Result<Self, MalformedAnswer> {
        let credential_id = credential_id(auth_data)
            .ok_or(MalformedAnswer::CredentialMissing)?
            .to_vec();
        let attestation_object = if preference == AttestationConveyancePreference::None
            && !is_anonymous_self_attestation(fmt, auth_data, att_stmt)
        {
            attestation_object("none", auth_data, b"\xa0")
        } else {
            attestation_object(fmt, auth_data, att_stmt)
        };
        Ok(Self {
            credential_id,
            client_data_json,
            attestation_object,
            transports,
            extensions: ExtensionOutputs::default(),
            faults: Vec::new(),
        })
    }
}

impl AssertionResponse {
    /// Builds the response from the members of a getAssertion answer (CTAP 2.3 §6.2). A key may leave the credential
    /// out when the allow list had one entry; the client fills it in.
    pub fn from_ctap2(
        client_data_json: Vec<u8>,
        credential_id: Option<Vec<u8>>,
        allow: &[CredentialDescriptor],
        authenticator_data: Vec<u8>,
        signature: Vec<u8>,
        user_handle: Option<Vec<u8>>,
    ) -> Result<Self, MalformedAnswer> {
        let credential_id = match (credential_id, allow) {
            (Some(id), _) => id,
            (None, [only]) => only.id.clone(),
            (None, _) => return Err(MalformedAnswer::CredentialMissing),
        };
        Ok(Self {
            credential_id,
            client_data_json,
            authenticator_data,
            signature,
            user_handle,
            app_id_used: false,
            extensions: ExtensionOutputs::default(),
            faults: Vec::new(),
        })
    }
}

/// The attestation object (WebAuthn Level 3 §6.5.4) in CTAP2 canonical CBOR: `{"fmt", "attStmt", "authData"}`.
pub(super) fn attestation_object(fmt: &str, auth_data: &[u8], att_stmt: &[u8]) -> Vec<u8> {
    let text = |text: &str| cbor::encode(&Value::Text(text.to_owned()));
    // The statement keeps the key's encoding, so that the relying party judges the key's bytes and not ours.
    [
        &[0xa3][..],
        &text("fmt"),
        &text(fmt),
        &text("attStmt"),
        att_stmt,
        &text("authData"),
        &cbor::encode(&Value::Bytes(auth_data.to_vec())),
    ]
    .concat()
}

/// WebAuthn Level 3 §5.1.3, attestation conveyance `none`: packed self attestation under an all-zero AAGUID reveals
/// nothing and stays; for anything else the format becomes `none` and the statement empty. (Level 2 also set the AAGUID
/// to zero; Level 3 leaves it.)
fn is_anonymous_self_attestation(fmt: &str, auth_data: &[u8], att_stmt: &[u8]) -> bool {
    let is_self = match cbor::decode_canonical(att_stmt) {
        Ok(Value::Map(members)) => cbor::member(&members, "x5c").is_none(),
        _ => false,
    };
    fmt == "packed" && is_self && auth_data.get(37..53) == Some(&[0; 16][..])
}

/// The key's answer is wrong: no response can be made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MalformedAnswer {
    /// It does not name the credential.
    CredentialMissing,
    /// A U2F key handle that is longer than a U2F key handle can be.
    U2fRegistration,
}

impl MalformedAnswer {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        "try again; if it stays, the key is faulty or not a security key"
    }
}

impl fmt::Display for MalformedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CredentialMissing => "the key's answer does not name its credential",
            Self::U2fRegistration => "the key's U2F key handle is too long",
        })
    }
}

impl std::error::Error for MalformedAnswer {}

#[cfg(test)]
mod tests {
    use super::*;

    fn auth_data(flags: u8, aaguid: u8) -> Vec<u8> {
        [&[1; 32][..], &[flags], &[0; 4], &[aaguid; 16], &[0, 3], b"abc", b"\xa0"].concat()
    }

    fn create(fmt: &str, auth_data: &[u8], att_stmt: &[u8], preference: AttestationConveyancePreference) -> Vec<u8> {
        let response = AttestationResponse::from_ctap2(vec![], fmt, auth_data, att_stmt, preference, vec![]).unwrap();
        assert_eq!(response.credential_id, b"abc");
        cbor::decode_canonical(&response.attestation_object).unwrap();
        response.attestation_object
    }

    #[test]
    fn direct_passes_the_statement_on() {
        let data = auth_data(0x41, 9);
        let object = create(
            "packed",
            &data,
            b"\xa1\x63alg\x26",
            AttestationConveyancePreference::Direct,
        );
        let expected = [
            &b"\xa3\x63fmt\x66packed\x67attStmt\xa1\x63alg\x26\x68authData\x58\x3b"[..],
            &data,
        ]
        .concat();
        assert_eq!(object, expected);
    }

    #[test]
    fn none_removes_the_statement_unless_it_reveals_nothing() {
        use AttestationConveyancePreference::None;
        let removed = |data: &[u8]| attestation_object("none", data, b"\xa0");
        let named = auth_data(0x41, 9);
        assert_eq!(create("packed", &named, b"\xa1\x63alg\x26", None), removed(&named));
        let zero = auth_data(0x41, 0);
        assert_eq!(create("packed", &zero, b"\xa1\x63x5c\x80", None), removed(&zero));
        assert_eq!(create("fido-u2f", &zero, b"\xa0", None), removed(&zero));
        let kept = attestation_object("packed", &zero, b"\xa1\x63alg\x26");
        assert_eq!(create("packed", &zero, b"\xa1\x63alg\x26", None), kept);
    }

    #[test]
    fn an_answer_without_a_credential_is_malformed() {
        let short = auth_data(0x41, 0)[..57].to_vec();
        for data in [&[][..], &auth_data(0x01, 0), &short] {
            let answer = AttestationResponse::from_ctap2(
                vec![],
                "none",
                data,
                b"\xa0",
                AttestationConveyancePreference::Direct,
                vec![],
            );
            assert_eq!(answer, Err(MalformedAnswer::CredentialMissing));
        }
    }

    #[test]
    fn a_lone_allowed_credential_is_filled_in() {
        let allow = |ids: &[&[u8]]| -> Vec<CredentialDescriptor> {
            ids.iter().map(|id| CredentialDescriptor::new(id.to_vec())).collect()
        };
        let from = |id: Option<&[u8]>, allow: &[CredentialDescriptor]| {
            AssertionResponse::from_ctap2(vec![], id.map(<[u8]>::to_vec), allow, vec![], vec![], None)
                .map(|response| response.credential_id)
        };
        assert_eq!(from(None, &allow(&[b"a"])), Ok(b"a".to_vec()));
        assert_eq!(from(Some(b"b"), &allow(&[b"a"])), Ok(b"b".to_vec()));
        assert_eq!(
            from(None, &allow(&[b"a", b"b"])),
            Err(MalformedAnswer::CredentialMissing)
        );
        assert_eq!(from(None, &[]), Err(MalformedAnswer::CredentialMissing));
    }
}
