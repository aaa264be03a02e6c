//! Keys that are smart cards, found without disturbing who uses one.

use crate::transport::pcsc::{self, PcscCard, PcscError, Sharing};

/// The applets that are looked for: their names, and how they are selected.
const APPLETS: [(&str, &[u8]); 2] = [
    ("OATH", &[0xA0, 0x00, 0x00, 0x05, 0x27, 0x21, 0x01]),
    ("FIDO", &[0xA0, 0x00, 0x00, 0x06, 0x47, 0x2F, 0x00, 0x01]),
];

/// A card in a reader.
pub(super) struct CardIn {
    /// The reader's name.
    pub(super) reader: String,
    /// Its applets of [`APPLETS`], or why nobody knows.
    pub(super) applets: Result<Vec<&'static str>, PcscError>,
}

/// The cards that have one of the applets, and those that cannot be asked because another program uses them. Other
/// cards are left out. Without pcscd there is none.
pub(super) fn cards() -> Vec<CardIn> {
    let readers = pcsc::readers().unwrap_or_default();
    let with_card = readers.into_iter().filter(|reader| reader.has_card);
    let asked = with_card.map(|reader| CardIn {
        applets: match reader.in_use {
            true => Err(PcscError::InUse {
                reader: reader.name.clone(),
            }),
            false => applets(&reader.name),
        },
        reader: reader.name,
    });
    asked
        .filter(|card| match &card.applets {
            Ok(applets) => !applets.is_empty(),
            Err(error) => matches!(error, PcscError::InUse { .. }),
        })
        .collect()
}

/// Selecting one would take the card from under another program: so this asks for it alone, or not at all.
fn applets(reader: &str) -> Result<Vec<&'static str>, PcscError> {
    let mut card = PcscCard::connect(reader, Sharing::Exclusive)?;
    let mut found = Vec::new();
    for (name, identifier) in APPLETS {
        let mut select = vec![0x00, 0xA4, 0x04, 0x00, u8::try_from(identifier.len()).unwrap_or(0)];
        select.extend(identifier);
        let answer = card.transmit(&select, &|| false)?;
        if matches!(answer.last_chunk(), Some([0x90, 0x00] | [0x61, _])) {
            found.push(name);
        }
    }
    Ok(found)
}
