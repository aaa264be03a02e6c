//! An X.509 certificate, as far as an attestation needs it (WebAuthn Level 3 §8.2.1).

use data_encoding::HEXLOWER;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::shape::aaguid;
use super::tree::{Fault, Node, Value};

/// id-fido-gen-ce-aaguid: an OCTET STRING of 16 bytes.
const AAGUID: &str = "1.3.6.1.4.1.45724.1.1.4";

/// Explains certificates that stand one behind the other.
pub(super) fn chain(der: &[u8], faults: &mut Vec<Fault>) -> Vec<Node> {
    let (mut nodes, mut rest) = (Vec::new(), der);
    while let Ok((next, _)) = X509Certificate::from_der(rest)
        && X509Certificate::from_der(next).is_ok()
    {
        let at = der.len() - rest.len();
        let one = rest.get(..rest.len() - next.len()).unwrap_or_default();
        nodes.push(explain(Node::new("certificate").at(at), one, at, faults));
        rest = next;
    }
    // The last, with what may follow it and is none.
    let at = der.len() - rest.len();
    nodes.push(explain(Node::new("certificate").at(at), rest, at, faults));
    nodes
}

/// Explains the certificate in `der`, which begins at `base`.
pub(super) fn explain(node: Node, der: &[u8], base: usize, faults: &mut Vec<Fault>) -> Node {
    let node = node.value(Value::Bytes(der.to_vec()));
    let (rest, certificate) = match X509Certificate::from_der(der) {
        Ok(read) => read,
        Err(error) => {
            let error = match error {
                x509_parser::nom::Err::Incomplete(_) => "it ends early".to_owned(),
                x509_parser::nom::Err::Error(why) | x509_parser::nom::Err::Failure(why) => why.to_string(),
            };
            faults.push(Fault::new(base, format!("a certificate is not X.509: {error}")));
            return node;
        }
    };
    if !rest.is_empty() {
        let what = "bytes that belong to nothing follow a certificate";
        faults.push(Fault::new(base + der.len() - rest.len(), what));
    }
    let validity = certificate.validity();
    let mut members = vec![
        Node::text("subject", certificate.subject().to_string()),
        Node::text("issuer", certificate.issuer().to_string()),
        Node::text("serialNumber", HEXLOWER.encode(certificate.raw_serial())),
        Node::text("notBefore", validity.not_before.to_string()),
        Node::text("notAfter", validity.not_after.to_string()).meaning(match validity.is_valid() {
            true => "valid now",
            false => "not valid now",
        }),
        Node::text(
            "signatureAlgorithm",
            certificate.signature_algorithm.algorithm.to_id_string(),
        ),
    ];
    for extension in certificate.extensions() {
        if extension.oid.to_id_string() != AAGUID {
            continue;
        }
        match extension.value {
            [0x04, 16, model @ ..] if model.len() == 16 => {
                members.push(aaguid(Node::new("id-fido-gen-ce-aaguid"), model));
            }
            _ => faults.push(Fault::new(
                base,
                "the certificate's AAGUID is not an OCTET STRING of 16 bytes",
            )),
        }
    }
    node.meaning("an X.509 certificate").members(members)
}
