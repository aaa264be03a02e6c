//! Ceremonies and lists.

use std::collections::BTreeMap;
use std::string::String;
use std::vec;
use std::vec::Vec;

use brasskey_conformance::host::cbor::decode_canonical;
use ciborium::Value;

use super::Host;
use crate::ctap2::Status;
use crate::ctap2::tests::model::standard::{Credential, Found};
use crate::ctap2::tests::model::step::{Account, Assert, Make, Named, Proof, RPS};
use crate::limits::{CRED_BLOB_MAX, USER_NAME_MAX};
use crate::testing::key::{Assertion, Made, Members};
use crate::testing::pin::Token;
use crate::testing::request::{
    GET_NEXT_ASSERTION, array, descriptor, get_assertion, get_assertion_by, make_credential, manage, map, member,
    option, parameters, user,
};

const TRUE: Value = Value::Bool(true);

/// The flag UV of authenticator data.
const USER_VERIFIED: u8 = 0x04;

/// The members of a map of extensions.
type Outputs = Vec<(Value, Value)>;

impl Host {
    pub(super) fn make(&mut self, make: &Make, proof: Proof) {
        let (rp, user_number) = make.account;
        // Users with an odd number sign with Ed25519.
        let algorithm = if user_number % 2 == 0 { -7 } else { -8 };
        let mut request = make_credential(RPS[rp], &[user_number]).with(4, array([parameters(algorithm)]));
        if let Some(named) = make.excluded {
            request = request.with(5, array([descriptor(&self.standard.id(named))]));
        }
        if make.discoverable {
            request = request.with(7, option("rk", true));
        }
        let request = self.proving(request.with(6, inputs(make)), proof);
        let expected = self.standard.make(make, proof);
        let made = self.key.made(&request);
        assert_eq!(made.as_ref().map(verified), expected.as_ref().map(|&verified| verified));
        let Ok(made) = made else { return };
        let outputs = made.auth_data.extensions.as_ref().and_then(Value::as_map);
        assert_eq!(outputs.cloned().unwrap_or_default(), self.outputs(make));
        assert_eq!(made.large_blob_key.is_some(), make.large_blob_key);
        self.standard.keep(Credential {
            id: made.id.clone(),
            account: make.account,
            discoverable: make.discoverable,
            protection: make.protection.unwrap_or(1),
            blob: make.blob.clone().filter(|blob| keeps(make, blob)).unwrap_or_default(),
            payment: make.payment,
            user: user(&[user_number]),
            sign_count: made.auth_data.sign_count,
            registration: made,
        });
    }

    /// What the extensions answer for a new credential (CTAP 2.3 §12).
    fn outputs(&self, make: &Make) -> Outputs {
        let may_know = make.policy && self.standard.rp_ids.contains(&make.account.0);
        let blob = make.blob.as_ref().map(|blob| Value::Bool(keeps(make, blob)));
        let protection = make.protection.map(Value::from);
        let length = may_know.then(|| self.standard.min_pin_length.into());
        let complexity = may_know.then_some(Value::Bool(self.standard.complexity));
        let outputs = [
            ("credBlob", blob),
            ("credProtect", protection),
            ("minPinLength", length),
            ("pinComplexityPolicy", complexity),
        ];
        let outputs = outputs
            .into_iter()
            .filter_map(|(name, output)| Some((name.into(), output?)));
        outputs.collect()
    }

    pub(super) fn assert(&mut self, assert: &Assert, proof: Proof) {
        let rp_id = RPS[assert.rp];
        let mut request = match assert.listed {
            Some(named) => get_assertion_by(rp_id, &[&self.standard.id(named)]),
            None if assert.has_empty_list => get_assertion_by(rp_id, &[]),
            None => get_assertion(rp_id),
        };
        if !assert.up {
            request = request.with(5, option("up", false));
        }
        let asked = map([("credBlob", TRUE), ("largeBlobKey", TRUE), ("thirdPartyPayment", TRUE)]);
        let request = self.proving(request.with(4, asked), proof);
        let expected = self.standard.assert(assert, proof);
        let assertion = self.key.asserted(&request);
        self.check_assertion(assertion, expected, Some(assert.up));
    }

    pub(super) fn next_assertion(&mut self) {
        let expected = self.standard.next_assertion();
        let assertion = self.key.asserted(GET_NEXT_ASSERTION);
        self.check_assertion(assertion, expected, None);
    }

    /// Holds an assertion to the credential that is to give it. `up` is what its request asked for, where it is the
    /// first.
    fn check_assertion(
        &mut self,
        assertion: Result<Assertion, Status>,
        expected: Result<Found, Status>,
        up: Option<bool>,
    ) {
        let (assertion, found) = match (assertion, expected) {
            (Ok(assertion), Ok(found)) => (assertion, found),
            (assertion, expected) => {
                assert_eq!(assertion.map(drop), expected.map(drop));
                return;
            }
        };
        let mut credentials = self.standard.credentials.iter_mut();
        let credential = credentials
            .find(|credential| credential.id == found.id)
            .expect("it is there");
        let data = &assertion.auth_data;
        assertion.is_by(&credential.registration, RPS[credential.account.0]);
        assert_eq!(data.flags & USER_VERIFIED != 0, found.user_verified);
        if let Some(up) = up {
            assert_eq!(data.flags & 0x01 != 0, up);
        }
        assert!(data.sign_count >= credential.sign_count, "the counter went back");
        assert!(
            data.sign_count > credential.sign_count || data.flags & 0x01 == 0,
            "nothing was counted"
        );
        credential.sign_count = data.sign_count;

        let outputs = data.extensions.as_ref().expect("outputs");
        assert_eq!(member(outputs, "credBlob"), &credential.blob[..].into());
        assert_eq!(member(outputs, "thirdPartyPayment"), &Value::Bool(credential.payment));
        assert_eq!(assertion.large_blob_key, credential.registration.large_blob_key);
        let count = found.discovered.filter(|&count| count > 1);
        assert_eq!(
            assertion.number_of_credentials,
            count.map(|count| count.try_into().unwrap())
        );
        let user = match found.discovered.is_some() && found.user_verified {
            true => credential.user.clone(),
            false => map([("id", member(&credential.user, "id").clone())]),
        };
        assert_eq!(assertion.user, credential.discoverable.then_some(user));
    }

    pub(super) fn rename(&mut self, account: Account, name: Option<&str>, proof: Proof) {
        let id = self.standard.id(Named::Account(account));
        let entity = |name: Option<&str>| {
            let name = name.map(|name| ("name".into(), name.into()));
            let id = ("id".into(), [account.1][..].into());
            Value::Map([id].into_iter().chain(name).collect())
        };
        let params = Value::Map(vec![(2.into(), descriptor(&id)), (3.into(), entity(name))]);
        let request = self.proving(manage(0x07, None).with(2, params), proof);
        let kept = name.filter(|name| !name.is_empty());
        let kept = entity(kept.map(|name| &name[..name.len().min(USER_NAME_MAX)]));
        let expected = self.standard.rename(&id, kept, proof);
        self.sends(&request, expected);
    }

    pub(super) fn list(&mut self, proof: Proof) {
        match (self.standard.list(false, proof), self.proof(proof)) {
            (Ok(()), Some(token)) => self.check_list(&token),
            (expected, _) => {
                let request = self.proving(manage(0x02, None), proof);
                assert_eq!(self.key.send(&request).map(drop), expected);
            }
        }
    }

    /// Holds everything that a listing shows to the credentials that are to be there.
    pub(super) fn check_list(&mut self, token: &Token) {
        let mut listed: BTreeMap<Vec<u8>, (String, Members)> = BTreeMap::new();
        for (rp_id, credentials) in self.key.listed(token) {
            for mut credential in credentials {
                let id = member(&credential[&7], "id").as_bytes().unwrap().clone();
                // totalCredentials, of the first
                credential.remove(&9);
                assert!(listed.insert(id, (rp_id.clone(), credential)).is_none(), "listed twice");
            }
        }
        let expected = self.standard.discoverable().map(|credential| {
            let rp_id = RPS[credential.account.0].into();
            (credential.id.clone(), (rp_id, shown(credential)))
        });
        assert_eq!(listed, expected.collect());
    }
}

/// What enumerateCredentials shows of a credential (CTAP 2.3 §6.8.4).
fn shown(credential: &Credential) -> Members {
    let made = &credential.registration;
    let large_blob_key = made.large_blob_key.as_ref().map(|key| (0x0b, key[..].into()));
    let always = [
        (6, credential.user.clone()),
        (7, descriptor(&credential.id)),
        (8, decode_canonical(&made.public_key.cose)),
        (0x0a, credential.protection.into()),
        (0x0c, credential.payment.into()),
    ];
    always.into_iter().chain(large_blob_key).collect()
}

/// The extensions that a request for a new credential asks for, in the canonical order of their names.
fn inputs(make: &Make) -> Value {
    let inputs = [
        ("credBlob", make.blob.clone().map(Value::from)),
        ("credProtect", make.protection.map(Value::from)),
        ("largeBlobKey", make.large_blob_key.then_some(TRUE)),
        ("minPinLength", make.policy.then_some(TRUE)),
        ("thirdPartyPayment", make.payment.then_some(TRUE)),
        ("pinComplexityPolicy", make.policy.then_some(TRUE)),
    ];
    let inputs = inputs
        .into_iter()
        .filter_map(|(name, input)| Some((name.into(), input?)));
    Value::Map(inputs.collect())
}

/// Only a discoverable credential keeps a blob, and all of it or nothing (§12.2).
fn keeps(make: &Make, blob: &[u8]) -> bool {
    make.discoverable && blob.len() <= CRED_BLOB_MAX
}

fn verified(made: &Made) -> bool {
    made.auth_data.flags & USER_VERIFIED != 0
}
