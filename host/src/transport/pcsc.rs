//! Smart card readers, through pcscd.
//!
//! pcscd is asked over its Unix socket in its own protocol, as its library libpcsclite does it. That is a few records
//! of whole numbers, which `wire.rs` has, and safe Rust throughout: neither building nor running brasskey takes a C
//! library, and a test can play pcscd. (The crate `pcsc` links libpcsclite when it is built, and a library that is
//! loaded at run time takes `unsafe` at each call.) Version 4 of the protocol is as old as pcsc-lite 1.8, and pcscd
//! says which one it speaks.

#[cfg(all(unix, not(target_vendor = "apple")))]
mod card;
#[cfg(all(unix, not(target_vendor = "apple")))]
mod daemon;
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
mod elsewhere;
mod error;
#[cfg(all(unix, not(target_vendor = "apple")))]
mod wire;

#[cfg(all(test, unix, not(target_vendor = "apple")))]
pub(crate) mod testing;
#[cfg(all(test, unix, not(target_vendor = "apple")))]
mod tests;

#[cfg(all(unix, not(target_vendor = "apple")))]
pub use card::{PcscCard, readers};
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
pub use elsewhere::{PcscCard, readers};
pub use error::PcscError;

/// A reader that pcscd has found. Its name comes from the device: escape it before showing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// Its name, by which [`Address::Pcsc`](super::Address::Pcsc) finds it.
    pub name: String,
    /// Whether a card is in it.
    pub has_card: bool,
    /// Whether a program uses that card.
    pub in_use: bool,
}

/// Who else may use a card meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// Others may have it open; while this program has it they wait.
    Shared,
    /// Nobody: it fails where another program has it open, and so disturbs none.
    Exclusive,
}

/// The reader that `part` names: all of its name, or else a part of it. Where several have that part, those with a card
/// count alone.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn find<'a>(readers: &'a [Reader], part: &str) -> Result<&'a Reader, PcscError> {
    if let Some(exact) = readers.iter().find(|reader| reader.name == part) {
        return Ok(exact);
    }
    let part_lower = part.to_lowercase();
    let named: Vec<_> = readers
        .iter()
        .filter(|reader| reader.name.to_lowercase().contains(&part_lower))
        .collect();
    let with_card: Vec<_> = named.iter().copied().filter(|reader| reader.has_card).collect();
    match (named.as_slice(), with_card.as_slice()) {
        ([], _) => Err(PcscError::NoReader { part: part.to_owned() }),
        ([one], _) | (_, [one]) => Ok(one),
        (several, _) => Err(PcscError::Ambiguous {
            part: part.to_owned(),
            readers: several.iter().map(|reader| reader.name.clone()).collect(),
        }),
    }
}
