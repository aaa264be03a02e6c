//! Why a client refuses an origin, an RP ID or an AppID.

use std::fmt;

/// Why a client refuses an origin, or an RP ID or AppID for an origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OriginError {
    /// Not a scheme, a domain name and perhaps a port.
    NotAnOrigin,
    /// The host is an IP address.
    Address,
    /// Not a secure context.
    NotSecure,
    /// The RP ID is not a domain name.
    NotADomain,
    /// The RP ID is a domain name, but not in ASCII and lower case.
    NotCanonical,
    /// The RP ID is neither the origin's host nor a registrable suffix of it.
    ForeignRpId,
    /// The AppID is not an `https` URL on the origin's registrable domain.
    ForeignAppId,
}

impl OriginError {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Address => "give an origin with a domain name, or localhost",
            Self::NotAnOrigin | Self::NotSecure => "give an origin such as https://login.example.com",
            Self::NotADomain => "write a name such as login.example.com, without https:// and without a path",
            Self::NotCanonical => "write it in lower case, and other letters than ASCII's in Punycode (xn--…)",
            Self::ForeignRpId => "for https://login.example.com the RP ID can be login.example.com or example.com",
            Self::ForeignAppId => {
                "for https://login.example.com an AppID begins with https:// and a host of example.com"
            }
        }
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAnOrigin => "this is not a web origin: it must be a scheme, a domain name and perhaps a port",
            Self::Address => {
                "WebAuthn works on domain names, not on IP addresses: on this computer use http://localhost"
            }
            Self::NotSecure => "WebAuthn works on https origins and on http://localhost only",
            Self::NotADomain => "this is not a domain name",
            Self::NotCanonical => "this domain name is not in the form that browsers give it",
            Self::ForeignRpId => {
                "the origin may not ask for this RP ID: it is not its host nor a registrable suffix of it"
            }
            Self::ForeignAppId => "the origin may not ask for this AppID: it is not an https URL on the same site",
        })
    }
}

impl std::error::Error for OriginError {}
