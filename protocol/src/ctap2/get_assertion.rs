//! authenticatorGetAssertion (CTAP 2.3 §6.2).

use super::assertion::Chosen;
use super::authenticator_data::Flags;
use super::credential_list::CredentialList;
use super::extensions::AssertionInputs;
use super::parameters::{Options, client_data_hash, numbered, required};
use super::pending::{Ceremony, PendingAssertions, Sequence};
use super::token::Permissions;
use super::user_verification::PinUvAuth;
use crate::authenticator::Authenticator;
use crate::cbor::{Item, Writer};
use crate::crypto::sha256;
use crate::platform::{Gesture, Operation, Platform, PresenceRequest, RelyingParty};
use crate::status::Status;

/// The parameters of §6.2.1, each of its right type.
struct Parameters<'a> {
    rp_id: &'a str,
    client_data_hash: &'a [u8; 32],
    allow_list: Option<CredentialList<'a>>,
    extensions: AssertionInputs<'a>,
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
        Ok(Self {
            rp_id: required(rp_id)?.text()?,
            client_data_hash: client_data_hash(required(hash)?)?,
            allow_list: CredentialList::decode(allow_list)?,
            extensions: AssertionInputs::decode(extensions)?,
            options: Options::decode(options)?,
            pin_uv_auth: PinUvAuth::decode(pin_uv_auth_param, pin_uv_auth_protocol)?,
        })
    }
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
        self.answer_probe(request.pin_uv_auth)?;
        request.pin_uv_auth.check()?;
        // Step 4: the options; `rk` must not be sent.
        self.check_uv_option(request.pin_uv_auth, request.options)?;
        if request.options.rk.is_some() {
            return Err(Status::UnsupportedOption);
        }
        let user_present = request.options.up.unwrap_or(true);
        // Step 5: alwaysUv. It does not apply to requests without user presence.
        let by_key = self.demand_user_verification(request.pin_uv_auth, request.options, |protection| {
            protection.always_uv && user_present
        })?;
        // Step 6: user verification.
        let verified = self.verify_user(
            by_key,
            request.pin_uv_auth,
            request.client_data_hash,
            Permissions::GET_ASSERTION,
            &rp_id_hash,
        )?;
        let (token, user_verified) = (verified.token(), verified.flag());

        // Step 7: locate the credentials. Without any the key answers at once, and asks for no touch.
        let (chosen, newest) = match request.allow_list {
            Some(list) => {
                let listed = self.first_listed(list, &rp_id_hash, user_verified)?;
                (listed.map(|(id, credential)| Chosen::Listed { id, credential }), None)
            }
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

        // Step 10, before step 9: a request that an extension refuses costs no touch.
        let extensions = request.extensions.open(user_present, &self.key_agreement)?;

        // Step 9: user presence.
        if user_present {
            let presence = PresenceRequest {
                operation: Operation::Authenticate,
                gesture: Gesture::Touch,
                relying_party: RelyingParty::Id(request.rp_id),
                user: None,
            };
            self.user_presence_unless_tested(token, &presence)?;
            self.tokens.spend();
        }

        let ceremony = Ceremony {
            rp_id_hash,
            client_data_hash: *request.client_data_hash,
            flags: Flags {
                user_present,
                user_verified,
            },
            extensions,
        };
        self.assertion(&ceremony, &chosen, response)?;

        // Step 12: remember where getNextAssertion continues.
        if let Some(newest) = newest.filter(|newest| newest.count > 1) {
            let pending = PendingAssertions {
                ceremony,
                sequence: newest.sequence,
            };
            self.suspend(channel, token, Sequence::Assertions(pending));
        }
        Ok(())
    }
}
