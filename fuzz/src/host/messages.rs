//! The messages of a step.

use brasskey_conformance::host::cbor::array;
use brasskey_conformance::host::client_pin::{Agreement, Protocol, Token, configure, proof_members};
use brasskey_conformance::host::ctap2::{
    CLIENT_DATA_HASH, GET_INFO, GET_NEXT_ASSERTION, RESET, Request, SELECTION, algorithm, descriptor, ga, mc,
    parameters,
};
use brasskey_conformance::host::verify::sha256;
use brasskey_protocol::ctap2::command;
use ciborium::Value;

use super::Host;
use crate::request::{Assert, Blobs, Command, Config, Make, Management, Proof, Step};

impl Host {
    /// The request as it is without a token, or with one.
    fn prove(&self, step: &Step, protocol: Protocol, bare: Request, with: impl FnOnce(&Token) -> Request) -> Request {
        let token = match &step.proof {
            Proof::None => return bare,
            Proof::Token => &self.token,
            Proof::Persistent => &self.persistent,
            Proof::Forged(param) => {
                let (param_at, protocol_at) = proof_members(bare.command);
                return bare.with(param_at, param.clone()).with(protocol_at, protocol as u8);
            }
        };
        with(&Token {
            protocol,
            token: token.clone(),
        })
    }

    /// The messages of a step: one, but for large blobs. `agreement` is there where the step needs one.
    pub(super) fn messages(&self, step: &Step, agreement: Option<&Agreement>, protocol: Protocol) -> Vec<Vec<u8>> {
        let prove_ceremony = |request: Request| self.prove(step, protocol, request.clone(), |token| token.on(request));
        let request = match (&step.command, agreement) {
            (Command::SetPin(pin), Some(agreement)) => agreement.set_pin(pin.text()),
            (Command::ChangePin { old, new }, Some(agreement)) => agreement.change_pin(old.text(), new.text()),
            (Command::PinToken(pin), Some(agreement)) => agreement.get_pin_token(pin.text()),
            (Command::Token { pin, permissions, rp }, Some(agreement)) => {
                agreement.get_token(pin.text(), *permissions, rp.map(|rp| rp.id()))
            }
            (Command::Make(make), _) => prove_ceremony(self.make(make, agreement)),
            (Command::Assert(assert), _) => prove_ceremony(self.assert(assert, agreement)),
            (Command::Management(management), _) => {
                let (subcommand, params) = (management.subcommand, self.management(management));
                let bare = with_some(
                    Request::new(command::CREDENTIAL_MANAGEMENT).with(0x01, subcommand),
                    0x02,
                    params.clone(),
                );
                self.prove(step, protocol, bare, |token| token.manage(subcommand, params))
            }
            (Command::Config(config), _) => {
                let (subcommand, params) = (config.subcommand, Some(config_params(config)));
                let bare = configure(subcommand, params.clone());
                self.prove(step, protocol, bare, |token| token.configure(subcommand, params))
            }
            (Command::ReadBlobs { count, offset }, _) => Request::new(command::LARGE_BLOBS)
                .with(0x01, *count)
                .with(0x03, *offset),
            (Command::WriteBlobs(blobs), _) => return self.write_blobs(blobs, step, protocol),
            (Command::Raw { command, body }, _) => return vec![[&[*command], &body[..]].concat()],
            (Command::NextAssertion, _) => return vec![GET_NEXT_ASSERTION.to_vec()],
            (Command::Selection, _) => return vec![SELECTION.to_vec()],
            (Command::Reset, _) => return vec![RESET.to_vec()],
            _ => return vec![GET_INFO.to_vec()],
        };
        vec![request.encode()]
    }

    fn make(&self, make: &Make, agreement: Option<&Agreement>) -> Request {
        let extensions = named([
            ("credBlob", make.blob.clone().map(Value::from)),
            ("credProtect", make.protection.map(Value::from)),
            ("hmac-secret", make.hmac_secret.then(|| true.into())),
            ("largeBlobKey", make.large_blob_key.then(|| true.into())),
            ("minPinLength", make.policy.then(|| true.into())),
            ("hmac-secret-mc", salts(agreement, make.salts.as_deref())),
            ("thirdPartyPayment", make.payment.then(|| true.into())),
            ("pinComplexityPolicy", make.policy.then(|| true.into())),
        ]);
        let user = named([
            ("id", Some(vec![make.user].into())),
            ("name", Some(make.name.as_str().into())),
        ]);
        let algorithms = [parameters(make.algorithm.into()), parameters(algorithm::ES256)];
        let request = Request::new(command::MAKE_CREDENTIAL)
            .with(mc::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..])
            .with(mc::RP, named([("id", Some(make.rp.id().into()))]))
            .with(mc::USER, user)
            .with(mc::PUB_KEY_CRED_PARAMS, array(algorithms))
            .with(mc::EXTENSIONS, extensions)
            .with(mc::OPTIONS, named([("rk", Some(make.discoverable.into()))]));
        let excluded = make.excluded.map(|number| array([descriptor(&self.id(number))]));
        let request = with_some(request, mc::EXCLUDE_LIST, excluded);
        with_some(request, mc::ENTERPRISE_ATTESTATION, make.enterprise_attestation)
    }

    fn assert(&self, assert: &Assert, agreement: Option<&Agreement>) -> Request {
        let rest = || assert.rest.then(|| Value::from(true));
        let extensions = named([
            ("credBlob", rest()),
            ("hmac-secret", salts(agreement, assert.salts.as_deref())),
            ("largeBlobKey", rest()),
            ("thirdPartyPayment", rest()),
        ]);
        let listed = assert.listed.as_ref().map(|numbers| {
            let descriptors = numbers.iter().map(|&number| descriptor(&self.id(number)));
            Value::Array(descriptors.collect())
        });
        let request = Request::new(command::GET_ASSERTION)
            .with(ga::RP_ID, assert.rp.id())
            .with(ga::CLIENT_DATA_HASH, &CLIENT_DATA_HASH[..])
            .with(ga::EXTENSIONS, extensions)
            .with(ga::OPTIONS, named([("up", Some(assert.up.into()))]));
        with_some(request, ga::ALLOW_LIST, listed)
    }

    /// The parameters of a subcommand of authenticatorCredentialManagement.
    fn management(&self, management: &Management) -> Option<Value> {
        let user = management
            .user
            .as_ref()
            .map(|(user, name)| named([("id", Some(vec![*user].into())), ("name", Some(name.as_str().into()))]));
        let params = numbered([
            (0x01, management.rp.map(|rp| sha256(rp.id().as_bytes()).to_vec().into())),
            (0x02, management.credential.map(|number| descriptor(&self.id(number)))),
            (0x03, user),
        ]);
        Some(params).filter(|params| params.as_map().is_some_and(|map| !map.is_empty()))
    }

    /// An array with the hash that it must end in, in two fragments.
    fn write_blobs(&self, blobs: &Blobs, step: &Step, protocol: Protocol) -> Vec<Vec<u8>> {
        let hash = sha256(&blobs.content);
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
                .with(0x02, fragment)
                .with(0x03, place);
            let request = with_some(request, 0x04, (offset == 0).then_some(array.len() as u64));
            let bare = request.clone();
            self.prove(step, protocol, bare, |token| token.set_blob(request, place, fragment))
                .encode()
        });
        messages.collect()
    }
}

fn config_params(config: &Config) -> Value {
    let rps = config.rps.iter().map(|rp| rp.id().into()).collect();
    numbered([
        (0x01, config.length.map(Value::from)),
        (0x02, Some(Value::Array(rps))),
        (0x03, Some(config.force_change.into())),
        (0x04, Some(config.complexity.into())),
    ])
}

/// The input of hmac-secret and hmac-secret-mc. Salts that are not whole blocks go as they are.
fn salts(agreement: Option<&Agreement>, salts: Option<&[u8]>) -> Option<Value> {
    let (agreement, salts) = agreement.zip(salts)?;
    let encrypted = match salts.len() % 16 {
        0 => agreement.encrypt(salts),
        _ => salts.to_vec(),
    };
    let authentication = agreement.authenticate(&[&encrypted]);
    Some(numbered([
        (0x01, Some(agreement.platform_key.clone())),
        (0x02, Some(encrypted.into())),
        (0x03, Some(authentication.into())),
        (0x04, Some((agreement.protocol as u8).into())),
    ]))
}

/// Sets a member, where there is a value.
fn with_some(request: Request, member: u8, value: Option<impl Into<Value>>) -> Request {
    match value {
        Some(value) => request.with(member, value),
        None => request,
    }
}

/// A map with text keys of those members that are there.
fn named<const N: usize>(members: [(&str, Option<Value>); N]) -> Value {
    let members = members.into_iter();
    Value::Map(
        members
            .filter_map(|(name, value)| Some((name.into(), value?)))
            .collect(),
    )
}

/// The same with numbers for keys.
fn numbered<const N: usize>(members: [(u8, Option<Value>); N]) -> Value {
    let members = members.into_iter();
    Value::Map(members.filter_map(|(key, value)| Some((key.into(), value?))).collect())
}
