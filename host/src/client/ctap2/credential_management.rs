//! authenticatorCredentialManagement (CTAP 2.3 §6.8): the passkeys that a key keeps.

use std::collections::BTreeMap;

use cbor4ii::core::Value;

use super::entities::LargeBlobKey;
use super::members::{FromCbor, Members, Parameters, Reading};
use super::{Command, Malformed, Oddity, no_data};
use crate::cbor::{bytes, encode};
use crate::client::pin_protocol::{PinUvAuth, PinUvAuthToken};
use crate::webauthn::{CredentialDescriptor, RelyingPartyEntity, UserEntity};

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialManagementSubcommand {
    /// 0x01: how many passkeys there are, and how many more have room.
    GetCredsMetadata,
    /// 0x02: the first relying party.
    EnumerateRpsBegin,
    /// 0x03: the next relying party.
    EnumerateRpsGetNextRp,
    /// 0x04: the first passkey for a relying party.
    EnumerateCredentialsBegin {
        /// The SHA-256 of the RP ID.
        rp_id_hash: [u8; 32],
    },
    /// 0x05: the next passkey.
    EnumerateCredentialsGetNextCredential,
    /// 0x06: deletes a passkey.
    DeleteCredential {
        /// Its ID.
        credential_id: Vec<u8>,
    },
    /// 0x07: gives a passkey's user other names.
    UpdateUserInformation {
        /// The passkey's ID.
        credential_id: Vec<u8>,
        /// The user, with the user handle that the passkey has. Names left out are removed.
        user: UserEntity,
    },
}

impl CredentialManagementSubcommand {
    fn number(&self) -> u8 {
        match self {
            Self::GetCredsMetadata => 0x01,
            Self::EnumerateRpsBegin => 0x02,
            Self::EnumerateRpsGetNextRp => 0x03,
            Self::EnumerateCredentialsBegin { .. } => 0x04,
            Self::EnumerateCredentialsGetNextCredential => 0x05,
            Self::DeleteCredential { .. } => 0x06,
            Self::UpdateUserInformation { .. } => 0x07,
        }
    }

    /// `subCommandParams`, where the subcommand has any.
    fn parameters(&self) -> Option<Value> {
        let descriptor = |id: &[u8]| CredentialDescriptor::new(id.to_vec()).value();
        let parameters = match self {
            Self::EnumerateCredentialsBegin { rp_id_hash } => Parameters::default().set(0x01, bytes(rp_id_hash)),
            Self::DeleteCredential { credential_id } => Parameters::default().set_some(0x02, descriptor(credential_id)),
            Self::UpdateUserInformation { credential_id, user } => Parameters::default()
                .set_some(0x02, descriptor(credential_id))
                .set_some(0x03, user.value()),
            _ => return None,
        };
        Some(parameters.value())
    }
}

/// The request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialManagement {
    subcommand: CredentialManagementSubcommand,
    auth: Option<PinUvAuth>,
    is_preview: bool,
}

impl CredentialManagement {
    /// A request that `token` authorizes.
    #[must_use]
    pub fn new(subcommand: CredentialManagementSubcommand, token: &PinUvAuthToken) -> Self {
        let parameters = subcommand.parameters().map(|parameters| encode(&parameters));
        let auth = match subcommand {
            // To go on with a list needs no new proof.
            CredentialManagementSubcommand::EnumerateRpsGetNextRp
            | CredentialManagementSubcommand::EnumerateCredentialsGetNextCredential => None,
            _ => Some(token.authorize(&[&[subcommand.number()], parameters.as_deref().unwrap_or_default()])),
        };
        Self {
            subcommand,
            auth,
            is_preview: false,
        }
    }

    /// The same with command byte 0x41, which the preview of CTAP 2.1 had.
    #[must_use]
    pub fn preview(self) -> Self {
        Self {
            is_preview: true,
            ..self
        }
    }
}

/// The answer to all subcommands. Texts are untrusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CredentialManagementResponse {
    /// 0x01: how many passkeys there are.
    pub existing_resident_credentials_count: Option<u64>,
    /// 0x02: about how many more have room.
    pub max_possible_remaining_resident_credentials_count: Option<u64>,
    /// 0x03: the relying party.
    pub rp: Option<RelyingPartyEntity>,
    /// 0x04: the SHA-256 of its RP ID.
    pub rp_id_hash: Option<[u8; 32]>,
    /// 0x05: how many relying parties there are; in the first answer only.
    pub total_rps: Option<u64>,
    /// 0x06: whose account.
    pub user: Option<UserEntity>,
    /// 0x07: the passkey's ID.
    pub credential_id: Option<CredentialDescriptor>,
    /// 0x08: its public key.
    pub public_key: Option<StoredPublicKey>,
    /// 0x09: how many passkeys this relying party has; in the first answer only.
    pub total_credentials: Option<u64>,
    /// 0x0A: its protection: 1, 2 or 3.
    pub cred_protect: Option<u64>,
    /// 0x0B: the key of its large blob.
    pub large_blob_key: Option<LargeBlobKey>,
    /// 0x0C: whether it is for payments on the websites of third parties.
    pub third_party_payment: Option<bool>,
    /// Members the standard does not know: CBOR as the key sent it.
    pub unknown: BTreeMap<i128, Vec<u8>>,
    /// Where the answer departs from the standard.
    pub oddities: Vec<Oddity>,
}

/// A public key: COSE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredPublicKey {
    /// The COSE algorithm identifier, where the key says.
    pub alg: Option<i64>,
    /// The whole key, encoded again.
    pub cose: Vec<u8>,
}

impl FromCbor for StoredPublicKey {
    fn from_cbor(value: Value, reading: &mut Reading) -> Option<Self> {
        let Value::Map(entries) = &value else { return None };
        let alg = entries.iter().find_map(|entry| match entry {
            (Value::Integer(3), Value::Integer(alg)) => i64::try_from(*alg).ok(),
            _ => None,
        });
        reading.partial |= alg.is_none();
        Some(Self {
            alg,
            cose: encode(&value),
        })
    }
}

impl Command for CredentialManagement {
    const CODE: u8 = 0x0A;
    const NAME: &'static str = "authenticatorCredentialManagement";
    const SECTION: &'static str = "CTAP 2.3 §6.8";
    type Response = CredentialManagementResponse;

    fn waits_for_user(&self) -> bool {
        // A key with a screen may ask before it changes anything.
        matches!(
            self.subcommand,
            CredentialManagementSubcommand::DeleteCredential { .. }
                | CredentialManagementSubcommand::UpdateUserInformation { .. }
        )
    }

    fn code(&self) -> u8 {
        if self.is_preview { 0x41 } else { Self::CODE }
    }

    fn parameters(&self) -> Vec<u8> {
        let auth = self.auth.as_ref();
        Parameters::default()
            .set(0x01, Value::Integer(self.subcommand.number().into()))
            .set_some(0x02, self.subcommand.parameters())
            .set_some(0x03, auth.map(|auth| Value::Integer(auth.protocol.into())))
            .set_some(0x04, auth.map(|auth| bytes(&auth.param)))
            .encode()
    }

    fn parse(data: &[u8]) -> Result<CredentialManagementResponse, Malformed> {
        if data.is_empty() {
            return Ok(CredentialManagementResponse::default());
        }
        let mut members = Members::read(data)?;
        let mut response = CredentialManagementResponse {
            existing_resident_credentials_count: members.optional(0x01, "existingResidentCredentialsCount"),
            max_possible_remaining_resident_credentials_count: members
                .optional(0x02, "maxPossibleRemainingResidentCredentialsCount"),
            rp: members.optional(0x03, "rp"),
            rp_id_hash: members.optional(0x04, "rpIDHash"),
            total_rps: members.optional(0x05, "totalRPs"),
            user: members.optional(0x06, "user"),
            credential_id: members.optional(0x07, "credentialID"),
            public_key: members.optional(0x08, "publicKey"),
            total_credentials: members.optional(0x09, "totalCredentials"),
            cred_protect: members.optional(0x0A, "credProtect"),
            large_blob_key: members.optional(0x0B, "largeBlobKey"),
            third_party_payment: members.optional(0x0C, "thirdPartyPayment"),
            ..CredentialManagementResponse::default()
        };
        (response.unknown, response.oddities) = members.finish();
        Ok(response)
    }

    fn judge(&self, data: &[u8], response: &CredentialManagementResponse) -> Vec<Oddity> {
        use CredentialManagementSubcommand as Subcommand;
        if matches!(
            self.subcommand,
            Subcommand::DeleteCredential { .. } | Subcommand::UpdateUserInformation { .. }
        ) {
            return no_data(data);
        }
        let mut found = response.oddities.clone();
        let begins_rps = matches!(self.subcommand, Subcommand::EnumerateRpsBegin);
        let rps = begins_rps || matches!(self.subcommand, Subcommand::EnumerateRpsGetNextRp);
        let begins_credentials = matches!(self.subcommand, Subcommand::EnumerateCredentialsBegin { .. });
        let credentials =
            begins_credentials || matches!(self.subcommand, Subcommand::EnumerateCredentialsGetNextCredential);
        let metadata = matches!(self.subcommand, Subcommand::GetCredsMetadata);
        // An empty list may have a total of zero, and nothing else.
        let nothing = response.total_rps == Some(0) || response.total_credentials == Some(0);
        for (name, there, belongs, required) in [
            (
                "existingResidentCredentialsCount",
                response.existing_resident_credentials_count.is_some(),
                metadata,
                metadata,
            ),
            (
                "maxPossibleRemainingResidentCredentialsCount",
                response.max_possible_remaining_resident_credentials_count.is_some(),
                metadata,
                metadata,
            ),
            ("rp", response.rp.is_some(), rps, rps),
            ("rpIDHash", response.rp_id_hash.is_some(), rps, rps),
            ("totalRPs", response.total_rps.is_some(), begins_rps, begins_rps),
            ("user", response.user.is_some(), credentials, credentials),
            (
                "credentialID",
                response.credential_id.is_some(),
                credentials,
                credentials,
            ),
            ("publicKey", response.public_key.is_some(), credentials, credentials),
            (
                "totalCredentials",
                response.total_credentials.is_some(),
                begins_credentials,
                begins_credentials,
            ),
            // The preview of CTAP 2.1 had none of the three that follow.
            (
                "credProtect",
                response.cred_protect.is_some(),
                credentials,
                credentials && !self.is_preview,
            ),
            ("largeBlobKey", response.large_blob_key.is_some(), credentials, false),
            (
                "thirdPartyPayment",
                response.third_party_payment.is_some(),
                credentials,
                false,
            ),
        ] {
            if there && !belongs {
                found.push(Oddity::Unasked(name));
            } else if !there && required && !nothing {
                found.push(Oddity::Missing(name));
            }
        }
        if response.cred_protect.is_some_and(|level| !(1..=3).contains(&level)) {
            found.push(Oddity::WrongValue("credProtect"));
        }
        if response
            .user
            .as_ref()
            .is_some_and(|user| !(1..=64).contains(&user.id.len()))
        {
            found.push(Oddity::WrongValue("user"));
        }
        found
    }
}

#[cfg(test)]
mod tests;
