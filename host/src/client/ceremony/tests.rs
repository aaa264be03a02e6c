//! Ceremonies with the soft key of this process: user verification and extensions.

use super::*;
use crate::client::ctap2::{ConfigSubcommand, Info};
use crate::client::fake::{FakeKey, Reply};
use crate::client::{Error, Key, Pin, PinRequest, Unwatched, UserInteraction, Watch};
use crate::soft::{SoftKey, Touch};
use crate::webauthn::{
    AssertionResponse, AttestationConveyancePreference, AttestationResponse, Challenge, CreationExtensions,
    CreationOptions, CredProtect, CredentialDescriptor, CredentialProtection, LargeBlobRequest, Origin, PrfValues,
    RelyingPartyEntity, RequestExtensions, RequestOptions, Requirement, UserEntity,
};

const ORIGIN: &str = "https://example.com";

/// Somebody who knows a PIN, or nobody; and how often they were asked.
struct Person(Option<&'static str>, u32);

impl Watch for Person {}

impl UserInteraction for Person {
    fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
        self.1 += 1;
        Ok(Pin::new(self.0.ok_or(Error::PinNeeded)?)?)
    }
}

fn owner() -> Person {
    Person(Some("1234"), 0)
}

fn nobody() -> Person {
    Person(None, 0)
}

pub(super) fn key(pin: Option<&str>) -> Key {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    if let Some(pin) = pin {
        key.set_pin(&Pin::new(pin).unwrap(), &mut Unwatched).unwrap();
    }
    key
}

pub(super) fn creation(user_verification: Requirement, resident_key: Requirement) -> CreationOptions {
    CreationOptions {
        rp: RelyingPartyEntity {
            id: "example.com".to_owned(),
            name: Some("Example".to_owned()),
        },
        user: UserEntity {
            id: vec![1],
            name: Some("alice".to_owned()),
            display_name: Some("Alice".to_owned()),
        },
        challenge: Challenge::issue().unwrap(),
        algorithms: vec![-7],
        exclude: vec![],
        attestation: AttestationConveyancePreference::Direct,
        user_verification,
        attachment: None,
        resident_key,
        app_id_exclude: None,
        legacy_app_id: None,
        extensions: CreationExtensions::default(),
        timeout: Challenge::LIFETIME,
    }
}

pub(super) fn request(user_verification: Requirement, allow: &[&[u8]]) -> RequestOptions {
    RequestOptions {
        rp_id: "example.com".to_owned(),
        challenge: Challenge::issue().unwrap(),
        allow: allow.iter().map(|id| CredentialDescriptor::new(id.to_vec())).collect(),
        user_verification,
        app_id: None,
        extensions: RequestExtensions::default(),
        timeout: Challenge::LIFETIME,
    }
}

fn register(
    key: &mut Key,
    options: &CreationOptions,
    person: &mut Person,
) -> Result<AttestationResponse, CeremonyError> {
    create(key, options, &Origin::parse(ORIGIN).unwrap(), Protocol::Ctap2, person)
}

fn sign_in(key: &mut Key, options: &RequestOptions, person: &mut Person) -> Result<AssertionResponse, CeremonyError> {
    get(key, options, &Origin::parse(ORIGIN).unwrap(), Protocol::Ctap2, person)
}

/// Whether the key said that it verified its user.
fn verified(auth_data: &[u8]) -> bool {
    auth_data[32] & 0x04 != 0
}

fn verified_at_registration(answer: &AttestationResponse) -> bool {
    let Ok(cbor4ii::core::Value::Map(object)) = crate::cbor::decode_canonical(&answer.attestation_object) else {
        panic!("not a map")
    };
    let Some(cbor4ii::core::Value::Bytes(auth_data)) = crate::cbor::member(&object, "authData") else {
        panic!("no authenticator data")
    };
    verified(auth_data)
}

#[test]
fn the_pin_is_asked_for_where_it_is_wanted_or_the_key_insists() {
    use Requirement::{Discouraged, Preferred, Required};
    let mut key = key(Some("1234"));
    for (wanted, resident, asked) in [
        (Required, Discouraged, 1),
        (Preferred, Discouraged, 1),
        (Discouraged, Discouraged, 0),
        (Discouraged, Required, 1),
    ] {
        let mut owner = owner();
        let answer = register(&mut key, &creation(wanted, resident), &mut owner).unwrap();
        assert_eq!((owner.1, verified_at_registration(&answer)), (asked, asked == 1));
        let id = answer.credential_id;
        let mut owner = self::owner();
        let answer = sign_in(&mut key, &request(wanted, &[&id]), &mut owner).unwrap();
        let asked = u32::from(wanted != Discouraged);
        assert_eq!((owner.1, verified(&answer.authenticator_data)), (asked, asked == 1));
    }
}

#[test]
fn without_somebody_who_knows_the_pin_only_what_must_be_fails() {
    use Requirement::{Discouraged, Preferred, Required};
    let mut key = key(Some("1234"));
    assert!(register(&mut key, &creation(Preferred, Discouraged), &mut nobody()).is_ok());
    for options in [creation(Required, Discouraged), creation(Discouraged, Required)] {
        let refused = register(&mut key, &options, &mut nobody());
        assert!(matches!(refused, Err(CeremonyError::Key(Error::PinNeeded))));
    }
}

#[test]
fn a_blocked_pin_keeps_nobody_from_what_takes_none() {
    use Requirement::{Discouraged, Preferred, Required};
    let mut key = key(Some("1234"));
    let preferred = creation(Preferred, Discouraged);
    // Whoever gives a wrong PIN hears of it, also where none is required. The third one in a row blocks the PIN.
    for pin in ["0000", "0001", "0002"] {
        assert!(
            register(&mut key, &preferred, &mut Person(Some(pin), 0)).is_err(),
            "{pin}"
        );
    }
    let mut owner = owner();
    let answer = register(&mut key, &preferred, &mut owner).unwrap();
    assert!(!verified_at_registration(&answer));
    let allowed = [answer.credential_id.as_slice()];
    let answer = sign_in(&mut key, &request(Preferred, &allowed), &mut owner).unwrap();
    assert!(!verified(&answer.authenticator_data));
    let refused = sign_in(&mut key, &request(Required, &allowed), &mut owner);
    assert!(matches!(refused, Err(CeremonyError::Key(Error::PinAuthBlocked))));
    assert_eq!(owner.1, 0, "nobody is asked for a PIN that would not do");
}

#[test]
fn a_key_without_a_pin_cannot_do_what_needs_one() {
    let mut key = key(None);
    let options = creation(Requirement::Required, Requirement::Discouraged);
    let refused = register(&mut key, &options, &mut owner());
    assert!(matches!(refused, Err(CeremonyError::Key(Error::NoPin))));
    key.configure(ConfigSubcommand::ToggleAlwaysUv, &mut Unwatched).unwrap();
    let options = creation(Requirement::Discouraged, Requirement::Discouraged);
    let refused = register(&mut key, &options, &mut owner());
    assert!(matches!(refused, Err(CeremonyError::Key(Error::NoPin))));
}

#[test]
fn a_hidden_credential_is_found_with_the_pin_only() {
    let mut key = key(Some("1234"));
    let mut options = creation(Requirement::Required, Requirement::Discouraged);
    options.extensions.cred_protect = Some(CredProtect {
        policy: CredentialProtection::UserVerificationRequired,
        enforce: true,
    });
    let id = register(&mut key, &options, &mut owner()).unwrap().credential_id;
    assert!(sign_in(&mut key, &request(Requirement::Required, &[&id]), &mut owner()).is_ok());
    let refused = sign_in(&mut key, &request(Requirement::Discouraged, &[&id]), &mut owner());
    assert!(matches!(refused, Err(CeremonyError::NoCredentials)));
    // It is excluded for those who may know of it.
    let mut again = creation(Requirement::Required, Requirement::Discouraged);
    again.exclude = request(Requirement::Required, &[&id]).allow;
    let refused = register(&mut key, &again, &mut owner());
    assert!(matches!(refused, Err(CeremonyError::Excluded)));
}

fn values(first: &[u8], second: Option<&[u8]>) -> PrfValues {
    PrfValues {
        first: first.to_vec(),
        second: second.map(<[u8]>::to_vec),
    }
}

#[test]
fn prf_gives_the_same_secret_each_time_and_others_to_others() {
    let mut key = key(Some("1234"));
    let mut options = creation(Requirement::Required, Requirement::Discouraged);
    options.extensions.prf = Some(Some(values(b"one", Some(b"two"))));
    let created = register(&mut key, &options, &mut owner()).unwrap();
    let prf = created.extensions.prf.unwrap();
    assert_eq!(prf.enabled, Some(true));
    let (one, two) = prf.results.unwrap();
    let mut evaluate = |wanted, values| {
        let mut options = request(wanted, &[&created.credential_id]);
        options.extensions.prf = Some(values);
        let answer = sign_in(&mut key, &options, &mut owner()).unwrap();
        answer.extensions.prf.unwrap().results.unwrap()
    };
    assert_eq!(
        evaluate(Requirement::Required, values(b"one", None)),
        (one.clone(), None)
    );
    let turned = evaluate(Requirement::Required, values(b"two", Some(b"one")));
    assert_eq!(turned, (two.unwrap(), Some(one.clone())));
    // Without the PIN it is another secret.
    assert_ne!(evaluate(Requirement::Discouraged, values(b"one", None)).0, one);
}

#[test]
fn a_large_blob_is_written_and_read_at_sign_in() {
    let mut key = key(Some("1234"));
    let mut options = creation(Requirement::Required, Requirement::Required);
    options.extensions.large_blob = Some(Requirement::Required);
    let created = register(&mut key, &options, &mut owner()).unwrap();
    assert_eq!(created.extensions.large_blob.unwrap().supported, Some(true));
    let mut with = |wanted, requirement| {
        let mut options = request(requirement, &[&created.credential_id]);
        options.extensions.large_blob = Some(wanted);
        sign_in(&mut key, &options, &mut owner()).map(|answer| answer.extensions.large_blob.unwrap())
    };
    let read = with(LargeBlobRequest::Read, Requirement::Discouraged).unwrap();
    assert_eq!(read.blob, None);
    let data = vec![0x5A; 3000];
    // The PIN is asked for although the relying party does not want it: the key does.
    let written = with(LargeBlobRequest::Write(data.clone()), Requirement::Discouraged).unwrap();
    assert_eq!(written.written, Some(true));
    let read = with(LargeBlobRequest::Read, Requirement::Discouraged).unwrap();
    assert_eq!(read.blob, Some(data));
    let mut noise = vec![0; 8000];
    getrandom::fill(&mut noise).unwrap();
    let full = with(LargeBlobRequest::Write(noise), Requirement::Required);
    assert!(matches!(full, Err(CeremonyError::Key(Error::NoRoom { .. }))));
}

#[test]
fn what_a_key_does_not_have_is_refused_where_it_matters() {
    let mut key = key(None);
    let mut options = creation(Requirement::Discouraged, Requirement::Discouraged);
    options.extensions.large_blob = Some(Requirement::Required);
    assert!(matches!(
        register(&mut key, &options, &mut owner()),
        Err(CeremonyError::Unsupported(_))
    ));
    options.extensions.large_blob = Some(Requirement::Preferred);
    let answer = register(&mut key, &options, &mut owner()).unwrap();
    assert_eq!(answer.extensions.large_blob.unwrap().supported, Some(false));
    let mut write = request(Requirement::Discouraged, &[]);
    write.extensions.large_blob = Some(LargeBlobRequest::Write(vec![1]));
    assert!(matches!(
        sign_in(&mut key, &write, &mut owner()),
        Err(CeremonyError::Options(_))
    ));
}

#[test]
fn a_key_insists_as_the_standard_has_it() {
    let info = |options: &[&str]| Info {
        options: options.iter().map(|option| ((*option).to_owned(), true)).collect(),
        ..Info::default()
    };
    let insists = insists_at_registration;
    assert!(!insists(&info(&["rk"]), true));
    assert!(insists(&info(&["clientPin"]), false), "as keys of CTAP 2.0 do");
    assert!(!insists(&info(&["clientPin", "makeCredUvNotRqd"]), false));
    assert!(insists(&info(&["clientPin", "makeCredUvNotRqd"]), true));
    assert!(insists(&info(&["alwaysUv"]), false));
}

#[test]
fn a_wrong_pin_is_tried_once() {
    let mut key = key(Some("1234"));
    let mut stranger = Person(Some("0000"), 0);
    let options = creation(Requirement::Required, Requirement::Discouraged);
    let refused = register(&mut key, &options, &mut stranger);
    assert!(matches!(
        refused,
        Err(CeremonyError::Key(Error::WrongPin { left: Some(7) }))
    ));
    assert_eq!(stranger.1, 1);
}

#[test]
fn the_soft_key_answers_everything_without_a_fault() {
    let mut key = key(Some("1234"));
    let mut options = creation(Requirement::Required, Requirement::Required);
    options.extensions.prf = Some(None);
    options.extensions.large_blob = Some(Requirement::Required);
    let registered = register(&mut key, &options, &mut owner()).unwrap();
    let mut options = request(Requirement::Required, &[&registered.credential_id]);
    options.extensions.prf = Some(values(b"one", Some(b"two")));
    options.extensions.large_blob = Some(LargeBlobRequest::Write(b"data".to_vec()));
    let listed = sign_in(&mut key, &options, &mut owner()).unwrap();
    let found = sign_in(&mut key, &request(Requirement::Preferred, &[]), &mut owner()).unwrap();
    assert_eq!(
        (registered.faults, listed.faults, found.faults),
        (vec![], vec![], vec![])
    );

    let mut manager = key.manage_credentials(None, &mut owner()).unwrap();
    manager.metadata(&mut Unwatched).unwrap();
    manager.list(&mut Unwatched).unwrap();
    manager.delete(registered.credential_id, &mut Unwatched).unwrap();
    let origin = Origin::parse(ORIGIN).unwrap();
    let options = creation(Requirement::Discouraged, Requirement::Discouraged);
    create(&mut key, &options, &origin, Protocol::U2f, &mut Unwatched).unwrap();
    key.configure(ConfigSubcommand::ToggleAlwaysUv, &mut owner()).unwrap();
    assert_eq!(key.faults(), []);
}

#[test]
fn a_fault_of_the_key_goes_with_the_answer_to_the_relying_party() {
    use sha2::{Digest as _, Sha256};

    let auth_data = [
        &Sha256::digest("example.com")[..],
        &[0x41, 0, 0, 0, 1],
        &[0; 16],
        b"\0\x01i\xA1\x01\x02",
    ]
    .concat();
    let length = u8::try_from(auth_data.len()).unwrap();
    let answer = [
        &b"\x00\xA4\x01\x64none\x02\x58"[..],
        &[length],
        &auth_data,
        b"\x03\xA0\x04\xF4\0",
    ]
    .concat();
    let mut key = FakeKey::key(move |_, request| {
        Reply::Now(match request[0] {
            0x04 => b"\x00\xA2\x01\x81\x68FIDO_2_0\x03\x50AAAAAAAAAAAAAAAA".to_vec(),
            _ => answer.clone(),
        })
    });
    let options = creation(Requirement::Discouraged, Requirement::Discouraged);
    let registered = register(&mut key, &options, &mut nobody()).unwrap();
    let told: Vec<_> = registered.faults.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "authenticatorMakeCredential: 1 byte follows the answer (CTAP 2.3 §8)",
            "authenticatorMakeCredential: epAtt was not asked for (CTAP 2.3 §6.1)"
        ]
    );
}
