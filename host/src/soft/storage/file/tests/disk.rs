//! A disk with a volatile cache, whose power can be cut and whose room can run out.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use redb::StorageBackend;

use crate::soft::storage::file::shared::Medium;

/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;

/// What goes wrong with a disk, and at which of its changes (writes, changes of length, syncs).
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// Nothing.
    None,
    /// From this change on, nothing works any more.
    Cut(usize),
    /// This one change finds no room.
    Full(usize),
    /// From this change on, nothing finds room, not even what has its room: as on a disk that writes each change to
    /// another place.
    FullFrom(usize),
    /// The disk has room for so many bytes.
    Room(usize),
}

/// Clones are the same disk.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// What a reader sees.
    cached: Vec<u8>,
    /// What the last sync left.
    durable: Vec<u8>,
    /// What came after the last sync.
    pending: Vec<Change>,
    changes: usize,
    /// How many bytes from the start on have their room.
    allocated: usize,
    fault: Fault,
}

#[derive(Debug)]
enum Change {
    Length(usize),
    Sector { at: usize, data: Vec<u8> },
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Length(length) => content.resize(*length, 0),
            Self::Sector { at, data } => {
                let end = at + data.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*at..end].copy_from_slice(data);
            }
        }
    }
}

impl Disk {
    pub(super) fn new(content: Vec<u8>, fault: Fault) -> Self {
        Self(Arc::new(Mutex::new(State {
            allocated: content.len(),
            durable: content.clone(),
            cached: content,
            pending: Vec::new(),
            changes: 0,
            fault,
        })))
    }

    /// How many bytes have their room.
    pub(super) fn allocated(&self) -> usize {
        self.state().allocated
    }

    /// From now on nothing more finds room.
    pub(super) fn fill(&self) {
        let mut state = self.state();
        state.fault = Fault::Room(state.allocated);
    }

    /// How many changes there were.
    pub(super) fn changes(&self) -> usize {
        self.state().changes
    }

    /// Another file on the same disk, which is as full.
    pub(super) fn beside(&self) -> Self {
        let (fault, changes) = {
            let state = self.state();
            (state.fault, state.changes)
        };
        let fault = match fault {
            Fault::FullFrom(at) => Fault::FullFrom(at.saturating_sub(changes)),
            fault => fault,
        };
        Self::new(Vec::new(), fault)
    }

    /// Whether a change has found no room, of those from which on nothing does.
    pub(super) fn is_full(&self) -> bool {
        let state = self.state();
        matches!(state.fault, Fault::FullFrom(at) if state.changes > at)
    }

    /// What is on the disk when the power is back: all that was synced, and of the rest what `reached` picks sector by
    /// sector. Leaving out an earlier sector and keeping a later one is how a reordering shows.
    pub(super) fn after_cut(&self, mut reached: impl FnMut() -> bool) -> Vec<u8> {
        let state = self.state();
        let mut content = state.durable.clone();
        for change in state.pending.iter().filter(|_| reached()) {
            change.apply(&mut content);
        }
        content
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Counts a change, or says why it does not take place.
    fn change(&self) -> io::Result<MutexGuard<'_, State>> {
        let mut state = self.state();
        let index = state.changes;
        state.changes += 1;
        match state.fault {
            Fault::Cut(at) if index >= at => Err(io::Error::other("the power is cut")),
            Fault::Full(at) if index == at => Err(io::ErrorKind::StorageFull.into()),
            Fault::FullFrom(at) if index >= at => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(state),
        }
    }
}

impl State {
    fn take_room(&mut self, length: usize) -> io::Result<()> {
        match self.fault {
            Fault::Room(room) if length > self.allocated.max(room) => Err(io::ErrorKind::StorageFull.into()),
            _ => {
                self.allocated = self.allocated.max(length);
                Ok(())
            }
        }
    }

    fn add(&mut self, change: Change) {
        change.apply(&mut self.cached);
        self.pending.push(change);
    }
}

impl Medium for Disk {
    fn backend(&self) -> &dyn StorageBackend {
        self
    }

    fn allocate(&self, length: u64) -> io::Result<()> {
        self.state().take_room(usize::try_from(length).unwrap())
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.state().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let at = usize::try_from(offset).unwrap();
        let state = self.state();
        let source = state
            .cached
            .get(at..at + out.len())
            .ok_or(io::ErrorKind::UnexpectedEof)?;
        out.copy_from_slice(source);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change()?.add(Change::Length(usize::try_from(len).unwrap()));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.change()?;
        let State { pending, durable, .. } = &mut *state;
        for change in pending.drain(..) {
            change.apply(durable);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut state = self.change()?;
        let mut at = usize::try_from(offset).unwrap();
        state.take_room(at + data.len())?;
        let mut rest = data;
        while !rest.is_empty() {
            let (sector, after) = rest.split_at(rest.len().min(SECTOR - at % SECTOR));
            state.add(Change::Sector {
                at,
                data: sector.to_vec(),
            });
            at += sector.len();
            rest = after;
        }
        Ok(())
    }
}
