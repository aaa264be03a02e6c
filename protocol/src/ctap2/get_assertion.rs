//! authenticatorGetAssertion (CTAP 2.3 §6.2) and authenticatorGetNextAssertion (§6.3).

use super::Status;
use super::authenticator_data::{AuthenticatorData, Flags};
use super::parameters::{CredentialList, Options, client_data_hash, numbered, required};
use super::user_verification::{PinUvAuth, verified};
use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer};
use crate::credential::{CredProtect, Credential, CredentialId, Newest, Record, RecordKey, read_record, write_record};
use crate::crypto::sha256;
use crate::limits::{NEXT_ASSERTION_TIMEOUT, STORAGE_VALUE_MAX};
use crate::platform::{Clock as _, Operation, Platform, PresenceRequest, RelyingParty};

/// The parameters of §6.2.1, each of its right type.
struct Parameters<'a> {
    rp_id: &'a str,
    client_data_hash: &'a [u8; 32],
    allow_list: Option<CredentialList<'a>>,
    options: Options,
    pin_uv_auth: PinUvAuth<'a>,
}

impl<'a> Parameters<'a> {
    fn decode(parameters: Item<'a>) -> Result<Self, Status> {
        let [
            rp_id,
            hash,
            allow_list,
            extensions,
            options,
            pin_uv_auth_param,
            pin_uv_auth_protocol,
        ] = numbered(parameters)?;
        // No extension is offered: their inputs are ignored, but they come in a map.
        extensions.map(Item::map).transpose()?;
        Ok(Self {
            rp_id: required(rp_id)?.text()?,
            client_data_hash: client_data_hash(required(hash)?)?,
            allow_list: allow_list.map(CredentialList::decode).transpose()?,
            options: Options::decode(options)?,
            pin_uv_auth: PinUvAuth::decode(pin_uv_auth_param, pin_uv_auth_protocol)?,
        })
    }
}

/// What getNextAssertion needs to go on (§6.2.2 step 12).
pub(crate) struct PendingAssertions {
    channel: u32,
    rp_id_hash: [u8; 32],
    client_data_hash: [u8; 32],
    flags: Flags,
    /// The account answered last, by its place in the order of creation.
    sequence: u32,
    /// The time of that answer.
    since: u64,
}

/// What an assertion answers, whichever credential it is by.
struct Ceremony<'a> {
    rp_id_hash: &'a [u8; 32],
    client_data_hash: &'a [u8; 32],
    flags: Flags,
}

/// The credential that an assertion is by.
enum Chosen<'a> {
    /// Named by the allow list.
    Listed { id: &'a [u8], credential: Credential },
    /// Found by its relying party; the count is given in the first of several answers.
    Discovered {
        key: RecordKey,
        number_of_credentials: Option<u32>,
    },
}

impl<P: Platform> Authenticator<P> {
    /// Signs in with a credential that the allow list names, or with the newest that the relying party has here.
    pub(super) fn get_assertion(
        &mut self,
        channel: u32,
        parameters: Item<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let request = Parameters::decode(parameters)?;
        let rp_id_hash = sha256(&[request.rp_id.as_bytes()]);

        // Steps 1 and 2: pinUvAuthParam.
        request.pin_uv_auth.check()?;
        // Step 4: the options; `rk` must not be sent.
        let user_verified = verified(request.options)?;
        if request.options.rk.is_some() {
            return Err(Status::UnsupportedOption);
        }
        let user_present = request.options.up.unwrap_or(true);

        // Step 7: locate the credentials. Nothing found is answered at once, without a touch.
        let (chosen, newest) = match request.allow_list {
            Some(list) => (self.first_listed(list, &rp_id_hash, user_verified)?, None),
            None => {
                let newest = self.newest_account(&rp_id_hash, None, user_verified)?;
                let chosen = newest.map(|newest| Chosen::Discovered {
                    key: newest.key,
                    // Step 12: only where there is more than one.
                    number_of_credentials: (newest.count > 1).then_some(newest.count),
                });
                (chosen, newest)
            }
        };
        let chosen = chosen.ok_or(Status::NoCredentials)?;

        // Step 9: user presence.
        if user_present {
            self.user_presence(&PresenceRequest {
                operation: Operation::Authenticate,
                relying_party: RelyingParty::Id(request.rp_id),
                user: None,
            })?;
        }

        let ceremony = Ceremony {
            rp_id_hash: &rp_id_hash,
            client_data_hash: request.client_data_hash,
            flags: Flags {
                user_present,
                user_verified,
            },
        };
        self.assertion(&ceremony, &chosen, response)?;

        // Step 12: remember where getNextAssertion goes on.
        self.pending = newest
            .filter(|newest| newest.count > 1)
            .map(|newest| PendingAssertions {
                channel,
                rp_id_hash,
                client_data_hash: *request.client_data_hash,
                flags: ceremony.flags,
                sequence: newest.sequence,
                since: self.seams.clock.now(),
            });
        Ok(())
    }

    /// Signs in with the next older account, for the request that getAssertion began.
    pub(super) fn get_next_assertion(&mut self, channel: u32, response: &mut Writer<'_>) -> Result<(), Status> {
        let now = self.seams.clock.now();
        // Steps 1 to 3. Another channel's attempt is refused and leaves the walk to its owner.
        let pending = self
            .pending
            .take_if(|pending| pending.channel == channel)
            .ok_or(Status::NotAllowed)?;
        if now.saturating_sub(pending.since) > NEXT_ASSERTION_TIMEOUT {
            return Err(Status::NotAllowed);
        }
        let next = self.newest_account(&pending.rp_id_hash, Some(pending.sequence), pending.flags.user_verified)?;
        let Newest { key, sequence, .. } = next.ok_or(Status::NotAllowed)?;
        let ceremony = Ceremony {
            rp_id_hash: &pending.rp_id_hash,
            client_data_hash: &pending.client_data_hash,
            flags: pending.flags,
        };
        let chosen = Chosen::Discovered {
            key,
            number_of_credentials: None,
        };
        self.assertion(&ceremony, &chosen, response)?;
        self.pending = Some(PendingAssertions {
            sequence,
            since: now,
            ..pending
        });
        Ok(())
    }

    /// The first entry of the allow list that is a usable credential of this key.
    fn first_listed<'a>(
        &mut self,
        list: CredentialList<'a>,
        rp_id_hash: &[u8; 32],
        user_verified: bool,
    ) -> Result<Option<Chosen<'a>>, Status> {
        for id in list.ids() {
            if let Some(credential) = self.store.open(&mut self.seams.storage, id, rp_id_hash)?
                && (credential.protection != CredProtect::Required || user_verified)
            {
                return Ok(Some(Chosen::Listed { id, credential }));
            }
        }
        Ok(None)
    }

    /// The relying party's newest usable account, of those older than `before`.
    fn newest_account(
        &mut self,
        rp_id_hash: &[u8; 32],
        before: Option<u32>,
        user_verified: bool,
    ) -> Result<Option<Newest>, Status> {
        // Levels 2 and 3 hide a credential from discovery without user verification.
        let usable = |credential: &Credential| credential.protection == CredProtect::Optional || user_verified;
        Ok(self.store.newest(&mut self.seams.storage, rp_id_hash, before, usable)?)
    }

    /// Step 13 and §6.2.3: signs, and writes the response.
    fn assertion(
        &mut self,
        ceremony: &Ceremony<'_>,
        chosen: &Chosen<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let (id, credential, user, number_of_credentials) = match *chosen {
            Chosen::Listed { id, credential } => (
                CredentialId::from_slice(id).map_err(|_| Status::Other)?,
                credential,
                None,
                None,
            ),
            Chosen::Discovered {
                key,
                number_of_credentials,
            } => {
                let record = read_record(&mut self.seams.storage, &key, &mut value)?.ok_or(Status::Other)?;
                let credential = self
                    .store
                    .secret
                    .open(record.id, ceremony.rp_id_hash)
                    .ok_or(Status::Other)?;
                let id = CredentialId::from_slice(record.id).map_err(|_| Status::Other)?;
                (id, credential, Some(record), number_of_credentials)
            }
        };
        let private_key = self.store.secret.private_key(&credential, ceremony.rp_id_hash)?;
        let sign_count = self.sign_count(&credential, ceremony.rp_id_hash, ceremony.flags.user_present)?;

        response.map(3 + usize::from(user.is_some()) + usize::from(number_of_credentials.is_some()));
        // 01 credential
        response
            .uint(0x01)
            .map(2)
            .text("id")
            .bytes(&id)
            .text("type")
            .text("public-key");
        // 02 authData
        response.uint(0x02);
        let start = AuthenticatorData {
            rp_id_hash: ceremony.rp_id_hash,
            flags: ceremony.flags,
            sign_count,
            attested: None,
        }
        .write(response);
        // 03 signature
        let signature = private_key.sign(&[response.since(start), ceremony.client_data_hash])?;
        response.uint(0x03).bytes(&signature);
        // 04 user
        if let Some(record) = user {
            response.uint(0x04);
            write_user(&record, ceremony.flags.user_verified, response);
        }
        // 05 numberOfCredentials
        if let Some(number) = number_of_credentials {
            response.uint(0x05).uint(number.into());
        }
        Ok(())
    }

    /// The counter that a signature carries. Without user presence it stays as it stands: a relying party's silent
    /// questions are not uses of the key.
    pub(crate) fn sign_count(
        &mut self,
        credential: &Credential,
        rp_id_hash: &[u8; 32],
        counts: bool,
    ) -> Result<u32, Status> {
        let (storage, counters) = (&mut self.seams.storage, &mut self.store.counters);
        let Some(key) = self.store.epoch.record_key(rp_id_hash, credential.kind) else {
            return if counts {
                counters.next_shared(storage, &mut self.seams.rng)
            } else {
                Ok(counters.shared())
            };
        };
        let mut value = [0; STORAGE_VALUE_MAX];
        let record = read_record(storage, &key, &mut value)?.ok_or(Status::Other)?;
        if counts {
            counters.next_own(&credential.nonce, record.counter_reserved, |counter_reserved| {
                let record = Record {
                    counter_reserved,
                    ..record
                };
                write_record(storage, &key, &record)
            })
        } else {
            Ok(counters.own(&credential.nonce, record.counter_reserved))
        }
    }
}

/// The user entity: without user verification nothing that names a person (§6.2.3).
fn write_user(record: &Record<'_>, user_verified: bool, response: &mut Writer<'_>) {
    let name = record.user_name.filter(|_| user_verified);
    let display_name = record.user_display_name.filter(|_| user_verified);
    response.map(1 + usize::from(name.is_some()) + usize::from(display_name.is_some()));
    response.text("id").bytes(record.user_id);
    if let Some(name) = name {
        response.text("name").text(name);
    }
    if let Some(display_name) = display_name {
        response.text("displayName").text(display_name);
    }
}
