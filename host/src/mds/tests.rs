use p256::ecdsa::signature::Signer as _;
use p256::pkcs8::DecodePrivateKey as _;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;

const MODEL: &str = "2fc0579f-8113-47ea-b116-bb5a8db9202a";

/// A root and a blob that it certifies the signer of.
fn blob(payload: &str) -> (Vec<u8>, String) {
    let root_key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&root_key).unwrap().der().to_vec();
    let issuer = Issuer::new(params, root_key);
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![SERVICE.to_owned()]).unwrap();
    params.distinguished_name.push(rcgen::DnType::CommonName, SERVICE);
    let leaf = params.signed_by(&key, &issuer).unwrap();
    let header = serde_json::json!({ "alg": "ES256", "x5c": [STANDARD.encode(leaf.der())] }).to_string();
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signer = p256::ecdsa::SigningKey::from_pkcs8_der(&key.serialize_der()).unwrap();
    let signature: p256::ecdsa::Signature = signer.sign(signed.as_bytes());
    (
        root,
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes())),
    )
}

fn payload() -> String {
    let entry = serde_json::json!({
        "aaguid": MODEL,
        "metadataStatement": { "description": "A key" },
        "statusReports": [{ "status": "REVOKED", "effectiveDate": "2026-01-02" }],
        "timeOfLastStatusChange": "2026-01-02",
    });
    serde_json::json!({ "no": 7, "nextUpdate": "2026-02-01", "entries": [{}, entry] }).to_string()
}

#[test]
fn a_blob_that_leads_to_the_root_is_read() {
    let (root, jwt) = blob(&payload());
    let blob = verify(&format!("{jwt}\n"), &[root]).unwrap();
    let model = blob.model(&MODEL.to_uppercase()).unwrap();
    assert_eq!((blob.no, model.name()), (7, Some("A key")));
    assert!(model.reports.iter().all(StatusReport::is_bad) && model.reports.len() == 1);
    assert!(blob.is_outdated("2026-02-02") && !blob.is_outdated("2026-02-01"));
    assert!(blob.model("00000000-0000-0000-0000-000000000000").is_none());
}

#[test]
fn nothing_else_is_believed() {
    let (root, jwt) = blob(&payload());
    let (other, _) = blob(&payload());
    assert_eq!(verify(&jwt, &[]).unwrap_err(), BlobError::Root);
    assert_eq!(verify(&jwt, &[other]).unwrap_err(), BlobError::Root);
    let roots = [root];
    let parts: Vec<_> = jwt.split('.').collect();
    let forged = URL_SAFE_NO_PAD.encode(payload().replace("REVOKED", "FIDO_CERTIFIED"));
    assert_eq!(
        verify(&[parts[0], &forged, parts[2]].join("."), &roots).unwrap_err(),
        BlobError::Signature
    );
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","x5c":[]}"#);
    assert_eq!(
        verify(&[&none, parts[1], ""].join("."), &roots).unwrap_err(),
        BlobError::Header
    );
    assert_eq!(verify("not.one", &roots).unwrap_err(), BlobError::Form);
    let (root, jwt) = blob("{}");
    assert_eq!(verify(&jwt, &[root]).unwrap_err(), BlobError::Payload);
}
