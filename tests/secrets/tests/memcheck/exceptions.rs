//! What may depend on what memcheck takes for a secret, and why.

/// A line of code: a part of the path of its file, and how that ends, with an asterisk between; and a part of its text.
/// Versions and numbers of lines change too often.
type Place = (&'static str, &'static str);

pub(crate) struct Exception {
    pub(crate) name: &'static str,
    /// Where: the innermost place that is not Rust's own library, or the innermost of the core.
    pub(crate) places: &'static [Place],
}

pub(crate) const EXCEPTIONS: &[Exception] = &[
    // Whether a number is one: a private key and a nonce below the group's order and not zero, an inverse, a point of
    // the curve, a signature of two numbers. What is none is thrown away and tells nothing of what is drawn next. For
    // keys and nonces that happens once in 2^32 times; for all the others never.
    Exception {
        name: "a-number",
        places: &[
            ("/subtle-*/src/lib.rs", "if source.is_some().unwrap_u8() == 1u8 {"),
            ("/subtle-*/src/lib.rs", "assert_eq!(self.is_some.unwrap_u8(), 1);"),
            (
                "/rfc6979-*/src/lib.rs",
                "if ((!candidate_k.is_zero()) & candidate_k.ct_lt(self.q)).to_bool() {",
            ),
            ("/ecdsa-*/src/lib.rs", "if r.is_zero().into() || s.is_zero().into() {"),
            (
                "/protocol/src/ctap2/pin_protocol/key_agreement.rs",
                "if p256::is_private_key(&scalar) {",
            ),
            ("/protocol/src/store/credential_id.rs", ".find_map(|attempt| {"),
            (
                "/protocol/src/ctap2/assertion.rs",
                "self.store.secret.private_key(&credential, rp_id_hash)?;",
            ),
        ],
    },
    // How DER writes a signature. Everybody sees both.
    Exception {
        name: "a-signature-in-der",
        places: &[
            (
                "/protocol/src/crypto/p256/rustcrypto.rs",
                "signature.to_der().as_bytes()",
            ),
            ("/protocol/src/crypto/p256/comb.rs", "signature.to_der().as_bytes()"),
        ],
    },
    // Whether what was sealed opens. Everybody sees it.
    Exception {
        name: "opened-or-not",
        places: &[
            (
                "/aes-gcm-*/src/lib.rs",
                "if expected_tag[..TagSize::to_usize()].ct_eq(tag).into() {",
            ),
            (
                "/protocol/src/store/credential_id.rs",
                "self.decrypt(VERSION, nonce, rp_id_hash, &mut body, tag)?;",
            ),
            ("/protocol/src/store/oath/account.rs", "opened.ok()?;"),
        ],
    },
    // What a credential ID says when it is open: the algorithm, how the credential is found, and its traits. They are
    // sealed so that nobody changes them. Whoever signs in sees the first two.
    Exception {
        name: "what-an-id-says",
        places: &[
            (
                "/protocol/src/store/credential_id.rs",
                "let kind = match (bits & 1, user) {",
            ),
            (
                "/protocol/src/store/credential_id.rs",
                "traits: Traits::decode(bits >> 1)?,",
            ),
            (
                "/protocol/src/store/credential_id.rs",
                "let protection = match bits & 0b11 {",
            ),
            (
                "/protocol/src/store/credential_id.rs",
                "(bits >> 5 == 0).then_some(Self {",
            ),
            (
                "/protocol/src/crypto/algorithm.rs",
                "supported.find(|algorithm| algorithm.code() == code)",
            ),
            ("/protocol/src/crypto/algorithm.rs", "match self {"),
            ("/protocol/src/store/credentials.rs", "_ if may_leave => Ok(0),"),
            (
                "/protocol/src/store/credentials.rs",
                "if may_leave || occasion == Occasion::Silent {",
            ),
        ],
    },
    // The PIN's record as it was just written, and as the storage has it: the same bytes, unless the storage fails.
    Exception {
        name: "a-record-read-back",
        places: &[("/protocol/src/ctap2/client_pin/attempt.rs", "if self.pin()? != *pin {")],
    },
    // Whether the PIN was right. Everybody sees it.
    Exception {
        name: "pin-right-or-wrong",
        places: &[(
            "/protocol/src/ctap2/client_pin/attempt.rs",
            "if !(has_its_length && pin.matches(&self.store.secret, &hash)) {",
        )],
    },
    // Whether what came with a request proves that its sender knows the token, or the secret that was agreed on.
    // Everybody sees it.
    Exception {
        name: "proof-right-or-wrong",
        places: &[
            (
                "/protocol/src/ctap2/token.rs",
                "!protocol.verify(&token.key, message, param) {",
            ),
            (
                "/protocol/src/ctap2/extensions/hmac_secret.rs",
                "if !secret.verify(&[self.salt_enc], self.salt_auth) {",
            ),
        ],
    },
    // Whether a host knows the access code. Everybody sees it.
    Exception {
        name: "access-code-right-or-wrong",
        places: &[
            (
                "/protocol/src/oath/set_code.rs",
                "!hash.authenticate(&key, challenge).is(response) {",
            ),
            (
                "/protocol/src/oath/validate.rs",
                "if !code.hash.authenticate(&code.key, &asked).is(answer) {",
            ),
        ],
    },
];
