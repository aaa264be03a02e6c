//! A key that was opened: what it is, and what it can do.

use std::sync::Arc;

use brasskey_protocol::ctaphid::{InitResponse, capability};

use super::channel::Channel;
use super::ctap2::{
    self, Command, Familiar, GetInfo, Info, MakeCredential, PublicKeyCredentialParameters, Selection, Status, Unread,
};
use super::error::Error;
use super::pin::Pin;
use super::pin_protocol::{PinProtocol, PinUvAuth};
use super::u2f;
use super::watch::{Unwatched, Watch};
use crate::transport::Transport;
use crate::webauthn::{Fault, RelyingPartyEntity, UserEntity};

/// The SHA-256 of nothing: the client data hash of a request whose answer is thrown away.
pub(super) const EMPTY_HASH: [u8; 32] = [
    0xE3, 0xB0, 0xC4, 0x42, 0x98, 0xFC, 0x1C, 0x14, 0x9A, 0xFB, 0xF4, 0xC8, 0x99, 0x6F, 0xB9, 0x24, 0x27, 0xAE, 0x41,
    0xE4, 0x64, 0x9B, 0x93, 0x4C, 0xA4, 0x95, 0x99, 0x1B, 0x78, 0x52, 0xB8, 0x55,
];
/// ES256, which every key knows.
const ES256: i64 = -7;

/// An open key.
pub struct Key {
    channel: Channel,
    info: Option<Info>,
    info_error: Option<Arc<Error>>,
    u2f_version: Option<String>,
    /// The PINs that the key refused. None is sent twice.
    refused_pins: Vec<Pin>,
    /// The PIN/UV auth protocol that worked.
    pub(super) proven_protocol: Option<PinProtocol>,
    familiar: Familiar,
}

impl Key {
    /// Opens a channel and asks the key what it is.
    ///
    /// A key that does not say that it speaks CTAP2, or whose authenticatorGetInfo fails, is used as a U2F key, as
    /// other clients do.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where the key speaks neither; [`Error::GetInfo`] where it says that it speaks CTAP2, does
    /// not answer authenticatorGetInfo as it must, and speaks no U2F; otherwise the errors of [`Channel::open`].
    pub fn open(transport: Box<dyn Transport>) -> Result<Self, Error> {
        Channel::open(transport).and_then(Self::over)
    }

    /// Asks the key at the other end of `channel` what it is.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn over(channel: Channel) -> Result<Self, Error> {
        let mut key = Self {
            channel,
            info: None,
            info_error: None,
            u2f_version: None,
            refused_pins: Vec::new(),
            proven_protocol: None,
            familiar: Familiar::default(),
        };
        let capabilities = key.init().capabilities;
        if capabilities & capability::CBOR != 0 {
            match ctap2::send(&mut key.channel, &GetInfo, &mut Unwatched) {
                Ok(info) => {
                    key.info = Some(info);
                    key.limit_messages();
                    return Ok(key);
                }
                Err(error @ Error::Transport(_)) => return Err(error),
                Err(error) => key.info_error = Some(Arc::new(error)),
            }
        }
        let version = match capabilities & capability::NMSG == 0 {
            true => u2f::version(&mut key.channel),
            false => Err(Error::Unsupported { what: "CTAP2 or U2F" }),
        };
        // The first failure is the cause.
        match (version, key.info_error.take()) {
            (Err(_), Some(cause)) => return Err(Error::GetInfo(cause)),
            (version, cause) => (key.u2f_version, key.info_error) = (Some(version?), cause),
        }
        Ok(key)
    }

    /// Opens a channel again: at the other end of the transport, another key was plugged in, which has CTAP2, too.
    ///
    /// # Errors
    /// As [`over`](Self::over).
    pub(crate) fn reopen(&mut self) -> Result<(), Error> {
        self.channel.reopen()?;
        self.refused_pins.clear();
        self.proven_protocol = None;
        let answer = self.send(&Unread, &mut Unwatched)?;
        if !self
            .info
            .as_mut()
            .is_some_and(|info| self.familiar.renew(info, &answer))
        {
            let malformed = |why| Error::Malformed {
                command: GetInfo::NAME,
                why,
            };
            let info = GetInfo::parse(&answer).map_err(malformed)?;
            self.familiar = Familiar::new(answer, &info);
            self.info = Some(info);
        }
        self.limit_messages();
        Ok(())
    }

    fn limit_messages(&mut self) {
        if let Some(size) = self.info.as_ref().and_then(|info| info.max_msg_size) {
            self.channel.limit_messages(usize::try_from(size).unwrap_or(usize::MAX));
        }
    }

    /// The channel, for messages that [`send`](Self::send) and [`u2f`] do not cover.
    pub fn channel(&mut self) -> &mut Channel {
        &mut self.channel
    }

    /// What the key said about itself when it gave the channel.
    #[must_use]
    pub fn init(&self) -> &InitResponse {
        self.channel.init()
    }

    /// What the key can do; `None` for a key that is used as a U2F key.
    #[must_use]
    pub fn info(&self) -> Option<&Info> {
        self.info.as_ref()
    }

    /// What the key can do, where a caller needs CTAP2.
    ///
    /// # Errors
    /// [`Error::GetInfo`] where the key says that it speaks CTAP2, but not what it can do; and
    /// [`Error::Unsupported`] where it knows U2F only.
    pub fn ctap2_info(&self) -> Result<&Info, Error> {
        match (&self.info, &self.info_error) {
            (Some(info), _) => Ok(info),
            (None, Some(cause)) => Err(Error::GetInfo(Arc::clone(cause))),
            (None, _) => Err(Error::Unsupported { what: "CTAP2" }),
        }
    }

    /// Why a key that says that it speaks CTAP2 is used as a U2F key: how authenticatorGetInfo failed.
    #[must_use]
    pub fn info_error(&self) -> Option<&Error> {
        self.info_error.as_deref()
    }

    /// From now on has a key that verifies its user without a PIN do so for each request (`uv`), as clients of CTAP 2.0
    /// do. That takes no token, and so no key agreement, which costs more than a sign-in.
    pub(crate) fn verify_without_tokens(&mut self) {
        if let Some(info) = self.info.as_mut().filter(|info| info.has("uv")) {
            info.options.remove("pinUvAuthToken");
        }
    }

    /// The PINs that this key refused. If another program has changed the PIN since, the key must be opened again.
    pub(super) fn refused_pins(&mut self) -> &mut Vec<Pin> {
        &mut self.refused_pins
    }

    /// Where the key's answers since it was opened depart from the standard: each fault once, oldest first, so that
    /// those of CTAPHID_INIT and authenticatorGetInfo come first.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        self.channel.faults()
    }

    /// Does `work`, and returns its result with the faults that were found meanwhile, also those that were seen before.
    ///
    /// ```no_run
    /// # fn f(key: &mut brasskey::client::Key) {
    /// use brasskey::client::Unwatched;
    /// use brasskey::client::ctap2::GetInfo;
    /// let (answer, faults) = key.recording(|key| key.send(&GetInfo, &mut Unwatched));
    /// for fault in &faults {
    ///     eprintln!("{:?}: {fault}", fault.level);
    /// }
    /// # }
    /// ```
    pub fn recording<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (T, Vec<Fault>) {
        let earlier = self.channel.faults_mut().begin();
        let result = work(self);
        let found = self.channel.faults_mut().end(earlier);
        (result, found)
    }

    /// The versions of the standards that the key names. Untrusted texts.
    #[must_use]
    pub fn versions(&self) -> Vec<&str> {
        match &self.info {
            Some(info) => info.versions.iter().map(String::as_str).collect(),
            None => self.u2f_version.iter().map(String::as_str).collect(),
        }
    }

    /// Whether the key takes U2F messages.
    #[must_use]
    pub fn speaks_u2f(&self) -> bool {
        self.init().capabilities & capability::NMSG == 0 && self.versions().contains(&"U2F_V2")
    }

    /// Whether the key has U2F, and the setting `alwaysUv` has switched it off (CTAP 2.3 §7.2).
    #[must_use]
    pub fn always_uv_bars_u2f(&self) -> bool {
        let has_u2f = self.init().capabilities & capability::NMSG == 0;
        has_u2f && !self.speaks_u2f() && self.info().is_some_and(|info| info.has("alwaysUv"))
    }

    /// Sends a CTAP2 command and waits for the answer.
    ///
    /// # Errors
    /// As [`ctap2::send`].
    pub fn send<C: Command>(&mut self, command: &C, watch: &mut dyn Watch) -> Result<C::Response, Error> {
        ctap2::send(&mut self.channel, command, watch)
    }

    /// Asks the key for its state again, because a command may have changed it.
    ///
    /// # Errors
    /// As [`ctap2::send`].
    pub fn refresh(&mut self) -> Result<(), Error> {
        self.info = Some(self.send(&GetInfo, &mut Unwatched)?);
        Ok(())
    }

    /// Waits for a touch that means only "this key".
    ///
    /// # Errors
    /// [`Error::TimedOut`], [`Error::Cancelled`] or [`Error::Status`] where the user does not touch this key; otherwise
    /// the errors of the messages.
    pub fn touch(&mut self, watch: &mut dyn Watch) -> Result<(), Error> {
        let Some(info) = &self.info else {
            return self.touch_u2f(watch);
        };
        if info.is_2_1() {
            return self.send(&Selection, watch);
        }
        let request = dummy(info.options.contains_key("clientPin"));
        match self.send(&request, watch) {
            Ok(_)
            | Err(Error::Status {
                status: Status::PinInvalid | Status::PinNotSet | Status::PinAuthInvalid,
                ..
            }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Registers a credential that nobody keeps, with the application and the challenge that browsers use for this.
    fn touch_u2f(&mut self, watch: &mut dyn Watch) -> Result<(), Error> {
        u2f::with_touch(&mut self.channel, watch, |channel| {
            u2f::register(channel, &[0x42; 32], &[0x41; 32])
        })
        .map(drop)
    }
}

/// How to ask for a touch before CTAP 2.1 had authenticatorSelection: with a credential that nobody keeps. Where the
/// key knows PINs, an empty `pinUvAuthParam` asks for a touch and creates nothing (CTAP 2.3 §6.1.2 step 1).
fn dummy(knows_pins: bool) -> MakeCredential {
    let rp = RelyingPartyEntity {
        id: ".dummy".to_owned(),
        name: None,
    };
    let user = UserEntity {
        id: vec![0x01],
        name: Some("dummy".to_owned()),
        display_name: None,
    };
    MakeCredential {
        pin_uv_auth: knows_pins.then(PinUvAuth::probe),
        ..MakeCredential::new(
            EMPTY_HASH,
            rp,
            user,
            vec![PublicKeyCredentialParameters::public_key(ES256)],
        )
    }
}

#[cfg(test)]
mod tests;
