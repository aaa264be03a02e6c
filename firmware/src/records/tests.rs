mod full;
mod model;
mod oath;
mod power_cuts;

use std::boxed::Box;
use std::vec::Vec;

use embedded_storage::nor_flash::{ErrorType, NorFlash, NorFlashErrorKind, ReadNorFlash, check_erase, check_write};

use super::*;

/// Flash in memory: an erase sets all bits, and a write clears some. A test can cut its power.
pub(super) struct Chip {
    pub(super) bytes: Vec<u8>,
    /// How many writes and erases still work. The last of them is done by half.
    pub(super) operations: usize,
    pub(super) erased: usize,
}

impl Chip {
    pub(super) fn new() -> Self {
        Self {
            bytes: std::vec![0xff; REGION_SIZE as usize],
            operations: usize::MAX,
            erased: 0,
        }
    }

    /// Whether the power lasts for a whole operation, for half of it, or is gone.
    fn operate(&mut self) -> Power {
        match self.operations {
            0 => Power::Gone,
            1 => {
                self.operations = 0;
                Power::Goes
            }
            _ => {
                self.operations -= 1;
                Power::Stays
            }
        }
    }

    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        self.bytes.windows(bytes.len()).any(|window| window == bytes)
    }
}

enum Power {
    Stays,
    Goes,
    Gone,
}

impl ErrorType for Chip {
    type Error = NorFlashErrorKind;
}

impl ReadNorFlash for Chip {
    const READ_SIZE: usize = 1;

    fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), NorFlashErrorKind> {
        let start = offset as usize;
        bytes.copy_from_slice(&self.bytes[start..start + bytes.len()]);
        Ok(())
    }

    fn capacity(&self) -> usize {
        self.bytes.len()
    }
}

impl NorFlash for Chip {
    const WRITE_SIZE: usize = 4;
    const ERASE_SIZE: usize = PAGE_SIZE as usize;

    fn erase(&mut self, from: u32, to: u32) -> Result<(), NorFlashErrorKind> {
        check_erase(self, from, to)?;
        let power = self.operate();
        let page = &mut self.bytes[from as usize..to as usize];
        match power {
            Power::Stays => {
                page.fill(0xff);
                self.erased += 1;
                Ok(())
            }
            Power::Goes => {
                let half = page.len() / 2;
                page[..half].fill(0xff);
                Err(NorFlashErrorKind::Other)
            }
            Power::Gone => Err(NorFlashErrorKind::Other),
        }
    }

    fn write(&mut self, offset: u32, bytes: &[u8]) -> Result<(), NorFlashErrorKind> {
        check_write(self, offset, bytes.len())?;
        let (count, outcome) = match self.operate() {
            Power::Stays => (bytes.len(), Ok(())),
            Power::Goes => (bytes.len() / 2, Err(NorFlashErrorKind::Other)),
            Power::Gone => (0, Err(NorFlashErrorKind::Other)),
        };
        let place = &mut self.bytes[offset as usize..];
        place.iter_mut().zip(&bytes[..count]).for_each(|(to, from)| *to &= from);
        outcome
    }
}

/// Records on a chip. The test can look at the chip and cut its power.
pub(super) struct Bench {
    pub(super) records: Option<Records<'static, Chip>>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with(Chip::new())
    }

    pub(super) fn with(chip: Chip) -> Self {
        let index = Box::leak(Box::new(Index::new()));
        Self {
            records: Some(Records::start(chip, index).unwrap()),
        }
    }

    pub(super) fn records(&mut self) -> &mut Records<'static, Chip> {
        self.records.as_mut().unwrap()
    }

    pub(super) fn chip(&mut self) -> &mut Chip {
        self.records().map.flash().flash_mut()
    }

    /// Switches the power off and on again.
    pub(super) fn restart(&mut self) {
        let Records { map, index, .. } = self.records.take().unwrap();
        let mut chip = map.destroy().0.into_flash();
        chip.operations = usize::MAX;
        self.records = Some(Records::start(chip, index).unwrap());
    }

    pub(super) fn read(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let mut value = [0; STORAGE_VALUE_MAX];
        let length = self.records().read(key, &mut value).unwrap()?;
        Some(value[..length].to_vec())
    }

    pub(super) fn write(&mut self, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        self.records().write(key, value)
    }

    pub(super) fn keys(&mut self, prefix: &[u8]) -> Vec<Vec<u8>> {
        let mut keys = Vec::<Vec<u8>>::new();
        let mut key = [0; STORAGE_KEY_MAX];
        while let Some(length) = self
            .records()
            .next_key(prefix, keys.last().map(Vec::as_slice), &mut key)
            .unwrap()
        {
            keys.push(key[..length].to_vec());
        }
        keys
    }
}

#[test]
fn what_was_written_is_there_also_after_a_power_cycle() {
    let mut bench = Bench::new();
    assert_eq!(bench.read(b"R"), None);
    bench.write(b"R", b"one").unwrap();
    bench.write(b"N", b"").unwrap();
    bench.write(b"R", b"two").unwrap();
    for _ in 0..2 {
        assert_eq!(bench.read(b"R").unwrap(), b"two");
        assert_eq!(bench.read(b"N").unwrap(), b"");
        assert_eq!(bench.keys(b""), [b"N", b"R"]);
        bench.restart();
    }
}

#[test]
fn what_was_removed_is_gone_and_its_place_is_free() {
    let mut bench = Bench::new();
    for round in 0..3 * RECORDS {
        let key = round.to_be_bytes();
        bench.write(&key, b"value").unwrap();
        bench.records().remove(&key).unwrap();
        bench.records().remove(&key).unwrap();
        assert_eq!(bench.read(&key), None);
    }
    bench.restart();
    assert_eq!(bench.keys(b""), <[&[u8]; 0]>::default());
}

#[test]
fn a_place_too_short_for_the_record_is_refused() {
    let mut bench = Bench::new();
    bench.write(b"R", b"four").unwrap();
    assert_eq!(bench.records().read(b"R", &mut [0; 3]), Err(StorageError::Failed));
}

#[test]
fn the_longest_key_and_value_fit() {
    let mut bench = Bench::new();
    let (key, value) = ([7; STORAGE_KEY_MAX], [9; STORAGE_VALUE_MAX]);
    bench.write(&key, &value).unwrap();
    bench.restart();
    assert_eq!(bench.read(&key).unwrap(), value);
}

#[test]
fn a_region_that_holds_something_else_is_refused_and_left_as_it_is() {
    for fill in [0x00, 0x5a] {
        let mut chip = Chip::new();
        chip.bytes.fill(fill);
        chip.operations = 0;
        let index = Box::leak(Box::new(Index::new()));
        assert_eq!(
            Records::start(chip, index).err(),
            Some(StorageError::Failed),
            "{fill:#x}"
        );
    }
}

#[test]
fn scrubbing_leaves_nothing_of_what_was_removed_or_replaced() {
    let mut bench = Bench::new();
    bench.write(b"R", b"the old master secret").unwrap();
    for record in 0..40_u32 {
        bench.write(&record.to_be_bytes(), &[b'a' + record as u8; 500]).unwrap();
    }
    bench.write(b"R", b"the new master secret").unwrap();
    bench.records().remove(&7_u32.to_be_bytes()).unwrap();
    assert!(bench.chip().holds(b"the old master secret"));
    bench.records().scrub().unwrap();
    assert!(!bench.chip().holds(b"the old master secret"));
    assert!(!bench.chip().holds(&[b'a' + 7; 20]));
    bench.restart();
    assert_eq!(bench.read(b"R").unwrap(), b"the new master secret");
    assert_eq!(bench.keys(b"").len(), 40);
}

#[test]
fn scrubbing_a_key_that_was_hardly_used_erases_hardly_anything() {
    let mut bench = Bench::new();
    bench.write(b"R", b"the old master secret").unwrap();
    bench.write(b"R", b"the new master secret").unwrap();
    bench.records().scrub().unwrap();
    assert!(!bench.chip().holds(b"the old master secret"));
    assert!(bench.chip().erased <= 3, "{}", bench.chip().erased);
}
