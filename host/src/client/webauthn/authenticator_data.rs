//! As much of the authenticator data as a client reads (WebAuthn Level 3 §6.1): whatever any key sends.

use cbor4ii::core::Value;

use crate::client::ctap2::decode_prefix;

/// Bit 6: attested credential data.
const ATTESTED_CREDENTIAL_DATA: u8 = 0x40;
/// Bit 7: extension outputs.
const EXTENSION_DATA: u8 = 0x80;
/// RP ID hash, flags and counter.
const HEAD: usize = 37;
/// The AAGUID before a credential ID.
const AAGUID: usize = 16;

/// The signed outputs of the extensions; none where they cannot be read, which the relying party will notice.
pub(super) fn extensions(auth_data: &[u8]) -> Vec<(Value, Value)> {
    match read(auth_data) {
        Some(Value::Map(outputs)) => outputs,
        _ => Vec::new(),
    }
}

/// The output of one extension.
pub(super) fn member<'a>(outputs: &'a [(Value, Value)], name: &str) -> Option<&'a Value> {
    crate::cbor::member(outputs, name)
}

fn read(auth_data: &[u8]) -> Option<Value> {
    let flags = *auth_data.get(32)?;
    let mut rest = auth_data.get(HEAD..)?;
    if flags & EXTENSION_DATA == 0 {
        return None;
    }
    if flags & ATTESTED_CREDENTIAL_DATA != 0 {
        let (length, after) = rest.get(AAGUID..)?.split_first_chunk()?;
        let public_key = after.get(usize::from(u16::from_be_bytes(*length))..)?;
        rest = decode_prefix(public_key)?.1;
    }
    Some(decode_prefix(rest)?.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn outputs_are_read_after_the_credential() {
        let head = |flags: u8| [&[0; 32][..], &[flags, 0, 0, 0, 0]].concat();
        let outputs = b"\xA1\x6BcredProtect\x02";
        let signed_in = [&head(0x81)[..], outputs].concat();
        assert_eq!(member(&extensions(&signed_in), "credProtect"), Some(&Value::Integer(2)));
        let registered = [&head(0xC1)[..], &[0; 16], b"\0\x01i\xA1\x01\x02", outputs].concat();
        assert_eq!(extensions(&registered), extensions(&signed_in));
        assert_eq!(extensions(&head(0x01)), []);
        assert_eq!(extensions(&registered[..60]), []);
    }

    proptest! {
        #[test]
        fn arbitrary_data_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = extensions(&bytes);
        }
    }
}
