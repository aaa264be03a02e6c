//! ISO/IEC 7816-4: the APDUs of smart cards, and the card that carries this key's protocols.

mod apdu;
mod card;

pub use apdu::{Apdu, StatusWord};
pub use card::{ATR, Card, Event};
