//! Makes a UF2 file from the program's ELF file. A board with a UF2 boot loader looks like a disk, and takes such
//! files.
//!
//! `uf2 FAMILY ELF UF2`, with the family's number in hexadecimal. Both formats have only a few fields
//! (<https://github.com/microsoft/uf2>; System V ABI, chapter 4). The output depends on the ELF file and nothing else.

use std::collections::BTreeMap;
use std::error::Error;
use std::{env, fs};

const MAGIC_START: [u32; 2] = [0x0a32_4655, 0x9e5d_5157];
const MAGIC_END: u32 = 0x0ab1_6f30;
/// The flag that says that a block has the family's number.
const FAMILY_ID_PRESENT: u32 = 0x2000;
/// Bytes of flash in one block.
const PAYLOAD: usize = 256;
/// Size of the payload's field in bytes.
const FIELD: usize = 476;
const BLOCK: usize = 512;

/// Pages of flash, by their address.
type Pages = BTreeMap<u32, [u8; PAYLOAD]>;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [family, elf, uf2] = &arguments[..] else {
        return Err("usage: uf2 FAMILY ELF UF2".into());
    };
    let family = u32::from_str_radix(family, 16)?;
    let pages = pages(&fs::read(elf)?).ok_or_else(|| format!("{elf} is not an ELF file of a 32-bit chip"))?;
    fs::write(uf2, blocks(&pages, family)?)?;
    Ok(())
}

/// The bytes to load, at their addresses in flash. `None` if this is no such file.
fn pages(elf: &[u8]) -> Option<Pages> {
    const LOAD: u32 = 1;
    // 32 bits, little endian, version 1.
    if !elf.starts_with(b"\x7fELF\x01\x01\x01") {
        return None;
    }
    let mut pages = Pages::new();
    let (table, size, count) = (word(elf, 28)?, half(elf, 42)?, half(elf, 44)?);
    for number in 0..u32::from(count) {
        let header = elf.get(usize::try_from(table + number * u32::from(size)).ok()?..)?;
        if word(header, 0)? != LOAD {
            continue;
        }
        let (offset, address, length) = (word(header, 4)?, word(header, 12)?, word(header, 16)?);
        let bytes = elf.get(offset as usize..)?.get(..length as usize)?;
        for (address, byte) in (address..).zip(bytes) {
            let page = pages.entry(address & !0xff).or_insert([0xff; PAYLOAD]);
            page[(address & 0xff) as usize] = *byte;
        }
    }
    Some(pages)
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn blocks(pages: &Pages, family: u32) -> Result<Vec<u8>, Box<dyn Error>> {
    let count = u32::try_from(pages.len())?;
    let mut file = Vec::with_capacity(pages.len() * BLOCK);
    for (number, (address, page)) in (0..).zip(pages) {
        let [first, second] = MAGIC_START;
        let head = [
            first,
            second,
            FAMILY_ID_PRESENT,
            *address,
            PAYLOAD as u32,
            number,
            count,
            family,
        ];
        file.extend(head.into_iter().flat_map(u32::to_le_bytes));
        file.extend(page);
        file.extend([0; FIELD - PAYLOAD]);
        file.extend(MAGIC_END.to_le_bytes());
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file with these segments and their addresses. The last one is not to be loaded.
    fn elf(segments: &[(u32, &[u8])]) -> Vec<u8> {
        let mut file = b"\x7fELF\x01\x01\x01".to_vec();
        file.resize(52, 0);
        file[28..32].copy_from_slice(&52_u32.to_le_bytes());
        file[42..44].copy_from_slice(&32_u16.to_le_bytes());
        file[44..46].copy_from_slice(&(segments.len() as u16).to_le_bytes());
        let mut offset = (52 + 32 * segments.len()) as u32;
        for (number, (address, bytes)) in segments.iter().enumerate() {
            let kind = u32::from(number + 1 < segments.len());
            let length = bytes.len() as u32;
            let header = [kind, offset, 0x2000_0000, *address, length, length, 0, 4];
            file.extend(header.into_iter().flat_map(u32::to_le_bytes));
            offset += length;
        }
        file.extend(segments.iter().flat_map(|(_, bytes)| *bytes));
        file
    }

    #[test]
    fn segments_lie_in_pages_where_the_chip_has_them() {
        let file = elf(&[(0x1000_0000, &[1; 256]), (0x1000_01ff, &[2, 3]), (0x5000_0000, &[9])]);
        let pages = pages(&file).unwrap();
        assert_eq!(
            pages.keys().copied().collect::<Vec<_>>(),
            [0x1000_0000, 0x1000_0100, 0x1000_0200]
        );
        assert_eq!(pages[&0x1000_0000], [1; 256]);
        assert_eq!(pages[&0x1000_0100][254..], [0xff, 2]);
        assert_eq!(pages[&0x1000_0200][..2], [3, 0xff]);
    }

    #[test]
    fn blocks_are_those_of_the_format() {
        let pages = Pages::from([(0x1000_0000, [1; 256]), (0x1000_0200, [2; 256])]);
        let file = blocks(&pages, 0xe48b_ff56).unwrap();
        let words: Vec<u32> = file
            .chunks(4)
            .map(|word| u32::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(file.len(), 2 * BLOCK);
        assert_eq!(&file[..8], b"UF2\nWQ]\x9e");
        assert_eq!(words[2..8], [0x2000, 0x1000_0000, 256, 0, 2, 0xe48b_ff56]);
        assert_eq!(words[128 + 2..128 + 8], [0x2000, 0x1000_0200, 256, 1, 2, 0xe48b_ff56]);
        assert_eq!(file[BLOCK + 32..BLOCK + 32 + 256], [2; 256]);
        assert_eq!(words[127], 0x0ab1_6f30);
    }

    #[test]
    fn what_is_no_elf_file_or_cut_off_is_refused() {
        let file = elf(&[(0x1000_0000, &[1; 256]), (0, &[])]);
        assert!(pages(&file).is_some());
        for length in 0..file.len() {
            assert!(pages(&file[..length]).is_none(), "{length}");
        }
    }
}
