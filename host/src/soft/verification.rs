//! Whether the soft key verifies its user by itself, as a key with a fingerprint reader does.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use brasskey_protocol::platform::Verification;

/// How the user is verified: `--user-verification`. All but [`Self::Pin`] are for tests: they verify nobody.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UserVerification {
    /// Only by a PIN, as with a key without a sensor.
    #[default]
    Pin,
    /// The key says that it verifies its user, and always succeeds.
    Always,
    /// The key says that it verifies its user, and always fails.
    Never,
    /// The key says that it verifies its user. It succeeds or fails as
    /// [`SoftKey::set_user_verified`](super::SoftKey::set_user_verified) or the control endpoint said last. Until then
    /// it fails.
    Control,
}

/// The value of `--user-verification` is none of `pin`, `always`, `never` and `control`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownUserVerification;

impl fmt::Display for UnknownUserVerification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("user verification is none of pin, always, never and control")
    }
}

impl std::error::Error for UnknownUserVerification {}

impl FromStr for UserVerification {
    type Err = UnknownUserVerification;

    fn from_str(name: &str) -> Result<Self, UnknownUserVerification> {
        Ok(match name {
            "pin" => Self::Pin,
            "always" => Self::Always,
            "never" => Self::Never,
            "control" => Self::Control,
            _ => return Err(UnknownUserVerification),
        })
    }
}

/// What verifies the user.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) policy: UserVerification,
    /// The result under [`UserVerification::Control`].
    verified: AtomicBool,
}

impl Verifier {
    pub(super) fn new(policy: UserVerification) -> Self {
        Self {
            policy,
            verified: AtomicBool::new(false),
        }
    }

    pub(super) fn set(&self, verified: bool) {
        self.verified.store(verified, Ordering::Release);
    }

    /// Whether the key verifies its user by itself.
    pub(super) fn exists(&self) -> bool {
        self.policy != UserVerification::Pin
    }

    pub(super) fn verify(&self) -> Verification {
        let verified = match self.policy {
            UserVerification::Always => true,
            UserVerification::Control => self.verified.load(Ordering::Acquire),
            UserVerification::Pin | UserVerification::Never => false,
        };
        if verified {
            Verification::Verified
        } else {
            Verification::Mismatch
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ctap2::Permissions;
    use crate::client::{Error, Key, Pin, PinRequest, Unwatched, UserInteraction, Watch};
    use crate::soft::{SoftKey, Touch};

    /// Somebody who knows the PIN.
    struct Owner(Pin);

    impl Watch for Owner {}

    impl UserInteraction for Owner {
        fn pin(&mut self, _: &PinRequest) -> Result<Pin, Error> {
            Ok(self.0.clone())
        }
    }

    fn key(verification: UserVerification) -> (SoftKey, Key) {
        let soft = SoftKey::builder().touch(Touch::Auto).user_verification(verification);
        let soft = soft.build().expect("a key");
        let key = Key::open(Box::new(soft.connect())).expect("a key");
        (soft, key)
    }

    /// Asks for a pinUvAuthToken.
    fn token(key: &mut Key) -> Result<(), Error> {
        key.token(Permissions::GET_ASSERTION, Some("example.com"), &mut Unwatched)
            .map(drop)
    }

    #[test]
    fn a_key_says_that_it_verifies_unless_a_pin_alone_does() {
        for (name, policy) in [
            ("pin", UserVerification::Pin),
            ("always", UserVerification::Always),
            ("never", UserVerification::Never),
            ("control", UserVerification::Control),
        ] {
            assert_eq!(name.parse(), Ok(policy));
            let (_soft, key) = key(policy);
            let says = key.info().is_some_and(|info| info.has("uv"));
            assert_eq!(says, policy != UserVerification::Pin, "{name}");
        }
        assert_eq!("yes".parse::<UserVerification>(), Err(UnknownUserVerification));
        assert_eq!(UserVerification::default(), UserVerification::Pin);
    }

    #[test]
    fn it_succeeds_or_fails_as_it_was_told() {
        assert!(token(&mut key(UserVerification::Always).1).is_ok());
        assert!(matches!(
            token(&mut key(UserVerification::Never).1),
            Err(Error::NotVerified)
        ));

        let (soft, mut key) = key(UserVerification::Control);
        assert!(token(&mut key).is_err(), "nobody is verified before somebody says so");
        soft.set_user_verified(true);
        assert!(token(&mut key).is_ok());
        soft.set_user_verified(false);
        assert!(token(&mut key).is_err());
    }

    #[test]
    fn after_five_failures_it_is_blocked_until_a_pin_is_given() {
        let (soft, mut key) = key(UserVerification::Control);
        for _ in 0..4 {
            assert!(matches!(token(&mut key), Err(Error::NotVerified)));
        }
        assert!(matches!(token(&mut key), Err(Error::VerificationBlocked)));
        soft.set_user_verified(true);
        assert!(matches!(token(&mut key), Err(Error::VerificationBlocked)));
        let pin = Pin::new("1234").expect("a PIN");
        key.set_pin(&pin, &mut Unwatched).expect("a first PIN");
        assert!(matches!(token(&mut key), Err(Error::PinNeeded)));
        let granted = key.token(Permissions::GET_ASSERTION, Some("example.com"), &mut Owner(pin));
        assert!(granted.is_ok());
        assert!(token(&mut key).is_ok(), "the key verifies by itself again");
    }
}
