//! authenticatorGetInfo (CTAP 2.3 §6.4): what a key can do.

use std::collections::BTreeMap;

use super::entities::PublicKeyCredentialParameters;
use super::members::{List, Members};
use super::{Command, Malformed, Oddity};

mod familiar;
mod judge;

pub(crate) use familiar::{Familiar, Unread};

#[cfg(test)]
pub(crate) use judge::{CERTIFICATIONS, OPTIONS};

/// The request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GetInfo;

/// The answer. Every member may be missing, and unknown ones are kept; texts are untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// 0x01: versions of the standard, such as `FIDO_2_1` and `U2F_V2`.
    pub versions: Vec<String>,
    /// 0x02: extension identifiers.
    pub extensions: Option<Vec<String>>,
    /// 0x03: the model of the key; zeros where it does not say.
    pub aaguid: Option<[u8; 16]>,
    /// 0x04: options; absent and false may differ.
    pub options: BTreeMap<String, bool>,
    /// 0x05: the longest request, in bytes; 1024 where absent.
    pub max_msg_size: Option<u64>,
    /// 0x06: PIN/UV auth protocols, most preferred first.
    pub pin_uv_auth_protocols: Option<Vec<u64>>,
    /// 0x07: the longest allow or exclude list.
    pub max_credential_count_in_list: Option<u64>,
    /// 0x08: the longest credential ID, in bytes.
    pub max_credential_id_length: Option<u64>,
    /// 0x09: transports, such as `usb`.
    pub transports: Option<Vec<String>>,
    /// 0x0A: algorithms, most preferred first.
    pub algorithms: Option<Vec<PublicKeyCredentialParameters>>,
    /// 0x0B: the longest large-blob array, in bytes.
    pub max_serialized_large_blob_array: Option<u64>,
    /// 0x0C: whether the PIN must be changed before it can be used.
    pub force_pin_change: Option<bool>,
    /// 0x0D: the shortest PIN, in code points.
    pub min_pin_length: Option<u64>,
    /// 0x0E: the firmware's version.
    pub firmware_version: Option<u64>,
    /// 0x0F: the longest credBlob, in bytes.
    pub max_cred_blob_length: Option<u64>,
    /// 0x10: how many RP IDs setMinPINLength takes.
    pub max_rp_ids_for_set_min_pin_length: Option<u64>,
    /// 0x11: how often to try the built-in user verification before asking for the PIN.
    pub preferred_platform_uv_attempts: Option<u64>,
    /// 0x12: how the key verifies its user: bits of the FIDO registry.
    pub uv_modality: Option<u64>,
    /// 0x13: certifications and their levels.
    pub certifications: Option<BTreeMap<String, u64>>,
    /// 0x14: about how many more discoverable credentials have room.
    pub remaining_discoverable_credentials: Option<u64>,
    /// 0x15: vendor-prototype configuration commands.
    pub vendor_prototype_config_commands: Option<Vec<u64>>,
    /// 0x16: attestation formats; `packed` where absent.
    pub attestation_formats: Option<Vec<String>>,
    /// 0x17: built-in user verifications since the PIN was last given.
    pub uv_count_since_last_pin_entry: Option<u64>,
    /// 0x18: whether a reset takes a long touch.
    pub long_touch_for_reset: Option<bool>,
    /// 0x19: the encrypted identifier of this key.
    pub enc_identifier: Option<[u8; 32]>,
    /// 0x1A: transports over which a reset is accepted; all where absent.
    pub transports_for_reset: Option<Vec<String>>,
    /// 0x1B: whether there are rules for PINs other than their length.
    pub pin_complexity_policy: Option<bool>,
    /// 0x1C: where that policy is described: the bytes of a URL.
    pub pin_complexity_policy_url: Option<Vec<u8>>,
    /// 0x1D: the longest PIN, in code points; 63 where absent.
    pub max_pin_length: Option<u64>,
    /// 0x1E: the encrypted state of the credential store.
    pub enc_cred_store_state: Option<[u8; 32]>,
    /// 0x1F: configuration subcommands.
    pub authenticator_config_commands: Option<Vec<u64>>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

impl Info {
    /// Whether the key follows CTAP 2.1 or a later edition; the preview of 2.1 does not count.
    #[must_use]
    pub fn is_2_1(&self) -> bool {
        self.versions.iter().any(|version| {
            let numbers = version.strip_prefix("FIDO_").and_then(|rest| rest.split_once('_'));
            let numbers = numbers.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
            numbers.is_some_and(|numbers: (u8, u8)| numbers >= (2, 1))
        })
    }

    /// Whether the key names an extension.
    #[must_use]
    pub fn has_extension(&self, extension: &str) -> bool {
        self.extensions.iter().flatten().any(|known| known == extension)
    }

    /// Whether an option is present and true.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.options.get(option) == Some(&true)
    }
}

impl Command for GetInfo {
    const CODE: u8 = 0x04;
    const NAME: &'static str = "authenticatorGetInfo";
    const SECTION: &'static str = "CTAP 2.3 §6.4";
    type Response = Info;

    fn waits_for_user(&self) -> bool {
        false
    }

    fn parameters(&self) -> Vec<u8> {
        Vec::new()
    }

    fn parse(data: &[u8]) -> Result<Info, Malformed> {
        let mut members = Members::read(data)?;
        let mut info = Info {
            versions: list(&mut members, 0x01, "versions").unwrap_or_default(),
            extensions: list(&mut members, 0x02, "extensions"),
            aaguid: members.optional(0x03, "aaguid"),
            options: members.optional(0x04, "options").unwrap_or_default(),
            max_msg_size: members.optional(0x05, "maxMsgSize"),
            pin_uv_auth_protocols: list(&mut members, 0x06, "pinUvAuthProtocols"),
            max_credential_count_in_list: members.optional(0x07, "maxCredentialCountInList"),
            max_credential_id_length: members.optional(0x08, "maxCredentialIdLength"),
            transports: list(&mut members, 0x09, "transports"),
            algorithms: list(&mut members, 0x0A, "algorithms"),
            max_serialized_large_blob_array: members.optional(0x0B, "maxSerializedLargeBlobArray"),
            force_pin_change: members.optional(0x0C, "forcePINChange"),
            min_pin_length: members.optional(0x0D, "minPINLength"),
            firmware_version: members.optional(0x0E, "firmwareVersion"),
            max_cred_blob_length: members.optional(0x0F, "maxCredBlobLength"),
            max_rp_ids_for_set_min_pin_length: members.optional(0x10, "maxRPIDsForSetMinPINLength"),
            preferred_platform_uv_attempts: members.optional(0x11, "preferredPlatformUvAttempts"),
            uv_modality: members.optional(0x12, "uvModality"),
            certifications: members.optional(0x13, "certifications"),
            remaining_discoverable_credentials: members.optional(0x14, "remainingDiscoverableCredentials"),
            vendor_prototype_config_commands: list(&mut members, 0x15, "vendorPrototypeConfigCommands"),
            attestation_formats: list(&mut members, 0x16, "attestationFormats"),
            uv_count_since_last_pin_entry: members.optional(0x17, "uvCountSinceLastPinEntry"),
            long_touch_for_reset: members.optional(0x18, "longTouchForReset"),
            enc_identifier: members.optional(0x19, "encIdentifier"),
            transports_for_reset: list(&mut members, 0x1A, "transportsForReset"),
            pin_complexity_policy: members.optional(0x1B, "pinComplexityPolicy"),
            pin_complexity_policy_url: members.optional(0x1C, "pinComplexityPolicyURL"),
            max_pin_length: members.optional(0x1D, "maxPINLength"),
            enc_cred_store_state: members.optional(0x1E, "encCredStoreState"),
            authenticator_config_commands: list(&mut members, 0x1F, "authenticatorConfigCommands"),
            ..Info::default()
        };
        (info.unknown, info.oddities) = members.finish();
        info.oddities.extend(judge::contents(&info));
        Ok(info)
    }

    fn judge(&self, _: &[u8], response: &Info) -> Vec<Oddity> {
        response.oddities.clone()
    }
}

fn list<T: super::members::FromCbor>(members: &mut Members<'_>, key: i128, name: &'static str) -> Option<Vec<T>> {
    members.optional(key, name).map(|List(list)| list)
}

#[cfg(test)]
mod tests;
