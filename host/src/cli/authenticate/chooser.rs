//! Asks the user whose passkey signs in, where a key has several for a website.

use brasskey_protocol::ctaphid::KeepaliveStatus;

use super::super::confirm::choose;
use super::super::failure::Failure;
use super::super::pin_entry::Interaction;
use super::super::website::Website;
use crate::client::{Error, PasskeyAccount, Pin, PinRequest, UserInteraction, Watch};
use crate::relying_party::registrations::Account;
use crate::text::escape;

/// Attends to the key as [`Interaction`] does, and has the user choose an account.
pub(super) struct Chooser<'a> {
    interaction: &'a mut Interaction,
    /// Accounts of the website that may be meant. Passkeys of others are passed over.
    candidates: &'a [&'a Account],
    website: &'a Website,
    /// Why none was chosen.
    pub(super) failure: Option<Failure>,
}

impl<'a> Chooser<'a> {
    pub(super) fn new(interaction: &'a mut Interaction, candidates: &'a [&'a Account], website: &'a Website) -> Self {
        Self {
            interaction,
            candidates,
            website,
            failure: None,
        }
    }

    /// Whether the key got the PIN.
    pub(super) fn gave_pin(&self) -> bool {
        self.interaction.gave_pin
    }
}

impl Watch for Chooser<'_> {
    fn keepalive(&mut self, status: KeepaliveStatus) {
        self.interaction.keepalive(status);
    }

    fn is_cancelled(&self) -> bool {
        self.interaction.is_cancelled()
    }
}

impl UserInteraction for Chooser<'_> {
    fn pin(&mut self, request: &PinRequest) -> Result<Pin, Error> {
        self.interaction.pin(request)
    }

    fn can_try_again(&self) -> bool {
        self.interaction.can_try_again()
    }

    fn account(&mut self, accounts: &[PasskeyAccount]) -> Result<Option<usize>, Error> {
        let known: Vec<(usize, &Account)> = accounts
            .iter()
            .enumerate()
            .filter_map(|(index, account)| {
                let is_its = |candidate: &&&Account| candidate.registration(&account.credential_id).is_some();
                Some((index, *self.candidates.iter().find(is_its)?))
            })
            .collect();
        match known.as_slice() {
            [] => Ok(None),
            [(index, _)] => Ok(Some(*index)),
            known => {
                let names: Vec<_> = known
                    .iter()
                    .map(|(_, account)| escape(&self.website.name(account)).into_owned())
                    .collect();
                let flag = match self.website.aws {
                    Some(_) => "--account and --user or --root",
                    None => "--user",
                };
                let chosen = choose("this security key has passkeys of several users", &names, flag);
                match chosen {
                    Ok(chosen) => Ok(known.get(chosen).map(|(index, _)| *index)),
                    Err(failure) => {
                        self.failure = Some(failure);
                        Err(Error::Cancelled)
                    }
                }
            }
        }
    }
}
