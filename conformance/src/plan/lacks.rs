//! What a key lacks, in words.

use crate::key::Need;

/// Why a check is not for a key that lacks this.
pub(super) fn without(need: Need) -> String {
    let what = match need {
        Need::NoEnterprise => return "it is for keys without enterprise attestation".to_owned(),
        Need::NoBuiltInUv => return "it is for keys without built-in user verification".to_owned(),
        Need::NoBio => return "it is for keys without fingerprints".to_owned(),
        Need::MakeCredUvNotRqd => return "the key wants the PIN for each registration".to_owned(),
        Need::Card => return "it is for smart cards".to_owned(),
        Need::RealTime => "time of its own",
        Need::Clock => "clock that can be moved",
        Need::Decline => "user who can say no",
        Need::ManyTouches => "hand that touches it two hundred times",
        Need::StoreState => "encIdentifier and encCredStoreState in getInfo",
        Need::Fido21 => "version FIDO_2_1 or later",
        Need::BuiltInUv => "user verification of its own that is set up",
        Need::Enterprise => "option ep with authenticatorConfig",
        Need::EveryAlgorithm => "room for every algorithm",
        Need::Certificates => "attestation certificate of ours",
        Need::Oath => "one-time codes over CTAPHID",
        Need::LittleRoom => "room for three passkeys and no more",
        Need::U2f => "U2F",
        Need::Ctap2 => "CTAP2",
        Need::Rk => "option rk",
        Need::Pin => "option clientPin",
        Need::ProtocolOne => "PIN/UV auth protocol one",
        Need::ProtocolTwo => "PIN/UV auth protocol two",
        Need::Tokens => "token with permissions for a PIN",
        Need::CredMgmt => "option credMgmt",
        Need::Pcmr => "option perCredMgmtRO",
        Need::LargeBlobs => "option largeBlobs",
        Need::Config => "option authnrCfg",
        Need::CredProtect => "extension credProtect",
        Need::EdDsa => "EdDSA",
        Need::Wink => "CTAPHID_WINK",
        Need::Lock => "CTAPHID_LOCK",
        Need::NoneFormat => "attestation format none",
        Need::CredBlob => "extension credBlob",
        Need::LargeBlobKey => "extension largeBlobKey",
        Need::MinPinLength => "extension minPinLength",
        Need::PinComplexityPolicy => "extension pinComplexityPolicy without a policy in force",
        Need::ThirdPartyPayment => "extension thirdPartyPayment",
        Need::HmacSecret => "extension hmac-secret",
        Need::HmacSecretMc => "extension hmac-secret-mc",
        Need::AlwaysUv => "option alwaysUv that can be turned on",
        Need::SetMinPinLength => "option setMinPINLength",
        Need::LongTouch => "long touch for reset",
    };
    format!("the key has no {what}")
}
