//! `navigator.credentials.create()`: a relying party's options carried out on a key (WebAuthn Level 3 §5.1.3).

use sha2::{Digest as _, Sha256};

use super::Protocol;
use super::error::CeremonyError;
use super::preflight::{Held, first_held_u2f, held};
use super::verification::{Verification, insists_at_registration};
use crate::client::ctap2::{MakeCredential, Options, Permissions, PublicKeyCredentialParameters};
use crate::client::{Key, UserInteraction, u2f};
use crate::webauthn::json::Attachment;
use crate::webauthn::{
    AttestationConveyancePreference, AttestationResponse, CeremonyType, ClientData, CreationExtensions,
    CreationOptions, ExtensionOutputs, Origin, RelyingPartyEntity, Requirement, UserEntity, truncated,
};

mod extensions;

/// The only algorithm of U2F.
const ES256: i64 = -7;

/// Registers a new credential on `key` for the relying party that `options` name.
///
/// # Errors
/// [`CeremonyError`]. If the options are at fault, the key was asked for nothing.
pub fn create(
    key: &mut Key,
    options: &CreationOptions,
    origin: &Origin,
    protocol: Protocol,
    user: &mut dyn UserInteraction,
) -> Result<AttestationResponse, CeremonyError> {
    match &options.legacy_app_id {
        Some(app_id) => origin.check_app_id(app_id)?,
        None => origin.check_rp_id(&options.rp.id)?,
    }
    if let Some(app_id) = &options.app_id_exclude {
        origin.check_app_id(app_id)?;
    }
    if options.attachment == Some(Attachment::Platform) && !key.info().is_some_and(|info| info.has("plat")) {
        return Err(CeremonyError::Elsewhere(Attachment::Platform));
    }
    let client_data = ClientData::new(CeremonyType::Create, options.challenge.bytes(), origin.as_str());
    let (response, faults) = key.recording(|key| match protocol {
        Protocol::Ctap2 => create_ctap2(key, options, client_data, user),
        Protocol::U2f => create_u2f(key, options, client_data, user),
    });
    Ok(AttestationResponse { faults, ..response? })
}

fn create_ctap2(
    key: &mut Key,
    options: &CreationOptions,
    client_data: ClientData,
    user: &mut dyn UserInteraction,
) -> Result<AttestationResponse, CeremonyError> {
    let info = key.ctap2_info()?;
    let resident_key = match options.resident_key {
        Requirement::Required if !info.has("rk") => {
            return Err(CeremonyError::Unsupported("discoverable credentials"));
        }
        Requirement::Required => true,
        Requirement::Preferred => info.has("rk"),
        Requirement::Discouraged => false,
    };
    let transports = info.transports.clone().unwrap_or_else(|| vec!["usb".to_owned()]);
    let insists = insists_at_registration(info, resident_key);
    let inputs = extensions::prepare(key, &options.extensions, resident_key, user)?;
    // One token serves the registration and the questions before it.
    let verification = Verification::of(
        key,
        options.user_verification,
        insists,
        Permissions::MAKE_CREDENTIAL.and(Permissions::GET_ASSERTION),
        &options.rp.id,
        user,
    )?;
    // §10.1.2: credentials of U2F belong to the AppID. The website learns nothing before the user has touched the key.
    if let Some(app_id) = &options.app_id_exclude
        && let Held::One(_) = held(key, app_id, &options.exclude, &Verification::None, user)?
    {
        key.touch(user)?;
        return Err(CeremonyError::Excluded);
    }
    // A list may be too long for the key. Only the credentials that the key holds, or may hold, have to be in it.
    let held = held(key, &options.rp.id, &options.exclude, &verification, user)?;
    let exclude_list = held.lists().into_iter().next().unwrap_or_default();

    let request = MakeCredential {
        exclude_list,
        options: Options {
            rk: resident_key.then_some(true),
            up: None,
            uv: verification.option(),
        },
        extensions: inputs.members.clone(),
        pin_uv_auth: verification.authorize(&client_data.hash),
        attestation_formats_preference: match options.attestation {
            AttestationConveyancePreference::None => vec!["none".to_owned()],
            AttestationConveyancePreference::Direct => Vec::new(),
        },
        ..MakeCredential::new(
            client_data.hash,
            RelyingPartyEntity {
                id: options.rp.id.clone(),
                name: shortened(options.rp.name.as_deref()),
            },
            UserEntity {
                id: options.user.id.clone(),
                name: shortened(options.user.name.as_deref()),
                display_name: shortened(options.user.display_name.as_deref()),
            },
            options
                .algorithms
                .iter()
                .copied()
                .map(PublicKeyCredentialParameters::public_key)
                .collect(),
        )
    };
    let answer = key.send(&request, user)?;
    let response = AttestationResponse::from_ctap2(
        client_data.json,
        &answer.fmt,
        &answer.auth_data,
        &answer.att_stmt,
        options.attestation,
        transports,
    )?;
    Ok(AttestationResponse {
        extensions: extensions::outputs(&inputs, &options.extensions, resident_key, &answer),
        ..response
    })
}

/// A name as the key gets it.
fn shortened(name: Option<&str>) -> Option<String> {
    name.map(|name| truncated(name).to_owned())
}

/// CTAP 2.3 §10.2: registration over U2F.
fn create_u2f(
    key: &mut Key,
    options: &CreationOptions,
    client_data: ClientData,
    user: &mut dyn UserInteraction,
) -> Result<AttestationResponse, CeremonyError> {
    if !key.speaks_u2f() {
        return Err(CeremonyError::without_u2f(key));
    }
    if !options.algorithms.contains(&ES256) {
        return Err(CeremonyError::Unsupported(
            "any of the algorithms over U2F, which knows ES256 alone",
        ));
    }
    if options.user_verification == Requirement::Required {
        return Err(CeremonyError::Unsupported("user verification over U2F"));
    }
    if options.resident_key == Requirement::Required {
        return Err(CeremonyError::Unsupported("discoverable credentials over U2F"));
    }
    // No extension of the key's: `credProps` is the client's.
    let of_the_key = CreationExtensions {
        cred_props: false,
        ..options.extensions.clone()
    };
    if of_the_key != CreationExtensions::default() {
        return Err(CeremonyError::Unsupported("extensions over U2F"));
    }
    let application = Sha256::digest(options.scope()).into();
    let mut excluded = false;
    for scope in [Some(&options.rp.id), options.app_id_exclude.as_ref()]
        .into_iter()
        .flatten()
    {
        let application = Sha256::digest(scope).into();
        excluded |= first_held_u2f(key, &application, &options.exclude)?.is_some();
    }
    if excluded {
        // The website does not learn that the key is registered before the user has touched it.
        key.touch(user)?;
        return Err(CeremonyError::Excluded);
    }
    let channel = key.channel();
    let registration = u2f::with_touch(channel, user, |channel| {
        u2f::register(channel, &client_data.hash, &application)
    })?;
    let response = AttestationResponse::from_u2f(
        client_data.json,
        &application,
        &registration,
        options.attestation,
        vec!["usb".to_owned()],
    )?;
    Ok(AttestationResponse {
        extensions: ExtensionOutputs {
            cred_props: options.extensions.cred_props.then_some(false),
            ..ExtensionOutputs::default()
        },
        ..response
    })
}
