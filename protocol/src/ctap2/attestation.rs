//! Attestation (WebAuthn Level 3 §8; CTAP 2.3 §6.1.2 steps 9 and 19): how a request chooses its format, and the
//! statement of the response (§6.1.3).
//!
//! Self attestation by default: it proves that the key holds the private key, and links no two accounts. Whoever makes
//! keys may install a certificate that a whole batch of them shares, and one for enterprises, which names the single
//! key and is used only where its owner has switched that on (see [`attestation`](crate::store::attestation)). Both
//! belong to the hardware: a reset leaves them.
//!
//! | format | signed by the credential | by the batch certificate | by the enterprise certificate |
//! |---|---|---|---|
//! | `packed` | without a certificate installed | with one installed | where granted |
//! | `fido-u2f` | – | installed, or the public one | – |
//! | `none` | – | – | – |

use zeroize::Zeroizing;

use crate::cbor::{Array, Item, Writer};
use crate::crypto::{Algorithm, PrivateKey};
use crate::limits::STORAGE_VALUE_MAX;
use crate::platform::Storage;
use crate::status::Status;
use crate::store::Store;
use crate::store::attestation::Installed;

/// The attestation statement formats of makeCredential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Authenticator data and client data hash, signed (WebAuthn Level 3 §8.2).
    Packed,
    /// No statement (§8.7).
    None,
    /// What U2F signs (§8.6): ES256 alone.
    FidoU2f,
}

impl Format {
    /// `attestationFormats` in getInfo: the default comes first.
    pub(super) const OFFERED: [Self; 3] = [Self::Packed, Self::None, Self::FidoU2f];

    /// The identifier in the IANA registry.
    pub(super) const fn identifier(self) -> &'static str {
        match self {
            Self::Packed => "packed",
            Self::None => "none",
            Self::FidoU2f => "fido-u2f",
        }
    }

    fn can_attest(self, algorithm: Algorithm) -> bool {
        self != Self::FidoU2f || algorithm == Algorithm::Es256
    }
}

/// `attestationFormatsPreference`, most preferred first; every entry is text.
#[derive(Clone, Copy, Default)]
pub(super) struct Preference<'a>(Option<Array<'a>>);

impl<'a> Preference<'a> {
    /// Reads the parameter, an array of text.
    pub(super) fn decode(parameter: Option<Item<'a>>) -> Result<Self, Status> {
        let names = parameter.map(Item::array).transpose()?;
        for name in names.into_iter().flatten() {
            name.text()?;
        }
        Ok(Self(names))
    }

    /// The first format that this key offers for a credential of this algorithm, or else the default (CTAP 2.3 §6.1.2
    /// step 19).
    ///
    /// The default is `packed` for EdDSA too, though ssh-keygen on Windows refuses such a self attestation, because
    /// Windows' WebAuthn API changes its signature. `none` would help there with OpenSSH 10.0 and later, but shut out
    /// every older ssh-keygen: those always verify a statement (`ssh_sk_enroll` in `sk-usbhid.c`). A key with an
    /// attestation certificate works with all of them.
    pub(super) fn choose(self, algorithm: Algorithm) -> Format {
        let offered = |name: &str| Format::OFFERED.into_iter().find(|format| format.identifier() == name);
        self.0
            .into_iter()
            .flatten()
            .filter_map(|name| offered(name.text().ok()?))
            .find(|format| format.can_attest(algorithm))
            .unwrap_or(Format::Packed)
    }
}

/// How a new credential is attested, decided before the response begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    format: Format,
    installed: Option<Installed>,
    enterprise: bool,
}

/// What a statement is about.
pub(super) struct Subject<'a> {
    pub(super) private_key: &'a PrivateKey,
    pub(super) rp_id_hash: &'a [u8; 32],
    pub(super) id: &'a [u8],
    pub(super) client_data_hash: &'a [u8; 32],
    /// Where the authenticator data begin in the response.
    pub(super) auth_data: usize,
}

impl Plan {
    /// Granted enterprise attestation comes as `packed`. A request that prefers no attestation gets none.
    pub(super) fn new(format: Format, installed: Option<Installed>, granted: bool) -> Self {
        let enterprise = granted && format != Format::None;
        Self {
            format: if enterprise { Format::Packed } else { format },
            installed,
            enterprise,
        }
    }

    /// 01 fmt.
    pub(super) fn format(self) -> Format {
        self.format
    }

    /// 04 epAtt.
    pub(super) fn is_enterprise(self) -> bool {
        self.enterprise
    }

    /// The AAGUID in the authenticator data. With `fido-u2f` it is zero, because the signature does not cover it:
    /// clients do the same with a U2F registration (CTAP 2.3 §7.2), and relying parties refuse any other.
    pub(super) fn aaguid(self, aaguid: &[u8; 16]) -> [u8; 16] {
        match self.format {
            Format::FidoU2f => [0; 16],
            Format::Packed | Format::None => *aaguid,
        }
    }

    /// Writes the member `attStmt`, 03, right after the authenticator data.
    pub(super) fn write(
        self,
        store: &mut Store<impl Storage>,
        subject: &Subject<'_>,
        response: &mut Writer<'_>,
    ) -> Result<(), Status> {
        let mut value = Zeroizing::new([0; STORAGE_VALUE_MAX]);
        match (self.format, self.installed) {
            (Format::None, _) => {
                response.uint(0x03).map(0);
            }
            (Format::Packed, None) => {
                let signed = [response.since(subject.auth_data), subject.client_data_hash];
                let signature = subject.private_key.sign(&signed)?;
                let algorithm = subject.private_key.algorithm();
                response.uint(0x03).map(2).text("alg").int(algorithm.cose());
                response.text("sig").bytes(&signature);
            }
            (Format::Packed, Some(_)) => {
                let certificate = if self.enterprise {
                    store.enterprise_certificate(&mut value)?
                } else {
                    store.batch_certificate(&mut value)?
                };
                let signature = certificate.sign(&[response.since(subject.auth_data), subject.client_data_hash])?;
                // The certificate's algorithm, not the credential's: an ML-DSA signature would not fit beside an ML-DSA
                // key.
                response.uint(0x03).map(3).text("alg").int(Algorithm::Es256.cose());
                response.text("sig").bytes(&signature);
                response.text("x5c").array(1).bytes(certificate.der);
            }
            (Format::FidoU2f, installed) => {
                let certificate = store.u2f_certificate(installed, &mut value)?;
                let signature = certificate.sign(&[
                    &[0x00],
                    subject.rp_id_hash,
                    subject.client_data_hash,
                    subject.id,
                    &subject.private_key.point()?,
                ])?;
                response.uint(0x03).map(2).text("sig").bytes(&signature);
                response.text("x5c").array(1).bytes(certificate.der);
            }
        }
        Ok(())
    }
}
