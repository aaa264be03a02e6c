//! Attestation statement formats, and how a request chooses one.

use crate::cbor::{Array, Item};
use crate::credential::Algorithm;
use crate::ctap2::Status;

/// The attestation statement formats of makeCredential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Authenticator data and client data hash, signed (WebAuthn Level 3 §8.2).
    Packed,
    /// No statement (§8.7).
    None,
    /// What U2F signs (§8.6): ES256 alone.
    FidoU2f,
}

impl Format {
    /// What this key offers, the default first: `attestationFormats` in getInfo.
    pub const OFFERED: [Self; 3] = [Self::Packed, Self::None, Self::FidoU2f];

    /// The identifier in the IANA registry.
    #[must_use]
    pub const fn identifier(self) -> &'static str {
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
pub struct Preference<'a>(Option<Array<'a>>);

impl<'a> Preference<'a> {
    /// Reads the parameter.
    ///
    /// # Errors
    /// [`Status::CborUnexpectedType`] where it is not an array of text.
    pub fn decode(parameter: Option<Item<'a>>) -> Result<Self, Status> {
        let names = parameter.map(Item::array).transpose()?;
        for name in names.into_iter().flatten() {
            name.text()?;
        }
        Ok(Self(names))
    }

    /// The first that this key offers for a credential of this algorithm, else the default (CTAP 2.3 §6.1.2 step 19).
    ///
    /// That is `packed` for EdDSA too, though ssh-keygen on Windows refuses such a self attestation: Windows' WebAuthn API
    /// does not hand on its signature as it was. `none` would help there, with OpenSSH 10.0 and later, and shut out every
    /// ssh-keygen before that, which verifies a statement in any case (`ssh_sk_enroll` in its `sk-usbhid.c`). A key with an
    /// attestation certificate works with all of them.
    #[must_use]
    pub fn choose(self, algorithm: Algorithm) -> Format {
        let offered = |name: &str| Format::OFFERED.into_iter().find(|format| format.identifier() == name);
        self.0
            .into_iter()
            .flatten()
            .filter_map(|name| offered(name.text().ok()?))
            .find(|format| format.can_attest(algorithm))
            .unwrap_or(Format::Packed)
    }
}
