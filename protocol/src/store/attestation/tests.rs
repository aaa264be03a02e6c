use std::vec::Vec;

use super::*;
use crate::testing::attestation::{AAGUID, BATCH, ENTERPRISE, certificate, point, provisioned};
use crate::testing::key::Key;
use crate::testing::platform::{Dice, Memory};

#[test]
fn the_public_certificate_holds_the_public_key_of_its_private_key() {
    let point = point(PUBLIC.private_key);
    assert!(PUBLIC.der.windows(point.len()).any(|window| window == point));
    assert!(PUBLIC.der.windows(14).any(|window| window == b"proves nothing"));
}

fn batch(der: &[u8]) -> Provision<'_> {
    Provision {
        aaguid: AAGUID,
        batch: Certificate {
            private_key: &BATCH,
            der,
        },
        enterprise: None,
    }
}

#[test]
fn what_is_installed_is_found() {
    assert_eq!(Installed::find(&mut Memory::default()), Ok(None));
    assert_eq!(installed(&mut Memory::default()), Ok(None));
    assert_eq!(installed(&mut provisioned(false)), Ok(Some(AAGUID)));
    for enterprise in [false, true] {
        let found = Installed::find(&mut provisioned(enterprise)).unwrap();
        assert_eq!(
            found,
            Some(Installed {
                aaguid: AAGUID,
                enterprise
            })
        );
    }
}

#[test]
fn an_installation_takes_the_place_of_the_one_before() {
    let mut storage = provisioned(true);
    let der = certificate(&BATCH, 100);
    let provision = Provision {
        aaguid: [1; 16],
        ..batch(&der)
    };
    install(&mut storage, &provision).unwrap();
    let found = Installed::find(&mut storage).unwrap();
    assert_eq!(
        found,
        Some(Installed {
            aaguid: [1; 16],
            enterprise: false
        })
    );
    assert_eq!(storage.records.len(), 1);
}

#[test]
fn a_certificate_of_another_key_is_refused_and_changes_nothing() {
    let mut storage = provisioned(true);
    let before = storage.records.clone();
    let other = certificate(&ENTERPRISE, 80);
    assert_eq!(install(&mut storage, &batch(&other)), Err(InstallError::KeyMismatch));
    let der = certificate(&BATCH, 80);
    let mut provision = batch(&der);
    provision.batch.private_key = &[0; 32];
    assert_eq!(install(&mut storage, &provision), Err(InstallError::KeyMismatch));
    assert_eq!(storage.records, before);
}

#[test]
fn a_certificate_of_nine_hundred_bytes_fits_and_one_that_outgrows_a_record_does_not() {
    let mut storage = Memory::default();
    install(&mut storage, &batch(&certificate(&BATCH, 900))).unwrap();
    let before = storage.records.clone();
    let long = certificate(&BATCH, 1024);
    assert_eq!(install(&mut storage, &batch(&long)), Err(InstallError::TooLong));
    assert_eq!(storage.records, before);
}

#[test]
fn a_power_cut_leaves_all_of_an_installation_or_none() {
    let der = [certificate(&BATCH, 80), certificate(&ENTERPRISE, 80)];
    let provision = Provision {
        enterprise: Some(Enterprise {
            certificate: Certificate {
                private_key: &ENTERPRISE,
                der: &der[1],
            },
            rp_ids: &[],
        }),
        aaguid: [1; 16],
        ..batch(&der[0])
    };
    let old = Installed::find(&mut provisioned(false)).unwrap();
    let new = Some(Installed {
        aaguid: [1; 16],
        enterprise: true,
    });
    let mut seen = Vec::new();
    for operation in 0..4 {
        for happens in [false, true] {
            let mut storage = provisioned(false);
            storage.cut_power_at(operation, happens);
            let outcome = install(&mut storage, &provision);
            storage.power_up();
            let found = Installed::find(&mut storage).unwrap();
            assert!([old, None, new].contains(&found), "{found:?}");
            assert!(outcome.is_err() || found == new);
            seen.push(found);
        }
    }
    assert!([old, None, new].iter().all(|state| seen.contains(state)), "{seen:?}");
}

#[test]
fn a_record_that_no_version_wrote_keeps_the_key_from_starting() {
    for key in [BATCH_RECORD, ENTERPRISE_RECORD] {
        for value in [&[][..], &[0xa0], &[0xff; 40]] {
            let mut storage = provisioned(true);
            storage.records.insert(key.to_vec(), value.to_vec());
            let (_, error) = Key::start(storage, Dice::default()).map(drop).unwrap_err();
            assert_eq!(error, crate::store::StartError::Storage(StorageError::Failed));
        }
    }
}
