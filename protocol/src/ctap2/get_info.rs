//! authenticatorGetInfo (CTAP 2.3 §6.4).

use super::Status;
use crate::attestation::Format;
use crate::authenticator::Authenticator;
use crate::cbor::Writer;
use crate::credential::Algorithm;
use crate::limits::{MAX_CREDENTIAL_ID, MAX_CREDENTIALS_IN_LIST, MAX_MESSAGE};
use crate::platform::Platform;

const VERSIONS: [&str; 2] = ["U2F_V2", "FIDO_2_0"];

impl<P: Platform> Authenticator<P> {
    /// Says what this key can do; never waits.
    pub(super) fn get_info(&mut self, response: &mut Writer<'_>) -> Result<(), Status> {
        response.map(9);
        // 01 versions
        response.uint(0x01).array(VERSIONS.len());
        for version in VERSIONS {
            response.text(version);
        }
        // 03 aaguid
        response.uint(0x03).bytes(&self.config.aaguid);
        // 04 options
        response.uint(0x04).map(2).text("rk").bool(true).text("up").bool(true);
        // 05 maxMsgSize
        response.uint(0x05).uint(MAX_MESSAGE as u64);
        // 07 maxCredentialCountInList, 08 maxCredentialIdLength
        response.uint(0x07).uint(MAX_CREDENTIALS_IN_LIST as u64);
        response.uint(0x08).uint(MAX_CREDENTIAL_ID as u64);
        // 0A algorithms
        let algorithms = Algorithm::listed(self.config.lists_recent_algorithms);
        response.uint(0x0a).array(algorithms.clone().count());
        for algorithm in algorithms {
            response
                .map(2)
                .text("alg")
                .int(algorithm.cose())
                .text("type")
                .text("public-key");
        }
        // 0E firmwareVersion
        response.uint(0x0e).uint(self.config.firmware_version.into());
        // 16 attestationFormats
        response.uint(0x16).array(Format::OFFERED.len());
        for format in Format::OFFERED {
            response.text(format.identifier());
        }
        Ok(())
    }
}
