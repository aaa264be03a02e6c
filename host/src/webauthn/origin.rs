//! Which origin may use which RP ID. Only the client can enforce that.

use std::fmt;

use url::{Host, Url};

use super::origin_error::OriginError;

/// A web origin from which WebAuthn may be used: `https://host[:port]`, or `http://localhost[:port]` and
/// `http://NAME.localhost[:port]`, which browsers treat as secure contexts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    serialized: String,
    host: String,
}

impl Origin {
    /// Reads an origin. What follows the port, other than one `/`, is an error rather than ignored: a longer URL is
    /// probably a mistake.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let url = Url::parse(text).map_err(|_| OriginError::NotAnOrigin)?;
        // WebAuthn Level 3 §5.1.3 step 8: the effective domain must be a domain, so no IP addresses.
        let host = match url.host() {
            Some(Host::Domain(host)) => host,
            Some(_) => return Err(OriginError::Address),
            None => return Err(OriginError::NotAnOrigin),
        };
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        if !bare || !url.username().is_empty() || url.password().is_some() {
            return Err(OriginError::NotAnOrigin);
        }
        match url.scheme() {
            "https" => {}
            "http" if is_localhost(host) => {}
            _ => return Err(OriginError::NotSecure),
        }
        Ok(Self {
            serialized: url.origin().ascii_serialization(),
            host: host.to_owned(),
        })
    }

    /// The origin as client data carries it, without a trailing slash or a default port.
    pub fn as_str(&self) -> &str {
        &self.serialized
    }

    /// The host: the RP ID of a page that names none.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Checks that the RP ID is equal to, or a registrable domain suffix of, the origin's host (§5.1.3 step 8; HTML
    /// "is a registrable domain suffix of or is equal to"). It must be in the form that [`domain`](super::domain)
    /// gives: the relying party expects the hash of that form.
    pub fn check_rp_id(&self, rp_id: &str) -> Result<(), OriginError> {
        if super::domain(rp_id)? != rp_id {
            return Err(OriginError::NotCanonical);
        }
        if rp_id == self.host {
            return Ok(());
        }
        let is_suffix = self.host.strip_suffix(rp_id).is_some_and(|rest| rest.ends_with('.'));
        // A public suffix such as `com` or `github.io` belongs to many.
        if is_suffix && registrable(rp_id).is_some() {
            Ok(())
        } else {
            Err(OriginError::ForeignRpId)
        }
    }

    /// Checks that the origin may use a U2F AppID: an `https` URL on the same registrable domain. Browsers approximate
    /// the FIDO AppID algorithm this way instead of fetching the list of trusted facets (§10.1.1).
    pub fn check_app_id(&self, app_id: &str) -> Result<(), OriginError> {
        let url = Url::parse(app_id).map_err(|_| OriginError::ForeignAppId)?;
        let Some(Host::Domain(host)) = url.host() else {
            return Err(OriginError::ForeignAppId);
        };
        let same_site =
            host == self.host || registrable(host).is_some_and(|domain| registrable(&self.host) == Some(domain));
        if url.scheme() == "https" && same_site {
            Ok(())
        } else {
            Err(OriginError::ForeignAppId)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.serialized)
    }
}

/// The domain that somebody registered, of which `host` is a part; `None` for a public suffix.
#[cfg(feature = "public-suffixes")]
fn registrable(host: &str) -> Option<&str> {
    psl::domain_str(host)
}

/// Without the list every domain below a top-level domain counts as one that somebody registered.
#[cfg(not(feature = "public-suffixes"))]
fn registrable(host: &str) -> Option<&str> {
    let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
    dots.next()?;
    match dots.next() {
        None => Some(host),
        Some(at) => host.get(at + 1..),
    }
}

fn is_localhost(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::parse(text).unwrap()
    }

    #[test]
    fn origins_are_normalised() {
        assert_eq!(origin("https://Example.com:443/").as_str(), "https://example.com");
        assert_eq!(origin("http://localhost:8080").as_str(), "http://localhost:8080");
        assert_eq!(origin("http://a.localhost").as_str(), "http://a.localhost");
        assert_eq!(
            origin("https://bücher.example").as_str(),
            "https://xn--bcher-kva.example"
        );
    }

    #[test]
    fn what_is_no_secure_origin_is_refused() {
        for text in ["example.com", "", "https://", "https://example.com/login"] {
            assert_eq!(Origin::parse(text), Err(OriginError::NotAnOrigin), "{text}");
        }
        for text in ["https://192.0.2.1", "https://[::1]", "http://127.0.0.1:8000"] {
            assert_eq!(Origin::parse(text), Err(OriginError::Address), "{text}");
        }
        for text in [
            "https://a@example.com",
            "https://a:b@example.com",
            "https://example.com/?a",
            "https://example.com/#a",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError::NotAnOrigin), "{text}");
        }
        for text in [
            "http://example.com",
            "ftp://example.com",
            "http://localhost.example.com",
        ] {
            assert_eq!(Origin::parse(text), Err(OriginError::NotSecure), "{text}");
        }
    }

    #[test]
    fn the_rp_id_is_the_host_or_a_registrable_suffix() {
        let signin = origin("https://signin.aws.amazon.com");
        for rp_id in ["signin.aws.amazon.com", "aws.amazon.com", "amazon.com"] {
            assert_eq!(signin.check_rp_id(rp_id), Ok(()), "{rp_id}");
        }
        for rp_id in ["com", "mazon.com", "example.com", ".com", "a.signin.aws.amazon.com"] {
            assert_eq!(signin.check_rp_id(rp_id), Err(OriginError::ForeignRpId), "{rp_id}");
        }
        for (rp_id, error) in [
            ("", OriginError::NotADomain),
            ("https://amazon.com", OriginError::NotADomain),
            ("AMAZON.com", OriginError::NotCanonical),
            ("bücher.example", OriginError::NotCanonical),
        ] {
            assert_eq!(signin.check_rp_id(rp_id), Err(error), "{rp_id}");
        }
        assert_eq!(
            origin("https://me.github.io").check_rp_id("github.io"),
            Err(OriginError::ForeignRpId)
        );
        assert_eq!(
            origin("https://a.example.co.uk").check_rp_id("co.uk"),
            Err(OriginError::ForeignRpId)
        );
        assert_eq!(origin("http://localhost").check_rp_id("localhost"), Ok(()));
        assert_eq!(
            origin("http://a.localhost").check_rp_id("localhost"),
            Err(OriginError::ForeignRpId)
        );
    }

    #[test]
    fn an_app_id_is_of_the_same_site() {
        let signin = origin("https://signin.aws.amazon.com");
        assert_eq!(signin.check_app_id("https://u2f.aws.amazon.com/app-id.json"), Ok(()));
        for app_id in [
            "http://u2f.aws.amazon.com/app-id.json",
            "https://example.com/",
            "https://com/",
            "amazon.com",
        ] {
            assert_eq!(signin.check_app_id(app_id), Err(OriginError::ForeignAppId), "{app_id}");
        }
    }
}
