use p256::pkcs8::DecodePrivateKey as _;
use serde_json::{Map, json};
use x509_parser::pem::parse_x509_pem;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::*;
use crate::client::ceremony::{Protocol, create};
use crate::client::{Key, Unwatched};
use crate::relying_party::profile::Profile;
use crate::relying_party::{ExpectedRegistration, Report, verify_registration};
use crate::soft::storage::MemoryStorage;
use crate::soft::{SoftKey, Touch};
use crate::webauthn::{Origin, UserEntity};

const AAGUID: [u8; 16] = [0xab; 16];

fn model() -> Model {
    Model {
        aaguid: AAGUID,
        name: "Key of Tests".to_owned(),
        organization: "Tests & Sons".to_owned(),
        country: "SE".to_owned(),
    }
}

fn lab() -> Lab {
    Lab::new(model()).unwrap()
}

/// A soft key with the certificates of a lab.
fn key(lab: &Lab) -> (SoftKey, Key) {
    let mut storage = MemoryStorage::new();
    lab.install(&mut storage, &["example.com"]).unwrap();
    let soft = SoftKey::builder().touch(Touch::Auto).storage(storage).build().unwrap();
    let key = Key::open(Box::new(soft.connect())).unwrap();
    (soft, key)
}

/// What a relying party that trusts these roots says of a registration with the key.
fn register(key: &mut Key, protocol: Protocol, roots: &[&Issued]) -> Report {
    let settings = Profile::Webauthn.settings();
    let origin = Origin::parse(&settings.origin).unwrap();
    let user = UserEntity {
        id: b"handle".to_vec(),
        name: Some("alice".to_owned()),
        display_name: Some("Alice".to_owned()),
    };
    let options = settings.creation_options(user, None).unwrap();
    let answer = create(key, &options, &origin, protocol, &mut Unwatched).unwrap();
    let info = key.info().filter(|_| protocol == Protocol::Ctap2);
    let roots: Vec<_> = roots.iter().map(|root| root.der().to_vec()).collect();
    let expected = ExpectedRegistration::new(options, &origin)
        .aaguid(info.and_then(|info| info.aaguid))
        .attestation_roots(roots);
    verify_registration(expected, &answer).0
}

#[test]
fn attestation_chains_to_the_root_of_its_lab_and_to_no_other() {
    let (lab, other) = (lab(), lab());
    let (_soft, mut key) = key(&lab);
    assert_eq!(key.info().unwrap().aaguid, Some(AAGUID));
    for protocol in [Protocol::Ctap2, Protocol::U2f] {
        for roots in [&[&lab.root][..], &[&other.root, &lab.root]] {
            let report = register(&mut key, protocol, roots);
            assert!(report.passed(), "{report:#?}");
            assert!(
                report
                    .check("attestation")
                    .unwrap()
                    .detail
                    .ends_with("which chains to a root that we trust")
            );
        }
        let report = register(&mut key, protocol, &[&other.root]);
        assert_eq!(report.failures().map(|check| check.name).next(), Some("attestation"));
    }
}

#[test]
fn without_a_certificate_nothing_chains_to_a_root() {
    let soft = SoftKey::builder().touch(Touch::Auto).build().unwrap();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    assert!(register(&mut key, Protocol::Ctap2, &[]).passed());
    assert!(!register(&mut key, Protocol::Ctap2, &[&lab().root]).passed());
}

#[test]
fn a_certificate_for_another_model_is_refused() {
    let lab = lab();
    let mut storage = MemoryStorage::new();
    let (batch, der) = (lab.batch.secret(), lab.batch.der());
    let provision = Provision {
        aaguid: [0xcd; 16],
        batch: Certificate {
            private_key: &batch,
            der,
        },
        enterprise: None,
    };
    install(&mut storage, &provision).unwrap();
    let soft = SoftKey::builder().touch(Touch::Auto).storage(storage).build().unwrap();
    let mut key = Key::open(Box::new(soft.connect())).unwrap();
    let report = register(&mut key, Protocol::Ctap2, &[&lab.root]);
    let attestation = report.check("attestation").unwrap();
    assert_eq!(
        attestation.detail,
        "the certificate is for another model than the key says it is"
    );
}

#[test]
fn certificates_are_as_webauthn_wants_them() {
    let lab = lab();
    let (_, root) = X509Certificate::from_der(lab.root.der()).unwrap();
    assert!(root.is_ca() && root.verify_signature(None).is_ok());
    for (issued, name) in [
        (&lab.batch, "Key of Tests batch attestation"),
        (&lab.enterprise, "Key of Tests enterprise attestation"),
    ] {
        let (_, leaf) = X509Certificate::from_der(issued.der()).unwrap();
        assert!(leaf.verify_signature(Some(root.public_key())).is_ok());
        assert_eq!(leaf.issuer(), root.subject());
        assert_eq!(
            leaf.subject().to_string(),
            format!("C=SE, O=Tests & Sons, CN={name}, OU=Authenticator Attestation")
        );
        assert!(!leaf.basic_constraints().unwrap().unwrap().value.ca);
        let aaguid = leaf
            .extensions()
            .iter()
            .find(|extension| extension.oid.to_id_string() == "1.3.6.1.4.1.45724.1.1.4")
            .unwrap();
        assert!(!aaguid.critical);
        assert_eq!(aaguid.value, [&[4, 16][..], &AAGUID].concat());
        assert!(leaf.validity().is_valid());
        assert!(issued.der().len() <= 900, "it fits a record of the key");
    }
}

#[test]
fn keys_and_certificates_are_pem_that_others_read() {
    let lab = lab();
    for issued in [&lab.root, &lab.batch, &lab.enterprise] {
        let (_, block) = parse_x509_pem(issued.pem().as_bytes()).unwrap();
        assert_eq!(
            (block.label.as_str(), &block.contents[..]),
            ("CERTIFICATE", issued.der())
        );
        let (_, block) = parse_x509_pem(issued.key_pem().as_bytes()).unwrap();
        assert_eq!(block.label, "PRIVATE KEY");
        let secret = p256::SecretKey::from_pkcs8_der(&block.contents).unwrap();
        assert_eq!(secret.to_bytes()[..], issued.secret()[..]);
    }
}

#[test]
fn texts_that_no_certificate_can_hold_are_refused() {
    for (model, what) in [
        (
            Model {
                country: "se".to_owned(),
                ..model()
            },
            "country",
        ),
        (
            Model {
                country: "SWE".to_owned(),
                ..model()
            },
            "country",
        ),
        (
            Model {
                name: String::new(),
                ..model()
            },
            "model",
        ),
        (
            Model {
                name: "x".repeat(33),
                ..model()
            },
            "model",
        ),
        (
            Model {
                organization: "å".repeat(33),
                ..model()
            },
            "organization",
        ),
    ] {
        let error = Lab::new(model).map(drop).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    let longest = Model {
        name: "å".repeat(16),
        organization: "å".repeat(32),
        ..model()
    };
    let lab = Lab::new(longest).unwrap();
    lab.install(&mut MemoryStorage::new(), &[]).unwrap();
}

#[test]
fn the_statement_says_what_the_key_says() {
    let lab = lab();
    let (_soft, key) = key(&lab);
    let info = key.info().unwrap();
    let mut get_info = Map::new();
    get_info.insert("aaguid".to_owned(), json!("abababab-abab-abab-abab-abababababab"));
    get_info.insert("encIdentifier".to_owned(), json!("00ff"));
    get_info.insert("remainingDiscoverableCredentials".to_owned(), json!(7));
    get_info.insert("unknown".to_owned(), json!({}));
    let statement = statement(&lab, info, &get_info);
    assert_eq!(statement["aaguid"], "abababab-abab-abab-abab-abababababab");
    assert_eq!(
        statement["authenticatorGetInfo"],
        json!({ "aaguid": "ab".repeat(16), "encIdentifier": "" })
    );
    let algorithms = statement["authenticationAlgorithms"].as_array().unwrap();
    assert_eq!(
        algorithms[..2],
        ["secp256r1_ecdsa_sha256_raw", "ed25519_eddsa_sha512_raw"]
    );
    let versions = info
        .versions
        .iter()
        .filter(|version| version.starts_with("FIDO_2_"))
        .count();
    assert_eq!(statement["upv"].as_array().unwrap().len(), versions);
    assert_eq!(statement["upv"][0], json!({ "major": 1, "minor": 0 }));
    let root = &statement["attestationRootCertificates"][0];
    let pem: String = lab.root.pem().lines().filter(|line| !line.starts_with('-')).collect();
    assert_eq!(root, &pem);
}
