//! authenticatorMakeCredential (CTAP 2.3 §6.1).

use super::attestation::{Plan, Preference, Subject};
use super::authenticator_data::{AttestedCredential, AuthenticatorData, BackupFlags, Flags};
use super::credential_list::CredentialList;
use super::extensions::RegistrationInputs;
use super::parameters::{Options, client_data_hash, named, numbered, required};
use super::token::Permissions;
use super::user_verification::PinUvAuth;
use crate::authenticator::{Authenticator, Backup};
use crate::cbor::{Item, Writer};
use crate::crypto::Algorithm;
use crate::crypto::sha256;
use crate::limits::{RP_ID_MAX, USER_ID_MAX};
use crate::platform::{Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::status::{Status, key_store_error};
use crate::store::{Kind, Record, Traits};

/// PublicKeyCredentialUserEntity.
pub(super) struct User<'a> {
    pub(super) id: &'a [u8],
    pub(super) name: Option<&'a str>,
    pub(super) display_name: Option<&'a str>,
}

/// The parameters of §6.1.1, each of its right type.
struct Parameters<'a> {
    client_data_hash: &'a [u8; 32],
    rp_id: &'a str,
    user: User<'a>,
    algorithm: Option<Algorithm>,
    exclude_list: Option<CredentialList<'a>>,
    extensions: RegistrationInputs<'a>,
    options: Options,
    pin_uv_auth: PinUvAuth<'a>,
    enterprise_attestation: Option<u64>,
    formats: Preference<'a>,
}

impl<'a> Parameters<'a> {
    fn decode(parameters: Item<'a>) -> Result<Self, Status> {
        let [
            hash,
            rp,
            user,
            algorithms,
            exclude_list,
            extensions,
            options,
            pin_uv_auth_param,
            pin_uv_auth_protocol,
            enterprise_attestation,
            formats,
        ] = numbered(parameters)?;
        let options = Options::decode(options)?;
        Ok(Self {
            client_data_hash: client_data_hash(required(hash)?)?,
            rp_id: rp_id(required(rp)?)?,
            user: new_user(required(user)?)?,
            algorithm: algorithm(required(algorithms)?)?,
            exclude_list: CredentialList::decode(exclude_list)?,
            extensions: RegistrationInputs::decode(extensions, options.rk == Some(true))?,
            options,
            pin_uv_auth: PinUvAuth::decode(pin_uv_auth_param, pin_uv_auth_protocol)?,
            enterprise_attestation: enterprise_attestation.map(Item::uint).transpose()?,
            formats: Preference::decode(formats)?,
        })
    }
}

fn rp_id(rp: Item<'_>) -> Result<&str, Status> {
    let [id, name] = named(rp, ["id", "name"])?;
    name.map(Item::text).transpose()?;
    required(id)?.text()
}

/// The user that a credential is made for.
fn new_user(user: Item<'_>) -> Result<User<'_>, Status> {
    let user = self::user(user)?;
    // WebAuthn Level 3 §5.4.3; the code is open.
    if user.id.is_empty() || user.id.len() > USER_ID_MAX {
        return Err(Status::InvalidLength);
    }
    Ok(user)
}

/// A user with any ID.
pub(super) fn user(user: Item<'_>) -> Result<User<'_>, Status> {
    let [id, name, display_name] = named(user, ["id", "name", "displayName"])?;
    Ok(User {
        id: required(id)?.bytes()?,
        name: name.map(Item::text).transpose()?,
        display_name: display_name.map(Item::text).transpose()?,
    })
}

/// The first entry of pubKeyCredParams that this key offers (§6.1.2 step 3). The others are checked too.
fn algorithm(pub_key_cred_params: Item<'_>) -> Result<Option<Algorithm>, Status> {
    let mut chosen = None;
    for entry in pub_key_cred_params.array()? {
        let [identifier, kind] = named(entry, ["alg", "type"])?;
        let (identifier, kind) = identifier.zip(kind).ok_or(Status::InvalidCbor)?;
        let (identifier, kind) = (identifier.int()?, kind.text()?);
        if kind == "public-key" {
            chosen = chosen.or_else(|| Algorithm::from_cose(identifier));
        }
    }
    Ok(chosen)
}

impl<P: Platform> Authenticator<P> {
    /// Makes a credential for a relying party and attests it.
    pub(super) fn make_credential(&mut self, parameters: Item<'_>, response: &mut Writer<'_>) -> Result<(), Status> {
        let request = Parameters::decode(parameters)?;
        let Parameters {
            rp_id, user, options, ..
        } = &request;
        let rp_id_hash = sha256(&[rp_id.as_bytes()]);

        // Steps 1 and 2: pinUvAuthParam.
        self.answer_probe(request.pin_uv_auth)?;
        request.pin_uv_auth.check()?;
        // Step 3: an algorithm that both know.
        let algorithm = request.algorithm.ok_or(Status::UnsupportedAlgorithm)?;
        // Step 5: the options. `up` cannot be false.
        self.check_uv_option(request.pin_uv_auth, *options)?;
        if options.up == Some(false) {
            return Err(Status::InvalidOption);
        }
        // Steps 6 to 8: without alwaysUv, a credential that is not discoverable needs no user verification
        // (makeCredUvNotRqd).
        let discoverable = options.rk == Some(true);
        let by_key = self.demand_user_verification(request.pin_uv_auth, *options, |protection| {
            protection.always_uv || protection.protected && discoverable
        })?;
        // Step 9: enterprise attestation.
        let enterprise = self.enterprise_attestation(request.enterprise_attestation, rp_id)?;
        // Steps 10 and 11: user verification.
        let verified = self.verify_user(
            by_key,
            request.pin_uv_auth,
            request.client_data_hash,
            Permissions::MAKE_CREDENTIAL,
            &rp_id_hash,
        )?;
        let (token, user_verified) = (verified.token(), verified.flag());

        // Step 12: is the user's credential here already? The host learns nothing before the user has acted.
        if let Some(list) = request.exclude_list
            && self.first_listed(list, &rp_id_hash, user_verified)?.is_some()
        {
            let presence = PresenceRequest {
                operation: Operation::Excluded,
                gesture: Gesture::Touch,
                relying_party: RelyingParty::Id(rp_id),
                user: user.name,
            };
            return Err(match self.user_presence_unless_tested(token, &presence) {
                Err(Status::KeepaliveCancel) => Status::KeepaliveCancel,
                _ => Status::CredentialExcluded,
            });
        }

        // Step 15, before step 14: a request that an extension refuses costs no touch.
        let salts = request.extensions.salts(&self.key_agreement)?;

        // Step 14: user presence.
        let presence = PresenceRequest {
            operation: Operation::Register,
            gesture: Gesture::Touch,
            relying_party: RelyingParty::Id(rp_id),
            user: user.name,
        };
        self.user_presence_unless_tested(token, &presence)?;
        self.tokens.spend();

        // Step 16: the key pair, and everything that can fail, before anything is kept.
        let kind = if discoverable {
            Kind::discoverable(user.id)
        } else {
            Kind::NonDiscoverable
        };
        let traits = Traits {
            backup_eligible: self.config.backup != Backup::Never,
            ..request.extensions.traits()
        };
        let secret = &self.store.secret;
        let (credential, id) = secret.seal(&mut self.rng, &rp_id_hash, algorithm, kind, traits)?;
        let private_key = secret.private_key(&credential, &rp_id_hash)?;
        let cose_key = private_key.cose_key()?;
        // A discoverable credential has its own counter, which begins at 0. The others share one.
        let sign_count = match kind {
            Kind::NonDiscoverable if !traits.backup_eligible => self.store.counters.shared(),
            _ => 0,
        };
        let large_blob_key = traits
            .large_blob_key
            .then(|| secret.large_blob_key(&credential, &rp_id_hash));
        let extensions = self.registration_outputs(
            &request.extensions,
            salts.as_ref(),
            &rp_id_hash,
            &credential,
            user_verified,
        )?;

        // Step 19 and §6.1.3: the response.
        let attestation = Plan::new(request.formats.choose(algorithm), self.attestation, enterprise);
        let optional = [attestation.is_enterprise(), large_blob_key.is_some()];
        response.map(3 + optional.map(usize::from).iter().sum::<usize>());
        // 01 fmt, 02 authData
        response.uint(0x01).text(attestation.format().identifier()).uint(0x02);
        let auth_data = AuthenticatorData {
            rp_id_hash: &rp_id_hash,
            flags: Flags {
                user_present: true,
                user_verified,
            },
            backup: BackupFlags::new(traits, self.config.backup.is_backed_up()),
            sign_count,
            attested: Some(AttestedCredential {
                aaguid: &attestation.aaguid(&self.config.aaguid),
                id: &id,
                cose_key: &cose_key,
            }),
            extensions: &extensions,
        }
        .write(response)?;
        // 03 attStmt
        let subject = Subject {
            private_key: &private_key,
            rp_id_hash: &rp_id_hash,
            id: &id,
            client_data_hash: request.client_data_hash,
            auth_data,
        };
        attestation.write(&mut self.store, &subject, response)?;
        // 04 epAtt
        if attestation.is_enterprise() {
            response.uint(0x04).bool(true);
        }
        // 05 largeBlobKey
        if let Some(key) = large_blob_key {
            response.uint(0x05).bytes(&*key);
        }

        // Step 17: keep a discoverable credential, in place of the account's older one.
        if let Some(key) = self.store.record_key(&rp_id_hash, kind) {
            let newest = self.store.newest(&rp_id_hash, None, |_| true)?;
            let record = Record {
                id: &id,
                rp_id,
                user_id: user.id,
                user_name: user.name,
                user_display_name: user.display_name,
                sequence: newest.map_or(0, |newest| newest.sequence.saturating_add(1)),
                counter_reserved: 0,
                cred_blob: request.extensions.kept_blob(kind).unwrap_or_default(),
                rp_id_hash: (rp_id.len() > RP_ID_MAX).then_some(&rp_id_hash),
                imported: None,
            };
            self.store.keep(&key, &record).map_err(key_store_error)?;
        }
        Ok(())
    }
}
