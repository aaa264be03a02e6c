//! authenticatorGetInfo (CTAP 2.3 §6.4).

use super::config;
use super::extensions::names;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::crypto::Algorithm;
use crate::ctap2::attestation::Format;
use crate::ctap2::pin_protocol::Protocol;
use crate::limits::{
    CRED_BLOB_MAX, LARGE_BLOB_ARRAY_MAX, MAX_CREDENTIAL_ID, MAX_CREDENTIALS_IN_LIST, MAX_MESSAGE, MAX_PIN_LENGTH,
    MIN_PIN_LENGTH_RP_IDS,
};
use crate::platform::{Platform, UserPresence as _};
use crate::status::Status;

/// U2F comes first, because the setting `alwaysUv` removes it. There is no `FIDO_2_2`.
const VERSIONS: [&str; 4] = ["U2F_V2", "FIDO_2_0", "FIDO_2_1", "FIDO_2_3"];

/// The value of a member.
enum Value<'a> {
    Bool(bool),
    Uint(u64),
    Bytes(&'a [u8]),
    Texts(&'a [&'a str]),
    Numbers(&'a [u64]),
    /// An absent option says something else than one that is false.
    Options(&'a [(&'a str, Option<bool>)]),
    Algorithms(&'a [Algorithm]),
}

impl Value<'_> {
    fn write(&self, writer: &mut Writer<'_>) {
        match *self {
            Self::Bool(value) => {
                writer.bool(value);
            }
            Self::Uint(value) => {
                writer.uint(value);
            }
            Self::Bytes(value) => {
                writer.bytes(value);
            }
            Self::Texts(texts) => {
                writer.array(texts.len());
                for text in texts {
                    writer.text(text);
                }
            }
            Self::Numbers(numbers) => {
                writer.array(numbers.len());
                for &number in numbers {
                    writer.uint(number);
                }
            }
            Self::Options(options) => {
                let present = options.iter().filter_map(|&(name, value)| Some((name, value?)));
                writer.map(present.clone().count());
                for (name, value) in present {
                    writer.text(name).bool(value);
                }
            }
            Self::Algorithms(algorithms) => {
                writer.array(algorithms.len());
                for algorithm in algorithms {
                    writer.map(2).text("alg").int(algorithm.cose());
                    writer.text("type").text("public-key");
                }
            }
        }
    }
}

impl<P: Platform> Authenticator<P> {
    /// Says what this key can do, and its settings. Never waits.
    pub(super) fn get_info(&mut self, response: &mut Writer<'_>) -> Result<(), Status> {
        let (pin, settings) = (self.pin()?, self.settings()?);
        let versions = if settings.always_uv {
            VERSIONS.split_at(1).1
        } else {
            &VERSIONS
        };
        let enterprise = self.enterprise_capable();
        let by_key = self.presence.verifies_user().then_some(true);
        let remaining = self.store.remaining()?;
        let (identifier, state) = (self.enc_identifier(&pin)?, self.enc_cred_store_state(&pin)?);

        // In the canonical order: shorter names first, then bytewise.
        let options = [
            ("ep", enterprise.then_some(settings.enterprise_attestation)),
            ("rk", Some(true)),
            ("up", Some(true)),
            ("uv", by_key),
            ("uvAcfg", by_key),
            ("alwaysUv", Some(settings.always_uv)),
            ("credMgmt", Some(true)),
            ("authnrCfg", Some(true)),
            ("clientPin", Some(pin.is_set())),
            ("largeBlobs", Some(true)),
            ("perCredMgmtRO", Some(true)),
            ("pinUvAuthToken", Some(true)),
            ("setMinPINLength", Some(true)),
            ("makeCredUvNotRqd", Some(!settings.always_uv)),
            ("credentialMgmtPreview", Some(true)),
        ];
        let members = [
            // versions
            (0x01, Value::Texts(versions)),
            // extensions
            (0x02, Value::Texts(&names::OFFERED)),
            // aaguid
            (0x03, Value::Bytes(&self.config.aaguid)),
            // options
            (0x04, Value::Options(&options)),
            // maxMsgSize
            (0x05, Value::Uint(MAX_MESSAGE as u64)),
            // pinUvAuthProtocols
            (0x06, Value::Numbers(&Protocol::OFFERED.map(Protocol::number))),
            // maxCredentialCountInList
            (0x07, Value::Uint(MAX_CREDENTIALS_IN_LIST as u64)),
            // maxCredentialIdLength
            (0x08, Value::Uint(MAX_CREDENTIAL_ID as u64)),
            // transports
            (0x09, Value::Texts(&["usb"])),
            // algorithms
            (
                0x0a,
                Value::Algorithms(Algorithm::listed(self.config.lists_recent_algorithms)),
            ),
            // maxSerializedLargeBlobArray
            (0x0b, Value::Uint(LARGE_BLOB_ARRAY_MAX as u64)),
            // forcePINChange
            (0x0c, Value::Bool(pin.force_change)),
            // minPINLength
            (0x0d, Value::Uint(settings.min_pin_length.into())),
            // firmwareVersion
            (0x0e, Value::Uint(self.config.firmware_version.into())),
            // maxCredBlobLength
            (0x0f, Value::Uint(CRED_BLOB_MAX as u64)),
            // maxRPIDsForSetMinPINLength
            (0x10, Value::Uint(MIN_PIN_LENGTH_RP_IDS as u64)),
            // remainingDiscoverableCredentials
            (0x14, Value::Uint(remaining.into())),
            // attestationFormats
            (0x16, Value::Texts(&Format::OFFERED.map(Format::identifier))),
            // longTouchForReset
            (0x18, Value::Bool(settings.long_touch_for_reset)),
            // encIdentifier
            (0x19, Value::Bytes(&identifier)),
            // transportsForReset
            (0x1a, Value::Texts(&["usb"])),
            // pinComplexityPolicy
            (0x1b, Value::Bool(settings.pin_complexity)),
            // maxPINLength
            (0x1d, Value::Uint(MAX_PIN_LENGTH.into())),
            // encCredStoreState
            (0x1e, Value::Bytes(&state)),
            // authenticatorConfigCommands
            (0x1f, Value::Numbers(config::commands(enterprise))),
        ];
        response.map(members.len());
        for (key, value) in &members {
            response.uint(*key);
            value.write(response);
        }
        Ok(())
    }
}
