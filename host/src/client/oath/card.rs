//! What carries APDUs to the applet.

use brasskey_protocol::ctaphid::command;

use super::super::channel::Channel;
use super::super::error::{CtaphidError, Error};
use super::super::key::Key;
use super::super::watch::Watch;
use super::error::OathError;
use crate::transport::TransportError;
use crate::transport::pcsc::{PcscCard, PcscError};

/// Something that answers APDUs of the OATH applet.
pub trait Card {
    /// Sends an APDU, and returns the answer: data, then the status word.
    ///
    /// # Errors
    /// [`Error`] where there is no answer. [`Error::Cancelled`] where `watch` gave up.
    fn transmit(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error>;

    /// The applet was told its access code: it should forget that when this ends.
    fn unlocked(&mut self) {}
}

impl Channel {
    /// An APDU of the OATH applet over CTAPHID, and its answer: data, then the status word.
    ///
    /// When `watch` cancels, the key is told to.
    ///
    /// # Errors
    /// [`OathError::NotOverHid`] where the key does not know the command; the errors of CTAPHID and of the transport.
    pub fn oath(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        let patience = self.timeouts().whole;
        match self.exchange(command::OATH, "an APDU of OATH", apdu, patience, watch) {
            Err(Error::Ctaphid(CtaphidError::INVALID_COMMAND)) => Err(OathError::NotOverHid.into()),
            result => result,
        }
    }
}

impl Card for Channel {
    fn transmit(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        self.oath(apdu, watch)
    }
}

impl Card for Key {
    fn transmit(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        self.channel().oath(apdu, watch)
    }
}

impl Card for PcscCard {
    fn transmit(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        Self::transmit(self, apdu, &|| watch.is_cancelled()).map_err(|error| match error {
            PcscError::Cancelled => Error::Cancelled,
            error => TransportError::from(error).into(),
        })
    }

    /// Another program could ask for codes without selecting the applet anew, which would lock it.
    fn unlocked(&mut self) {
        self.reset_at_end();
    }
}

impl<C: Card + ?Sized> Card for Box<C> {
    fn transmit(&mut self, apdu: &[u8], watch: &mut dyn Watch) -> Result<Vec<u8>, Error> {
        (**self).transmit(apdu, watch)
    }

    fn unlocked(&mut self) {
        (**self).unlocked();
    }
}
