//! `brasskey credentials`: the passkeys that a key keeps.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::confirm::confirm;
use super::failure::Failure;
use super::layout::{columns, hex};
use super::output::{BOLD, DIM, Output};
use super::pin_entry::KeyArgs;
use crate::client::credentials::{BlobDeletion, StoredRelyingParty};
use crate::client::ctap2::Permissions;
use crate::webauthn::{UserEntity, truncated};
use find::{Found, find};

pub(super) mod find;
mod show;

/// `brasskey credentials`.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// List the passkeys
    List(KeyArgs),
    /// Show everything about one passkey
    Show(OneArgs),
    /// Change the user's name in a passkey
    Rename(RenameArgs),
    /// Delete a passkey, and its large blob with it
    Delete(DeleteArgs),
}

#[derive(Debug, Args)]
pub(super) struct OneArgs {
    /// The passkey: its ID as `credentials list` shows it, or the first digits, if no other passkey has the same
    credential: String,
    #[command(flatten)]
    on: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct RenameArgs {
    /// The passkey: the beginning of its ID
    credential: String,
    /// The account's new name, such as alice@example.com; empty removes it
    #[arg(long, value_name = "NAME", required_unless_present = "display_name")]
    name: Option<String>,
    /// The person's new name, such as Alice Liddell; empty removes it
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    #[command(flatten)]
    on: KeyArgs,
}

#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// The passkey: the beginning of its ID
    credential: String,
    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    on: KeyArgs,
}

pub(super) fn run(command: &Command, output: &Output) -> Result<(), Failure> {
    match command {
        Command::List(args) => list(args, output),
        Command::Show(args) => show(args, output),
        Command::Rename(args) => rename(args, output),
        Command::Delete(args) => delete(args, output),
    }
}

fn list(args: &KeyArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.open(output)?;
    let mut manager = opened.key.manage_credentials(None, &mut interaction)?;
    let metadata = manager.metadata(&mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let value = json!({
        "device": opened.label,
        "existing": metadata.existing,
        "remaining": metadata.remaining,
        "relyingParties": stored.iter().map(relying_party).collect::<Vec<_>>(),
    });
    let shown = shown_digits(&stored);
    output.result(&value, |to| {
        let (label, existing, remaining) = (&opened.label, metadata.existing, metadata.remaining);
        let noun = if existing == 1 { "passkey" } else { "passkeys" };
        writeln!(
            to,
            "{BOLD}{label}{BOLD:#}: {existing} {noun}, and room for about {remaining} more"
        )?;
        for relying_party in &stored {
            writeln!(to, "\n{BOLD}{}{BOLD:#}", show::name(relying_party))?;
            let rows = relying_party
                .credentials
                .iter()
                .map(|credential| show::row(credential, shown));
            writeln!(to, "{}", columns(rows).trim_fmt())?;
        }
        Ok(())
    })
}

fn relying_party(stored: &StoredRelyingParty) -> Value {
    json!({
        "rpId": stored.rp.as_ref().map(|rp| &rp.id),
        "rpIdHash": hex(&stored.rp_id_hash),
        "credentials": stored.credentials.iter().map(show::value).collect::<Vec<_>>(),
    })
}

fn show(args: &OneArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.on.open(output)?;
    let mut manager = opened.key.manage_credentials(None, &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let Found {
        relying_party,
        credential,
    } = find(&stored, &args.credential)?;
    let mut value = show::value(credential);
    value["device"] = opened.label.as_str().into();
    value["rpId"] = json!(relying_party.rp.as_ref().map(|rp| &rp.id));
    value["rpIdHash"] = hex(&relying_party.rp_id_hash).into();
    output.result(&value, |to| {
        let rows = show::rows(relying_party, credential);
        writeln!(to, "{}", columns(rows).trim_fmt())
    })
}

fn rename(args: &RenameArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.on.open(output)?;
    let mut manager = opened.key.manage_credentials(None, &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let Found { credential, .. } = find(&stored, &args.credential)?;
    let user = credential.user.as_ref().ok_or_else(|| {
        Failure::Verification("the key does not say whose passkey this is, so it cannot be renamed".to_owned())
    })?;
    let new = |given: &Option<String>, old: &Option<String>| match given {
        Some(name) => Some(truncated(name).to_owned()).filter(|name| !name.is_empty()),
        None => old.clone(),
    };
    let user = UserEntity {
        id: user.id.clone(),
        name: new(&args.name, &user.name),
        display_name: new(&args.display_name, &user.display_name),
    };
    manager.update(credential.id.clone(), user.clone(), &mut interaction)?;
    let value = json!({
        "device": opened.label,
        "id": hex(&credential.id),
        "user": show::user(&user),
    });
    output.result(&value, |to| {
        writeln!(to, "Renamed to {}.", show::user_name(Some(&user)))
    })
}

fn delete(args: &DeleteArgs, output: &Output) -> Result<(), Failure> {
    let (mut opened, mut interaction) = args.on.open(output)?;
    // A passkey's large blob is useless without the passkey, and would fill the key.
    let info = opened.key.ctap2_info()?;
    let blobs = info.has("largeBlobs").then_some(Permissions::LARGE_BLOB_WRITE);
    let mut manager = opened.key.manage_credentials(blobs, &mut interaction)?;
    let stored = manager.list(&mut interaction)?;
    let Found {
        relying_party,
        credential,
    } = find(&stored, &args.credential)?;
    let whose = format!(
        "the passkey of {} for {}",
        show::user_name(credential.user.as_ref()),
        show::name(relying_party)
    );
    confirm(
        &format!("delete {whose}? You can no longer sign in with it"),
        "yes",
        args.yes,
    )?;
    let blob = manager.delete_with_blob(credential, &mut interaction)?;
    let is_deleted = match &blob {
        BlobDeletion::None => None,
        BlobDeletion::Deleted => Some(true),
        BlobDeletion::Failed(error) => {
            output.notice(&format!(
                "its large blob is still there: {error}; delete it with `brasskey blobs prune`"
            ));
            Some(false)
        }
    };
    let value = json!({
        "device": opened.label,
        "deleted": hex(&credential.id),
        "largeBlobDeleted": is_deleted,
    });
    output.result(&value, |to| {
        match is_deleted {
            Some(true) => writeln!(to, "Deleted {whose}, and its large blob.")?,
            _ => writeln!(to, "Deleted {whose}.")?,
        }
        writeln!(
            to,
            "{DIM}The website does not know: remove the key from the account there, too.{DIM:#}"
        )
    })
}

/// The user and the website of a passkey, in one line.
pub(super) fn describe(found: &Found<'_>) -> String {
    format!(
        "{} at {}",
        show::user_name(found.credential.user.as_ref()),
        show::name(found.relying_party)
    )
}

/// The same as [`describe`], as JSON.
pub(super) fn described(found: &Found<'_>) -> Value {
    json!({
        "id": hex(&found.credential.id),
        "rpId": found.relying_party.rp.as_ref().map(|rp| &rp.id),
        "user": found.credential.user.as_ref().map(show::user),
    })
}

/// How many digits of an ID tell all passkeys of a key apart: 16 or more.
pub(super) fn shown_digits(stored: &[StoredRelyingParty]) -> usize {
    const FEWEST: usize = 16;
    let credentials = stored.iter().flat_map(|relying_party| &relying_party.credentials);
    let mut ids: Vec<_> = credentials.map(|credential| hex(&credential.id)).collect();
    // After sorting, the IDs with the longest common beginnings are neighbours.
    ids.sort_unstable();
    let needed = ids.array_windows().map(|[one, next]| {
        let common = one.bytes().zip(next.bytes()).take_while(|(one, next)| one == next);
        common.count() + 1
    });
    needed.max().unwrap_or(0).max(FEWEST)
}

/// The first `digits` of an ID.
pub(super) fn short(id: &[u8], digits: usize) -> String {
    let mut text = hex(id);
    text.truncate(digits);
    text
}
