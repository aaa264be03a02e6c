//! `brasskey blobs`: the pieces of data that a key keeps beside its passkeys.

use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;

use super::confirm::confirm;
use super::credentials::find::{Found, find};
use super::credentials::{describe, described, short, shown_digits};
use super::failure::Failure;
use super::layout::{columns, count, hex};
use super::output::{BOLD, Output};
use super::pin_entry::{Interaction, KeyArgs};
use crate::client;
use crate::client::credentials::{Manager, StoredRelyingParty, large_blob_keys};
use crate::client::ctap2::{LargeBlobKey, Permissions};
use crate::client::large_blobs::LargeBlobArray;
use crate::text::escape;

/// `brasskey blobs`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the passkeys that can have a large blob, and the size of each blob
    List(KeyArgs),
    /// Print the large blob of a passkey
    Get(GetArgs),
    /// Store a file as the large blob of a passkey, in place of the old one
    Set(SetArgs),
    /// Delete the large blob of a passkey
    Delete(DeleteArgs),
    /// Delete the large blobs whose passkeys are gone: nobody can read them
    Prune(PruneArgs),
}

#[derive(Debug, Args)]
pub(super) struct GetArgs {
    /// The passkey: the beginning of its ID
    credential: String,
    /// Write the blob to this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// The passkey: the beginning of its ID
    credential: String,
    /// The file; - is stdin
    file: PathBuf,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The passkey: the beginning of its ID
    credential: String,
    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    key: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct PruneArgs {
    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    key: KeyArgs,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::List(args) => list(args, output),
        Command::Get(args) => get(args, output),
        Command::Set(args) => set(args, output),
        Command::Delete(args) => delete(args, output),
        Command::Prune(args) => prune(args, output),
    }
}

fn list(args: &KeyArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.open(output)?;
    let capacity = opened.key.info().and_then(|info| info.max_serialized_large_blob_array);
    // Before the PIN is asked for: a key without large blobs needs none.
    let array = opened.key.large_blobs(&mut interaction)?;
    let stored = opened
        .key
        .manage_credentials(None, &mut interaction)?
        .list(&mut interaction)?;
    let blobs = with_keys(&stored)
        .map(|(found, key)| Ok((found, array.get(key)?.map(|data| data.len() as u64))))
        .collect::<Result<Vec<_>, client::Error>>()?;
    let orphans = array.orphans(&large_blob_keys(&stored));
    let used = array.serialize().len() as u64;
    let value = json!({
        "device": opened.label,
        "used": used,
        "capacity": capacity,
        "entries": array.len(),
        "blobs": blobs
            .iter()
            .map(|(found, size)| json!({ "credential": described(found), "size": size }))
            .collect::<Vec<_>>(),
        "orphans": orphans,
    });
    let shown = shown_digits(&stored);
    output.result(&value, |to| {
        let of = capacity.map_or_else(String::new, |capacity| format!(" of {capacity}"));
        writeln!(to, "{BOLD}{}{BOLD:#}: {used}{of} bytes used", opened.label)?;
        let rows = blobs.iter().map(|(found, size)| {
            let size = size.map_or_else(|| "none".to_owned(), |size| count(size, "byte"));
            [
                format!("  {}", short(&found.credential.id, shown)),
                size,
                describe(found),
            ]
        });
        let table = columns(rows);
        if !blobs.is_empty() {
            writeln!(to, "{}", table.trim_fmt())?;
        }
        match orphans.len() as u64 {
            0 => Ok(()),
            others => writeln!(
                to,
                "{} without a passkey on this key: `brasskey blobs prune` deletes what nobody can read.",
                count(others, "more blob")
            ),
        }
    })
}

fn get(args: &GetArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.key.open(output)?;
    let mut manager = opened.key.manage_credentials(None, &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let (found, key) = with_key(&stored, &args.credential)?;
    let data = manager
        .parts()
        .0
        .large_blobs(&mut interaction)?
        .get(key)?
        .ok_or_else(nothing)?;
    if let Some(path) = &args.out {
        fs::write(path, &data).map_err(|source| Failure::System {
            what: format!("cannot write {}", path.display()),
            source,
        })?;
    }
    let value =
        json!({ "device": opened.label, "credential": described(&found), "data": hex(&data), "file": args.out });
    output.verbatim(&value, |to| match &args.out {
        Some(path) => writeln!(
            to,
            "Wrote {} to {}.",
            count(data.len() as u64, "byte"),
            escape(&path.display().to_string())
        ),
        None => show(&data, to),
    })
}

/// Writes the data unchanged for a program; on a terminal, as escaped text or in hexadecimal.
fn show(data: &[u8], to: &mut dyn Write) -> io::Result<()> {
    if !io::stdout().is_terminal() {
        return to.write_all(data);
    }
    match str::from_utf8(data) {
        Ok(text) => text.lines().try_for_each(|line| writeln!(to, "{}", escape(line))),
        Err(_) => writeln!(to, "{}", hex(data)),
    }
}

fn set(args: &SetArgs, output: &Output) -> Result<(), Failure> {
    let data = read(&args.file).map_err(|source| Failure::System {
        what: format!("cannot read {}", args.file.display()),
        source,
    })?;
    let (mut opened, mut interaction) = args.key.open(output)?;
    let mut manager = opened
        .key
        .manage_credentials(Some(Permissions::LARGE_BLOB_WRITE), &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let (found, key) = with_key(&stored, &args.credential)?;
    let mut array = manager.parts().0.large_blobs(&mut interaction)?;
    array.set(key, &data)?;
    match write(&mut manager, &array, &mut interaction) {
        Err(Failure::Key(client::Error::NoRoom { .. })) => {
            // The blobs of passkeys that are gone make room.
            let keys = large_blob_keys(&stored);
            let orphans = array.orphans(&keys).len() as u64;
            array.retain(&keys);
            write(&mut manager, &array, &mut interaction)?;
            output.notice(&format!(
                "deleted {} to make room",
                count(orphans, "blob without a passkey")
            ));
        }
        result => result?,
    }
    let size = data.len() as u64;
    let value = json!({ "device": opened.label, "credential": described(&found), "size": size });
    output.result(&value, |to| {
        writeln!(to, "Stored {} for {}.", count(size, "byte"), describe(&found))
    })
}

fn delete(args: &DeleteArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.key.open(output)?;
    let mut manager = opened
        .key
        .manage_credentials(Some(Permissions::LARGE_BLOB_WRITE), &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let (found, key) = with_key(&stored, &args.credential)?;
    let mut array = manager.parts().0.large_blobs(&mut interaction)?;
    if !array.remove(key) {
        return Err(nothing());
    }
    confirm(
        &format!("delete the large blob of {}?", describe(&found)),
        "yes",
        args.yes,
    )?;
    write(&mut manager, &array, &mut interaction)?;
    let value = json!({ "device": opened.label, "deleted": described(&found) });
    output.result(&value, |to| {
        writeln!(to, "Deleted the large blob of {}.", describe(&found))
    })
}

fn prune(args: &PruneArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.key.open(output)?;
    let mut manager = opened
        .key
        .manage_credentials(Some(Permissions::LARGE_BLOB_WRITE), &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let mut array = manager.parts().0.large_blobs(&mut interaction)?;
    let keys = large_blob_keys(&stored);
    let orphans = array.orphans(&keys);
    let (number, bytes) = (orphans.len() as u64, orphans.iter().sum::<usize>() as u64);
    if number > 0 {
        confirm(
            &format!("delete {} without a passkey?", count(number, "blob")),
            "yes",
            args.yes,
        )?;
        array.retain(&keys);
        write(&mut manager, &array, &mut interaction)?;
    }
    let value = json!({ "device": opened.label, "deleted": number, "freed": bytes });
    output.result(&value, |to| match number {
        0 => writeln!(to, "Every blob belongs to a passkey on this key."),
        number => writeln!(
            to,
            "Deleted {}, and freed {}.",
            count(number, "blob"),
            count(bytes, "byte")
        ),
    })
}

fn write(manager: &mut Manager<'_>, array: &LargeBlobArray, interaction: &mut Interaction) -> Result<(), Failure> {
    let (key, token) = manager.parts();
    Ok(key.write_large_blobs(array, Some(token), interaction)?)
}

fn read(path: &PathBuf) -> io::Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return fs::read(path);
    }
    let mut data = Vec::new();
    io::stdin().lock().read_to_end(&mut data)?;
    Ok(data)
}

/// The passkeys that can have a large blob, with the key of theirs.
fn with_keys(stored: &[StoredRelyingParty]) -> impl Iterator<Item = (Found<'_>, &LargeBlobKey)> {
    stored.iter().flat_map(|relying_party| {
        relying_party.credentials.iter().filter_map(move |credential| {
            let found = Found {
                relying_party,
                credential,
            };
            Some((found, credential.large_blob_key.as_ref()?))
        })
    })
}

fn with_key<'a>(stored: &'a [StoredRelyingParty], digits: &str) -> Result<(Found<'a>, &'a LargeBlobKey), Failure> {
    let found = find(stored, digits)?;
    match &found.credential.large_blob_key {
        Some(key) => Ok((found, key)),
        None => Err(Failure::usage(
            "this passkey was made without a key for a large blob",
            "register again with `brasskey register --resident --large-blob`",
        )),
    }
}

fn nothing() -> Failure {
    Failure::usage(
        "this passkey has no large blob",
        "`brasskey blobs list` shows which have one",
    )
}
