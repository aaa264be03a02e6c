//! What the carriers hand to the authenticator: [`ctaphid::Device`](crate::ctaphid::Device) and
//! [`iso7816::Card`](crate::iso7816::Card).

use crate::platform::Indication;

/// The channel of requests that came as a smart card's APDUs. No CTAPHID channel has this number (CTAP 2.3 §11.2.3).
pub const CARD: u32 = 0;

/// A request that the key now runs, and whose answer goes back to the carrier that it came by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// The CTAPHID channel that it came on, or [`CARD`].
    pub channel: u32,
    /// Which protocol it speaks.
    pub kind: RequestKind,
    /// How long the message is, in bytes: 1 to [`MAX_MESSAGE`](crate::limits::MAX_MESSAGE).
    pub length: usize,
    /// The host cancelled it before it was taken: set [`Abort`](crate::platform::Abort) before it runs.
    pub aborted: bool,
}

/// Which protocol a request speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A U2F raw message: CTAPHID_MSG, or a smart card's APDU.
    Msg,
    /// A CTAP2 command byte and its parameters: CTAPHID_CBOR or NFCCTAP_MSG.
    Cbor,
    /// An APDU of the OATH applet, from a smart card or by [`OATH`](crate::ctaphid::command::OATH).
    Oath,
}

impl RequestKind {
    /// Whether a request can wait for its user. Then its host hears meanwhile that the key is at work, and can cancel
    /// it. Of U2F hosts poll.
    #[must_use]
    pub const fn waits(self) -> bool {
        matches!(self, Self::Cbor | Self::Oath)
    }
}

/// What a carrier tells the host while a request runs (CTAP 2.3 §11.2.9.1.7, §11.3.7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum KeepaliveStatus {
    /// STATUS_PROCESSING: the key computes.
    Processing = 1,
    /// STATUS_UPNEEDED: the key waits for the user's touch.
    UpNeeded = 2,
}

impl KeepaliveStatus {
    /// The status' byte on the wire.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Takes over what the running request shows, and says whether a wait for the user begins: the host hears of that
    /// at once.
    pub(crate) fn show(&mut self, indication: Indication) -> bool {
        let status = match indication {
            Indication::Idle | Indication::Processing => Self::Processing,
            Indication::WaitingForTouch => Self::UpNeeded,
            Indication::Wink => return false,
        };
        let before = core::mem::replace(self, status);
        status != before && status == Self::UpNeeded
    }
}
