//! The messages of a step.

use brasskey_protocol::crypto::{MacKey, sha256};
use brasskey_protocol::ctap2::command;
use brasskey_protocol::ctap2::pin_protocol::Protocol;

use super::platform::Platform;
use super::{CHANGE_PIN, GET_PIN_TOKEN, GET_TOKEN_WITH_PERMISSIONS, Host, SET_PIN};
use crate::request::{
    Assert, Blobs, CLIENT_DATA_HASH, Command, Config, Make, Management, Pin, Proof, Request, Step, array, bool, bytes,
    descriptor, encode, map, named, text, uint,
};

impl Host {
    /// The request with its proof.
    fn prove(&self, request: Request, step: &Step, protocol: Protocol, fragment: Option<(u32, &[u8])>) -> Request {
        let token = match &step.proof {
            Proof::None => return request,
            Proof::Token => &self.token,
            Proof::Persistent => &self.persistent,
            Proof::Forged(param) => {
                let (key, number) = request.proof_members();
                return request.with(key, bytes(param)).with(number, uint(protocol.number()));
            }
        };
        let param = protocol.authenticate(&MacKey::new(token), &[&request.authenticated(fragment)]);
        let (key, number) = request.proof_members();
        request.with(key, bytes(&param)).with(number, uint(protocol.number()))
    }

    /// The messages of a step: one, but for large blobs. `platform` is there where the step needs one.
    pub(super) fn messages(&self, step: &Step, platform: Option<&Platform>, protocol: Protocol) -> Vec<Vec<u8>> {
        let request = match (&step.command, platform) {
            (Command::SetPin(pin), Some(platform)) => set_pin(platform, *pin),
            (Command::ChangePin { old, new }, Some(platform)) => change_pin(platform, *old, *new),
            (Command::PinToken(pin), Some(platform)) => {
                platform.request(GET_PIN_TOKEN).with(6, bytes(&platform.hash(*pin)))
            }
            (Command::Token { pin, permissions, rp }, Some(platform)) => platform
                .request(GET_TOKEN_WITH_PERMISSIONS)
                .with(6, bytes(&platform.hash(*pin)))
                .with(9, uint(*permissions))
                .with_some(10, rp.map(|rp| text(rp.id()))),
            (Command::Make(make), platform) => self.make(make, platform),
            (Command::Assert(assert), platform) => self.assert(assert, platform),
            (Command::Management(management), _) => self.management(management),
            (Command::Config(config), _) => self::config(config),
            (Command::ReadBlobs { count, offset }, _) => Request::new(command::LARGE_BLOBS)
                .with(1, uint(*count))
                .with(3, uint(*offset)),
            (Command::WriteBlobs(blobs), _) => return self.write_blobs(blobs, step, protocol),
            (Command::Raw { command, body }, _) => return vec![[&[*command], &body[..]].concat()],
            (Command::NextAssertion, _) => Request::new(command::GET_NEXT_ASSERTION),
            (Command::Selection, _) => Request::new(command::SELECTION),
            (Command::Reset, _) => Request::new(command::RESET),
            _ => Request::new(command::GET_INFO),
        };
        let takes_token = matches!(
            request.command,
            command::MAKE_CREDENTIAL | command::GET_ASSERTION | command::CREDENTIAL_MANAGEMENT | command::CONFIG
        );
        let request = if takes_token {
            self.prove(request, step, protocol, None)
        } else {
            request
        };
        vec![request.message()]
    }

    fn make(&self, make: &Make, platform: Option<&Platform>) -> Request {
        let salts = platform
            .zip(make.salts.as_ref())
            .map(|(platform, salts)| platform.salts(salts));
        let extensions = named([
            ("credBlob", make.blob.as_deref().map(bytes)),
            ("credProtect", make.protection.map(uint)),
            ("hmac-secret", make.hmac_secret.then(|| bool(true))),
            ("largeBlobKey", make.large_blob_key.then(|| bool(true))),
            ("minPinLength", make.policy.then(|| bool(true))),
            ("hmac-secret-mc", salts),
            ("thirdPartyPayment", make.payment.then(|| bool(true))),
            ("pinComplexityPolicy", make.policy.then(|| bool(true))),
        ]);
        let algorithm = encode(|writer| {
            writer.int(make.algorithm.into());
        });
        let parameter = |algorithm| named([("alg", Some(algorithm)), ("type", Some(text("public-key")))]);
        let user = named([("id", Some(bytes(&[make.user]))), ("name", Some(text(&make.name)))]);
        Request::new(command::MAKE_CREDENTIAL)
            .with(1, bytes(&CLIENT_DATA_HASH))
            .with(2, named([("id", Some(text(make.rp.id())))]))
            .with(3, user)
            .with(
                4,
                array(&[
                    parameter(algorithm),
                    parameter(encode(|writer| {
                        writer.int(-7);
                    })),
                ]),
            )
            .with_some(5, make.excluded.map(|number| array(&[descriptor(&self.id(number))])))
            .with(6, extensions)
            .with(7, named([("rk", Some(bool(make.discoverable)))]))
            .with_some(10, make.enterprise_attestation.map(uint))
    }

    fn assert(&self, assert: &Assert, platform: Option<&Platform>) -> Request {
        let salts = platform
            .zip(assert.salts.as_ref())
            .map(|(platform, salts)| platform.salts(salts));
        let rest = || assert.rest.then(|| bool(true));
        let extensions = named([
            ("credBlob", rest()),
            ("hmac-secret", salts),
            ("largeBlobKey", rest()),
            ("thirdPartyPayment", rest()),
        ]);
        let listed = assert.listed.as_ref().map(|numbers| {
            let descriptors = numbers.iter().map(|&number| descriptor(&self.id(number)));
            array(&descriptors.collect::<Vec<_>>())
        });
        Request::new(command::GET_ASSERTION)
            .with(1, text(assert.rp.id()))
            .with(2, bytes(&CLIENT_DATA_HASH))
            .with_some(3, listed)
            .with(4, extensions)
            .with(5, named([("up", Some(bool(assert.up)))]))
    }

    fn management(&self, management: &Management) -> Request {
        let user = management
            .user
            .as_ref()
            .map(|(user, name)| named([("id", Some(bytes(&[*user]))), ("name", Some(text(name)))]));
        let params = [
            (1_u8, management.rp.map(|rp| bytes(&sha256(&[rp.id().as_bytes()])))),
            (2, management.credential.map(|number| descriptor(&self.id(number)))),
            (3, user),
        ];
        let params = params.into_iter().filter_map(|(key, value)| Some((uint(key), value?)));
        let params = params.collect::<Vec<_>>();
        let params = (!params.is_empty()).then(|| map(&params));
        Request::new(command::CREDENTIAL_MANAGEMENT)
            .with(1, uint(management.subcommand))
            .with_some(2, params)
    }

    /// An array with the hash that it must end in, in two fragments.
    fn write_blobs(&self, blobs: &Blobs, step: &Step, protocol: Protocol) -> Vec<Vec<u8>> {
        let hash = sha256(&[&blobs.content]);
        let mut array = [&blobs.content, &hash[..16]].concat();
        if blobs.damaged {
            array.reverse();
        }
        let (first, second) = array.split_at(usize::from(blobs.cut).min(array.len()));
        let fragments = [(0, first), (first.len(), second)];
        let fragments = fragments
            .into_iter()
            .filter(|(offset, fragment)| *offset == 0 || !fragment.is_empty());
        let messages = fragments.map(|(offset, fragment)| {
            let place = u32::try_from(offset).unwrap_or(u32::MAX);
            let request = Request::new(command::LARGE_BLOBS)
                .with(2, bytes(fragment))
                .with(3, uint(place))
                .with_some(4, (offset == 0).then(|| uint(array.len() as u64)));
            self.prove(request, step, protocol, Some((place, fragment))).message()
        });
        messages.collect()
    }
}

fn set_pin(platform: &Platform, pin: Pin) -> Request {
    let padded = platform.padded(pin);
    platform
        .request(SET_PIN)
        .with(4, platform.authenticate(&[&padded]))
        .with(5, bytes(&padded))
}

fn change_pin(platform: &Platform, old: Pin, new: Pin) -> Request {
    let (padded, hash) = (platform.padded(new), platform.hash(old));
    platform
        .request(CHANGE_PIN)
        .with(4, platform.authenticate(&[&padded, &hash]))
        .with(5, bytes(&padded))
        .with(6, bytes(&hash))
}

fn config(config: &Config) -> Request {
    let rps = config.rps.iter().map(|rp| text(rp.id())).collect::<Vec<_>>();
    let params = [
        (1_u8, config.length.map(uint)),
        (2, Some(array(&rps))),
        (3, Some(bool(config.force_change))),
        (4, Some(bool(config.complexity))),
    ];
    let params = params.into_iter().filter_map(|(key, value)| Some((uint(key), value?)));
    Request::new(command::CONFIG)
        .with(1, uint(config.subcommand))
        .with(2, map(&params.collect::<Vec<_>>()))
}
