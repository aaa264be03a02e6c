//! What is known about a key, by the standard's names.

use std::collections::BTreeMap;

use brasskey_protocol::ctaphid::{InitResponse, capability};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use super::super::layout::{aaguid, hex};
use super::models::Model;
use super::notices;
use crate::client::ctap2::{Info, PublicKeyCredentialParameters};
use crate::client::{CAPABILITY_LOCK, Key};
use crate::mds::Blob;
use crate::webauthn::Fault;

/// Everything that a key says without a touch.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Facts<'a> {
    /// What to call the key: escaped.
    pub(super) device: &'a str,
    #[serde(rename = "ctaphid", serialize_with = "ctaphid")]
    pub(super) init: &'a InitResponse,
    /// The versions that getInfo or U2F_VERSION names. Untrusted texts.
    pub(super) versions: Vec<&'a str>,
    pub(super) u2f: bool,
    #[serde(rename = "getInfo", serialize_with = "get_info")]
    pub(super) info: Option<&'a Info>,
    /// Why a key that says that it speaks CTAP2 did not answer getInfo.
    #[serde(rename = "getInfoError")]
    pub(super) info_error: Option<String>,
    /// What is known of its model beside what it says.
    pub(super) model: Option<Model>,
    /// Whether metadata were given, and the model is not in them.
    #[serde(skip)]
    pub(super) is_not_in_metadata: bool,
    /// What websites may trip over.
    pub(super) notices: Vec<String>,
    /// Faults of the key and of its model: escaped.
    pub(super) warnings: Vec<String>,
}

impl<'a> Facts<'a> {
    pub(super) fn of(key: &'a Key, device: &'a str) -> Self {
        let info_error = key.info_error().map(ToString::to_string);
        Self {
            device,
            init: key.init(),
            versions: key.versions(),
            u2f: key.speaks_u2f(),
            info: key.info(),
            model: None,
            is_not_in_metadata: false,
            notices: notices::of(key.info()),
            warnings: warnings(key.faults(), info_error.as_deref()),
            info_error,
        }
    }
}

impl Facts<'_> {
    /// Looks the model up.
    pub(super) fn know_model(&mut self, blob: Option<&Blob>) {
        let Some((info, bytes)) = self.info.and_then(|info| Some((info, info.aaguid?))) else {
            return;
        };
        self.model = Model::of(&aaguid(bytes), info.firmware_version, blob);
        self.is_not_in_metadata = blob.is_some_and(|blob| blob.model(&aaguid(bytes)).is_none());
        self.warnings
            .extend(self.model.iter().flat_map(|model| model.warnings.clone()));
    }
}

/// Faults of the key, as text for people: escaped.
pub(super) fn warnings(faults: &[Fault], info_error: Option<&str>) -> Vec<String> {
    let downgraded = info_error
        .map(|error| format!("it says that it speaks CTAP2 and is used as a U2F key, because getInfo failed: {error}"));
    downgraded
        .into_iter()
        .chain(faults.iter().map(ToString::to_string))
        .collect()
}

/// The key's version as CTAPHID_INIT gives it.
pub(super) fn device_version(init: &InitResponse) -> String {
    let [major, minor, build] = init.version;
    format!("{major}.{minor}.{build}")
}

/// The answer to CTAPHID_INIT, as JSON has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ctaphid {
    protocol_version: u8,
    device_version: String,
    capabilities: Vec<&'static str>,
    capability_bits: u8,
}

fn ctaphid<S: Serializer>(init: &InitResponse, serializer: S) -> Result<S::Ok, S::Error> {
    let names = [
        (capability::WINK, "WINK"),
        (CAPABILITY_LOCK, "LOCK"),
        (capability::CBOR, "CBOR"),
        (capability::NMSG, "NMSG"),
    ];
    let has = |(bit, name)| (init.capabilities & bit != 0).then_some(name);
    let ctaphid = Ctaphid {
        protocol_version: init.protocol_version,
        device_version: device_version(init),
        capabilities: names.into_iter().filter_map(has).collect(),
        capability_bits: init.capabilities,
    };
    ctaphid.serialize(serializer)
}

fn get_info<S: Serializer>(info: &Option<&Info>, serializer: S) -> Result<S::Ok, S::Error> {
    info.map(GetInfo).serialize(serializer)
}

/// authenticatorGetInfo's answer: members in the standard's order and under its names, absent ones left out.
pub(super) struct GetInfo<'a>(pub(super) &'a Info);

impl Serialize for GetInfo<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let info = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("versions", &info.versions)?;
        member(&mut map, "extensions", info.extensions.as_ref())?;
        member(&mut map, "aaguid", info.aaguid.map(aaguid))?;
        map.serialize_entry("options", &info.options)?;
        member(&mut map, "maxMsgSize", info.max_msg_size)?;
        member(&mut map, "pinUvAuthProtocols", info.pin_uv_auth_protocols.as_ref())?;
        member(&mut map, "maxCredentialCountInList", info.max_credential_count_in_list)?;
        member(&mut map, "maxCredentialIdLength", info.max_credential_id_length)?;
        member(&mut map, "transports", info.transports.as_ref())?;
        let algorithms = |list: &Vec<_>| list.iter().map(algorithm).collect::<Vec<_>>();
        member(&mut map, "algorithms", info.algorithms.as_ref().map(algorithms))?;
        member(
            &mut map,
            "maxSerializedLargeBlobArray",
            info.max_serialized_large_blob_array,
        )?;
        member(&mut map, "forcePINChange", info.force_pin_change)?;
        member(&mut map, "minPINLength", info.min_pin_length)?;
        member(&mut map, "firmwareVersion", info.firmware_version)?;
        member(&mut map, "maxCredBlobLength", info.max_cred_blob_length)?;
        member(
            &mut map,
            "maxRPIDsForSetMinPINLength",
            info.max_rp_ids_for_set_min_pin_length,
        )?;
        member(
            &mut map,
            "preferredPlatformUvAttempts",
            info.preferred_platform_uv_attempts,
        )?;
        member(&mut map, "uvModality", info.uv_modality)?;
        member(&mut map, "certifications", info.certifications.as_ref())?;
        member(
            &mut map,
            "remainingDiscoverableCredentials",
            info.remaining_discoverable_credentials,
        )?;
        member(
            &mut map,
            "vendorPrototypeConfigCommands",
            info.vendor_prototype_config_commands.as_ref(),
        )?;
        member(&mut map, "attestationFormats", info.attestation_formats.as_ref())?;
        member(&mut map, "uvCountSinceLastPinEntry", info.uv_count_since_last_pin_entry)?;
        member(&mut map, "longTouchForReset", info.long_touch_for_reset)?;
        member(&mut map, "encIdentifier", info.enc_identifier.map(|bytes| hex(&bytes)))?;
        member(&mut map, "transportsForReset", info.transports_for_reset.as_ref())?;
        member(&mut map, "pinComplexityPolicy", info.pin_complexity_policy)?;
        member(
            &mut map,
            "pinComplexityPolicyURL",
            info.pin_complexity_policy_url.as_deref().map(String::from_utf8_lossy),
        )?;
        member(&mut map, "maxPINLength", info.max_pin_length)?;
        member(
            &mut map,
            "encCredStoreState",
            info.enc_cred_store_state.map(|bytes| hex(&bytes)),
        )?;
        member(
            &mut map,
            "authenticatorConfigCommands",
            info.authenticator_config_commands.as_ref(),
        )?;
        let unknown: BTreeMap<_, _> = info
            .unknown
            .iter()
            .map(|(key, cbor)| (key.to_string(), hex(cbor)))
            .collect();
        map.serialize_entry("unknown", &unknown)?;
        map.end()
    }
}

fn member<M: SerializeMap>(map: &mut M, name: &str, value: Option<impl Serialize>) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(name, &value))
}

fn algorithm(parameters: &PublicKeyCredentialParameters) -> serde_json::Value {
    serde_json::json!({ "alg": parameters.alg, "type": parameters.kind })
}
