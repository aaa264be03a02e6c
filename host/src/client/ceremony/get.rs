//! `navigator.credentials.get()`: a relying party's request carried out on a key (WebAuthn Level 3 §5.1.4).

use sha2::{Digest as _, Sha256};

use super::error::CeremonyError;
use super::preflight::{first_held_u2f, held};
use super::verification::Verification;
use super::{MalformedAnswer, Protocol};
use crate::client::ctap2::{Assertion, Command as _, GetAssertion, GetNextAssertion, Options, Permissions, Status};
use crate::client::enumeration::Enumeration;
use crate::client::{Error, Key, PasskeyAccount, UserInteraction, u2f};
use crate::webauthn::{
    AssertionResponse, CeremonyType, ClientData, LargeBlobRequest, Origin, RequestExtensions, RequestOptions,
    Requirement,
};

mod extensions;

/// Signs in with a credential on `key` that `options` allow.
///
/// If the options list none, and the key has passkeys for several accounts, `user` chooses one of them
/// ([`UserInteraction::account`]).
///
/// If the options have an AppID, credentials are tried with the RP ID first, and then with the AppID (§10.1.1).
///
/// # Errors
/// [`CeremonyError`]. If the options are at fault, the key was asked for nothing.
pub fn get(
    key: &mut Key,
    options: &RequestOptions,
    origin: &Origin,
    protocol: Protocol,
    user: &mut dyn UserInteraction,
) -> Result<AssertionResponse, CeremonyError> {
    origin.check_rp_id(&options.rp_id)?;
    if let Some(app_id) = &options.app_id {
        origin.check_app_id(app_id)?;
    }
    let client_data = ClientData::new(CeremonyType::Get, options.challenge.bytes(), origin.as_str());
    let (response, faults) = key.recording(|key| match protocol {
        Protocol::Ctap2 => get_ctap2(key, options, client_data, user),
        Protocol::U2f => get_u2f(key, options, client_data, user),
    });
    Ok(AssertionResponse { faults, ..response? })
}

fn get_ctap2(
    key: &mut Key,
    options: &RequestOptions,
    client_data: ClientData,
    user: &mut dyn UserInteraction,
) -> Result<AssertionResponse, CeremonyError> {
    let info = key.ctap2_info()?;
    let insists = info.has("alwaysUv");
    let writes = matches!(options.extensions.large_blob, Some(LargeBlobRequest::Write(_)));
    if writes && options.allow.len() != 1 {
        return Err(CeremonyError::Options(
            "a large blob is written for one credential, and the allow list must name it alone",
        ));
    }
    let permissions = match writes {
        true => Permissions::GET_ASSERTION.and(Permissions::LARGE_BLOB_WRITE),
        false => Permissions::GET_ASSERTION,
    };
    // A key with a PIN lets nobody write without it.
    let insists = insists || writes && (info.has("clientPin") || info.has("uv"));
    extensions::check(info, &options.extensions)?;
    let verify = |key: &mut Key, scope: &str, user: &mut dyn UserInteraction| {
        Verification::of(key, options.user_verification, insists, permissions, scope, user)
    };
    let verification = verify(key, &options.rp_id, user)?;
    let scopes = [Some(&options.rp_id), options.app_id.as_ref()];
    for (scope, app_id_used) in scopes.into_iter().flatten().zip([false, true]) {
        // The AppID is for listed credentials only: there were no discoverable ones under U2F.
        if app_id_used && options.allow.is_empty() {
            break;
        }
        let asked = if app_id_used {
            &Verification::None
        } else {
            &verification
        };
        let lists = match options.allow.is_empty() {
            true => vec![Vec::new()],
            false => held(key, scope, &options.allow, asked, user)?.lists(),
        };
        if lists.is_empty() {
            continue;
        }
        // A token is for one scope.
        let for_app_id = app_id_used.then(|| verify(key, scope, user)).transpose()?;
        let verification = for_app_id.as_ref().unwrap_or(&verification);
        for list in lists {
            // Where one credential is left, its own values count.
            let only = match list.as_slice() {
                [only] => Some(only.id.as_slice()),
                _ => None,
            };
            let values = options.extensions.prf_values(only);
            let inputs = extensions::prepare(key, &options.extensions, values, user)?;
            let request = GetAssertion {
                extensions: inputs.members.clone(),
                options: Options {
                    rk: None,
                    up: None,
                    uv: verification.option(),
                },
                pin_uv_auth: verification.authorize(&client_data.hash),
                ..GetAssertion::new(scope.clone(), client_data.hash, list.clone())
            };
            let mut answer = match key.send(&request, user) {
                Ok(answer) => answer,
                Err(Error::Status {
                    status: Status::NoCredentials,
                    ..
                }) => continue,
                Err(error) => return Err(error.into()),
            };
            match list.as_slice() {
                [] => answer = chosen(key, answer, user)?,
                // A key may leave the credential out if the list had only this one.
                [only] => answer.credential = answer.credential.or_else(|| Some(only.clone())),
                _ => {}
            }
            let token = verification.token();
            let outputs = extensions::outputs(&inputs, &options.extensions, values, &answer, key, token, user)?;
            return Ok(AssertionResponse {
                extensions: outputs,
                ..respond(answer, client_data, options, app_id_used)?
            });
        }
    }
    Err(CeremonyError::NoCredentials)
}

/// The assertion of the chosen account (CTAP 2.3 §6.3): `first`, or one of those that follow it.
fn chosen(key: &mut Key, first: Assertion, user: &mut dyn UserInteraction) -> Result<Assertion, CeremonyError> {
    let mut enumeration = Enumeration::begin(GetNextAssertion::NAME, key);
    let total = enumeration.total(first.number_of_credentials, "numberOfCredentials")?;
    if total <= 1 {
        return Ok(first);
    }
    // A key forgets its list after half a minute, or when it gets another command. So all assertions are fetched before
    // the user is asked.
    let (mut answers, mut accounts) = (Vec::new(), Vec::new());
    let mut answer = first;
    loop {
        let credential = answer.credential.as_ref().ok_or(MalformedAnswer::CredentialMissing)?;
        enumeration.entry(&credential.id, "credential", key)?;
        accounts.push(PasskeyAccount {
            credential_id: credential.id.clone(),
            user: answer.user.clone(),
        });
        answers.push(answer);
        if answers.len() >= total {
            break;
        }
        answer = key.send(&GetNextAssertion, user)?;
    }
    match user.account(&accounts)? {
        Some(index) if index < answers.len() => Ok(answers.swap_remove(index)),
        _ => Err(CeremonyError::NoCredentials),
    }
}

fn respond(
    answer: Assertion,
    client_data: ClientData,
    options: &RequestOptions,
    app_id_used: bool,
) -> Result<AssertionResponse, CeremonyError> {
    let response = AssertionResponse::from_ctap2(
        client_data.json,
        answer.credential.map(|credential| credential.id),
        &options.allow,
        answer.auth_data,
        answer.signature,
        answer.user.map(|user| user.id),
    )?;
    Ok(AssertionResponse {
        app_id_used,
        ..response
    })
}

/// CTAP 2.3 §10.3: sign-in over U2F.
fn get_u2f(
    key: &mut Key,
    options: &RequestOptions,
    client_data: ClientData,
    user: &mut dyn UserInteraction,
) -> Result<AssertionResponse, CeremonyError> {
    if !key.speaks_u2f() {
        return Err(CeremonyError::without_u2f(key));
    }
    if options.user_verification == Requirement::Required {
        return Err(CeremonyError::Unsupported("user verification over U2F"));
    }
    if options.extensions != RequestExtensions::default() {
        return Err(CeremonyError::Unsupported("extensions over U2F"));
    }
    let scopes = [Some(&options.rp_id), options.app_id.as_ref()];
    for (scope, app_id_used) in scopes.into_iter().flatten().zip([false, true]) {
        let application = Sha256::digest(scope).into();
        let Some(key_handle) = first_held_u2f(key, &application, &options.allow)? else {
            continue;
        };
        let authentication = u2f::with_touch(key.channel(), user, |channel| {
            u2f::authenticate(
                channel,
                u2f::Control::Enforce,
                &client_data.hash,
                &application,
                &key_handle,
            )
        })?;
        return Ok(AssertionResponse::from_u2f(
            client_data.json,
            key_handle,
            &application,
            app_id_used,
            &authentication,
        ));
    }
    Err(CeremonyError::NoCredentials)
}

#[cfg(test)]
mod tests;
