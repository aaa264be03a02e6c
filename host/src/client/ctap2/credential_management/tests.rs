use proptest::prelude::*;
use zeroize::Zeroizing;

use super::*;
use crate::client::pin_protocol::PinProtocol;

fn token() -> PinUvAuthToken {
    PinUvAuthToken::new(PinProtocol::Two, Zeroizing::new((0x20..0x40).collect())).unwrap()
}

fn request(subcommand: CredentialManagementSubcommand) -> CredentialManagement {
    CredentialManagement::new(subcommand, &token())
}

#[test]
fn the_metadata_are_asked_for_with_a_proof() {
    let asked = request(CredentialManagementSubcommand::GetCredsMetadata);
    let parameters = asked.parameters();
    // The parameter is a vector that was made with another program.
    assert_eq!(parameters[..9], *b"\xA3\x01\x01\x03\x02\x04\x58\x20\x79");
    assert_eq!((asked.code(), asked.preview().code()), (0x0A, 0x41));
}

#[test]
fn the_proof_covers_the_parameters_as_they_are_sent() {
    let rp_id_hash = [0xAB; 32];
    let asked = request(CredentialManagementSubcommand::EnumerateCredentialsBegin { rp_id_hash });
    let parameters = [&b"\xA1\x01\x58\x20"[..], &rp_id_hash].concat();
    let auth = token().authorize(&[&[0x04], &parameters]);
    let expected = [
        &b"\xA4\x01\x04\x02"[..],
        &parameters,
        b"\x03\x02\x04\x58\x20",
        &auth.param,
    ];
    assert_eq!(asked.parameters(), expected.concat());
}

#[test]
fn what_goes_on_needs_no_proof() {
    let next = request(CredentialManagementSubcommand::EnumerateRpsGetNextRp);
    assert_eq!(next.parameters(), b"\xA1\x01\x03");
    let next = request(CredentialManagementSubcommand::EnumerateCredentialsGetNextCredential);
    assert_eq!(next.parameters(), b"\xA1\x01\x05");
}

#[test]
fn a_user_without_names_loses_them() {
    let asked = request(CredentialManagementSubcommand::UpdateUserInformation {
        credential_id: vec![7],
        user: UserEntity {
            id: vec![1],
            name: None,
            display_name: None,
        },
    });
    let parameters = b"\x02\xA2\x02\xA2\x62id\x41\x07\x64type\x6Apublic-key\x03\xA1\x62id\x41\x01";
    assert!(
        asked
            .parameters()
            .starts_with(&[b"\xA4\x01\x07", &parameters[..]].concat())
    );
}

#[test]
fn answers_are_read() {
    let read = CredentialManagement::parse;
    assert_eq!(read(b""), Ok(CredentialManagementResponse::default()));
    let rp = read(b"\xA2\x03\xA1\x62id\x63a.b\x05\x02").unwrap();
    assert_eq!(rp.rp.map(|rp| rp.id), Some("a.b".to_owned()));
    assert_eq!(rp.total_rps, Some(2));
    let credential = read(
        b"\xA5\x06\xA1\x62id\x41\x01\x07\xA2\x62id\x41\x09\x64type\x6Apublic-key\
          \x08\xA2\x01\x02\x03\x26\x0A\x03\x0C\xF4",
    )
    .unwrap();
    assert_eq!(credential.credential_id, Some(CredentialDescriptor::new(vec![9])));
    let public_key = credential.public_key.unwrap();
    assert_eq!(
        (public_key.alg, public_key.cose.as_slice()),
        (Some(-7), &b"\xA2\x01\x02\x03\x26"[..])
    );
    assert_eq!(
        (credential.cred_protect, credential.third_party_payment),
        (Some(3), Some(false))
    );
    assert_eq!(credential.oddities, []);
}

#[test]
fn each_subcommand_has_its_own_members() {
    use CredentialManagementSubcommand as Subcommand;
    let judged = |subcommand: Subcommand, answer: &[u8]| {
        let found = request(subcommand).judge(answer, &CredentialManagement::parse(answer).unwrap());
        found.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let nothing = Vec::<String>::new();
    assert_eq!(
        judged(Subcommand::GetCredsMetadata, b"\xA2\x01\x00\x02\x18\x32"),
        nothing
    );
    assert_eq!(
        judged(Subcommand::GetCredsMetadata, b"\xA2\x01\x00\x0A\x01"),
        [
            "maxPossibleRemainingResidentCredentialsCount is missing",
            "credProtect was not asked for"
        ]
    );
    let rp = [&b"\x03\xA1\x62id\x63a.b\x04\x58\x20"[..], &[7; 32]].concat();
    let first = [&b"\xA3"[..], &rp, b"\x05\x02"].concat();
    assert_eq!(judged(Subcommand::EnumerateRpsBegin, &first), nothing);
    assert_eq!(
        judged(Subcommand::EnumerateRpsGetNextRp, &first),
        ["totalRPs was not asked for"]
    );
    assert_eq!(judged(Subcommand::EnumerateRpsBegin, b"\xA1\x05\x00"), nothing);
    let credential =
        b"\xA4\x06\xA1\x62id\x41\x01\x07\xA2\x62id\x41\x09\x64type\x6Apublic-key\x08\xA2\x01\x02\x03\x26\x0A\x04";
    assert_eq!(
        judged(
            Subcommand::EnumerateCredentialsBegin { rp_id_hash: [7; 32] },
            credential
        ),
        [
            "totalCredentials is missing",
            "credProtect has a value that the standard rules out"
        ]
    );
    let delete = || Subcommand::DeleteCredential { credential_id: vec![9] };
    assert_eq!(judged(delete(), b""), nothing);
    assert_eq!(
        judged(delete(), b"\xA0"),
        ["1 byte follows the status, and nothing should"]
    );
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = CredentialManagement::parse(&bytes);
    }
}
