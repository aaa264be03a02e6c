//! Records in a `redb` database, on any backend.

use std::io;
use std::ops::Bound;

use brasskey_protocol::platform::StorageError;
use redb::{
    Database, DatabaseError, Durability, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable,
    ReadableTableMetadata, TableDefinition, WriteTransaction,
};

use super::StorageOpenProblem;
use super::shared::{Medium, SharedBackend};
use crate::private::is_full;
use crate::soft::storage::copy;

/// The table that marks a database as ours: `format` → [`PLAIN`] or [`SEALED`].
const BRASSKEY: TableDefinition<'_, &str, u32> = TableDefinition::new("brasskey");
const FORMAT_KEY: &str = "format";
/// The version of this layout of tables. The content of the records has a version of its own, in the root record.
const PLAIN: u32 = 1;
/// As [`PLAIN`], but the values of records are sealed as [`HEADER`] says.
const SEALED: u32 = 2;
const RECORDS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("records");
/// What the file says about itself, by name. A reset of the key leaves it.
const META: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("meta");
/// How the values of records are sealed.
const HEADER: &str = "seal";

/// How many bytes of pages `redb` keeps in memory. The system caches the rest, some microseconds away.
const CACHE_SIZE: usize = 1024 * 1024;

pub(super) struct Records {
    backend: SharedBackend,
    /// How the values are sealed, where they are. All values here are sealed ones then.
    header: Option<Vec<u8>>,
    /// None after an I/O error, until it is opened again.
    database: Option<Database>,
    /// The table as the last commit left it, so that a read need not look for it first.
    view: Option<ReadOnlyTable<&'static [u8], &'static [u8]>>,
    /// What the system said of the last change that it refused, until it is taken.
    pub(super) refusal: Option<io::Error>,
}

impl Records {
    /// Opens the database on `medium`, or makes one where that is empty, and takes its lock.
    pub(super) fn open(medium: impl Medium) -> Result<Self, StorageOpenProblem> {
        let backend = SharedBackend::new(medium)?;
        let database = open_database(&backend)?;
        let header = check_format(&database)?;
        backend.keep_lock();
        Ok(Self {
            backend,
            header,
            database: Some(database),
            view: None,
            refusal: None,
        })
    }

    pub(super) fn read(&mut self, key: &[u8], value: &mut [u8]) -> Result<Option<usize>, StorageError> {
        let view = self.view().map_err(refusal)?;
        match view.get(key).map_err(refusal)? {
            Some(record) => copy(record.value(), value).map(Some),
            None => Ok(None),
        }
    }

    pub(super) fn contains(&mut self, key: &[u8]) -> Result<bool, StorageError> {
        Ok(self.view().map_err(refusal)?.get(key).map_err(refusal)?.is_some())
    }

    /// How many records there are. The database counts them.
    pub(super) fn len(&mut self) -> Result<u64, StorageError> {
        self.view().map_err(refusal)?.len().map_err(refusal)
    }

    /// The first key that begins with `prefix` and comes after `after`: one descent of the tree.
    pub(super) fn next_key(
        &mut self,
        prefix: &[u8],
        after: Option<&[u8]>,
        key: &mut [u8],
    ) -> Result<Option<usize>, StorageError> {
        let from = after.map_or(Bound::Included(prefix), Bound::Excluded);
        let view = self.view().map_err(refusal)?;
        let mut range = view.range::<&[u8]>((from, Bound::Unbounded)).map_err(refusal)?;
        match range.next().transpose().map_err(refusal)? {
            Some((found, _)) if found.value().starts_with(prefix) => copy(found.value(), key).map(Some),
            _ => Ok(None),
        }
    }

    /// Sets the record at `key`, or removes it where `value` is None.
    pub(super) fn set(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StorageError> {
        let length = self.length(key).map_err(|error| self.refuse(error))?;
        match value {
            None if length.is_none() => return Ok(()),
            Some(value) if length.is_none_or(|length| length < value.len()) => {
                self.backend.reserve().map_err(|error| self.refuse(error.into()))?;
            }
            _ => {}
        }
        let Err(error) = self.commit(key, value) else {
            return Ok(());
        };
        // After an I/O error `redb` refuses to work until it is opened again, and only then does it know whether the
        // commit took place. Opening it makes durable what it finds.
        self.view = None;
        self.database = None;
        match self.holds(key, value) {
            Ok(true) => Ok(()),
            Ok(false) => Err(self.refuse(error)),
            Err(_) => {
                self.refuse(error);
                Err(StorageError::Failed)
            }
        }
    }

    fn length(&mut self, key: &[u8]) -> Result<Option<usize>, redb::Error> {
        let record = self.view()?.get(key)?;
        Ok(record.map(|record| record.value().len()))
    }

    /// Keeps what the system said.
    fn refuse(&mut self, error: redb::Error) -> StorageError {
        let redb::Error::Io(error) = error else {
            return StorageError::Failed;
        };
        let is_full = is_full(&error);
        self.refusal = Some(error);
        if is_full {
            StorageError::Full
        } else {
            StorageError::Failed
        }
    }

    /// How the values are sealed, where they are.
    pub(super) fn header(&self) -> Option<&[u8]> {
        self.header.as_deref()
    }

    /// Copies every record of `self`, and the header, to `fresh`, which is empty.
    pub(super) fn copy_to(&mut self, fresh: &mut Self) -> Result<(), redb::Error> {
        let header = self.header.clone();
        self.convert_to(fresh, header, |_, value| Some(value.to_vec()))
    }

    /// As [`Self::copy_to`], but with another `header`, and with the value that `convert` makes of each record. Where
    /// that is None the record is damaged, and the copy fails.
    pub(super) fn convert_to(
        &mut self,
        fresh: &mut Self,
        header: Option<Vec<u8>>,
        convert: impl Fn(&[u8], &[u8]) -> Option<Vec<u8>>,
    ) -> Result<(), redb::Error> {
        let transaction = fresh.database()?.begin_write()?;
        describe(&transaction, header.as_deref())?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            for record in self.view()?.iter()? {
                let (key, value) = record?;
                let value = convert(key.value(), value.value());
                let value = value.ok_or_else(|| redb::Error::Corrupted("a record is damaged".into()))?;
                table.insert(key.value(), value.as_slice())?;
            }
        }
        transaction.commit()?;
        fresh.backend.reserve()?;
        fresh.header = header;
        Ok(())
    }

    /// Says how the values will be sealed. There must be none yet.
    pub(super) fn begin(&mut self, header: &[u8]) -> Result<(), redb::Error> {
        let transaction = self.database()?.begin_write()?;
        describe(&transaction, Some(header))?;
        transaction.commit()?;
        self.header = Some(header.to_vec());
        Ok(())
    }

    fn commit(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), redb::Error> {
        // A view keeps the pages of its commit. Without one, this commit can use them again.
        self.view = None;
        let mut transaction = self.database()?.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(RECORDS)?;
            match value {
                Some(value) => drop(table.insert(key, value)?),
                None => drop(table.remove(key)?),
            }
        }
        transaction.commit()?;
        Ok(())
    }

    fn holds(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<bool, StorageError> {
        let view = self.view().map_err(refusal)?;
        let found = view.get(key).map_err(refusal)?;
        Ok(found.as_ref().map(|record| record.value()) == value)
    }

    fn view(&mut self) -> Result<&ReadOnlyTable<&'static [u8], &'static [u8]>, redb::Error> {
        let view = match self.view.take() {
            Some(view) => view,
            None => self.database()?.begin_read()?.open_table(RECORDS)?,
        };
        Ok(self.view.insert(view))
    }

    fn database(&mut self) -> Result<&Database, redb::Error> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open_database(&self.backend)?,
        };
        Ok(self.database.insert(database))
    }
}

fn open_database(backend: &SharedBackend) -> Result<Database, DatabaseError> {
    Database::builder()
        .set_cache_size(CACHE_SIZE)
        // Simply opening it would trust a file that was closed in order, and may panic where somebody changed it since.
        .set_check_integrity_on_open(true)
        .create_with_backend(backend.clone())
}

/// Marks an empty database as ours. Refuses a database that is not ours, or that only a newer version understands.
/// Returns how its values are sealed, where they are.
fn check_format(database: &Database) -> Result<Option<Vec<u8>>, StorageOpenProblem> {
    let transaction = database.begin_read().map_err(redb::Error::from)?;
    let mut tables = transaction.list_tables().map_err(redb::Error::from)?;
    match transaction.open_table(BRASSKEY) {
        Ok(table) => {
            let format = table.get(FORMAT_KEY).map_err(redb::Error::from)?;
            let format = format.map(|format| format.value());
            if let Some(found) = format.filter(|&found| found > SEALED) {
                return Err(StorageOpenProblem::Newer {
                    found,
                    supported: SEALED,
                });
            }
            let has_records = transaction.open_table(RECORDS).is_ok();
            match (format, header(&transaction)?) {
                (Some(PLAIN), None) if has_records => Ok(None),
                (Some(SEALED), Some(header)) if has_records => Ok(Some(header)),
                _ => Err(StorageOpenProblem::Corrupt),
            }
        }
        Err(redb::TableError::TableDoesNotExist(_)) if tables.next().is_none() => {
            mark(database)?;
            Ok(None)
        }
        Err(redb::TableError::Storage(error)) => Err(redb::Error::from(error).into()),
        Err(_) => Err(StorageOpenProblem::NotOurs),
    }
}

/// The header of a sealed file, or None.
fn header(transaction: &ReadTransaction) -> Result<Option<Vec<u8>>, redb::Error> {
    match transaction.open_table(META) {
        Ok(table) => Ok(table.get(HEADER)?.map(|value| value.value().to_vec())),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn mark(database: &Database) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    describe(&transaction, None)?;
    transaction.open_table(RECORDS)?;
    transaction.commit()?;
    Ok(())
}

/// Marks a database as ours, and says how its values are sealed.
fn describe(transaction: &WriteTransaction, header: Option<&[u8]>) -> Result<(), redb::Error> {
    let format = match header {
        Some(header) => {
            transaction.open_table(META)?.insert(HEADER, header)?;
            SEALED
        }
        None => PLAIN,
    };
    transaction.open_table(BRASSKEY)?.insert(FORMAT_KEY, format)?;
    Ok(())
}

fn refusal(error: impl Into<redb::Error>) -> StorageError {
    match error.into() {
        redb::Error::Io(error) if is_full(&error) => StorageError::Full,
        _ => StorageError::Failed,
    }
}
