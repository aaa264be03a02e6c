//! What a broken key does, in words.

use std::fmt;

use brasskey_conformance::host::ctap2::status;
use brasskey_conformance::host::u2f::word;
use brasskey_conformance::host::{command, error};

use super::defect::{Act, Defect, When, ctap2};
use super::path::Path;

/// Names of the members of a map, by their numbers.
type Names = &'static [(u8, &'static str)];

/// A CTAP2 command: its code, its name, its subcommands, the members of its request and of its answer.
struct Command(u8, &'static str, Names, Names, Names);

const COMMANDS: &[Command] = &[
    Command(0x01, "makeCredential", &[], MAKE_CREDENTIAL, MADE),
    Command(0x02, "getAssertion", &[], GET_ASSERTION, ASSERTION),
    Command(0x04, "getInfo", &[], &[], INFO),
    Command(0x06, "clientPIN", CLIENT_PIN_SUB, CLIENT_PIN, CLIENT_PIN_ANSWER),
    Command(0x07, "reset", &[], &[], &[]),
    Command(0x08, "getNextAssertion", &[], &[], ASSERTION),
    Command(0x0A, "credentialManagement", MANAGE_SUB, MANAGE, MANAGE_ANSWER),
    Command(0x0B, "selection", &[], &[], &[]),
    Command(0x0C, "largeBlobs", &[], LARGE_BLOBS, &[(1, "config")]),
    Command(0x0D, "config", CONFIG_SUB, CONFIG, &[]),
    Command(
        0x41,
        "credentialManagement (preview)",
        MANAGE_SUB,
        MANAGE,
        MANAGE_ANSWER,
    ),
];

const MAKE_CREDENTIAL: Names = &[
    (1, "clientDataHash"),
    (2, "rp"),
    (3, "user"),
    (4, "pubKeyCredParams"),
    (5, "excludeList"),
    (6, "extensions"),
    (7, "options"),
    (8, "pinUvAuthParam"),
    (9, "pinUvAuthProtocol"),
    (10, "enterpriseAttestation"),
    (11, "attestationFormatsPreference"),
];
const MADE: Names = &[(1, "fmt"), (2, "authData"), (3, "attStmt"), (5, "largeBlobKey")];
const GET_ASSERTION: Names = &[
    (1, "rpId"),
    (2, "clientDataHash"),
    (3, "allowList"),
    (4, "extensions"),
    (5, "options"),
    (6, "pinUvAuthParam"),
    (7, "pinUvAuthProtocol"),
];
const ASSERTION: Names = &[
    (1, "credential"),
    (2, "authData"),
    (3, "signature"),
    (4, "user"),
    (5, "numberOfCredentials"),
    (7, "largeBlobKey"),
];
const INFO: Names = &[
    (1, "versions"),
    (2, "extensions"),
    (3, "aaguid"),
    (4, "options"),
    (5, "maxMsgSize"),
    (6, "pinUvAuthProtocols"),
    (7, "maxCredentialCountInList"),
    (8, "maxCredentialIdLength"),
    (9, "transports"),
    (10, "algorithms"),
    (11, "maxSerializedLargeBlobArray"),
    (12, "forcePINChange"),
    (13, "minPINLength"),
    (14, "firmwareVersion"),
    (15, "maxCredBlobLength"),
    (16, "maxRPIDsForSetMinPINLength"),
    (20, "remainingDiscoverableCredentials"),
    (22, "attestationFormats"),
    (24, "longTouchForReset"),
    (25, "encIdentifier"),
    (27, "pinComplexityPolicy"),
    (29, "maxPINLength"),
    (30, "encCredStoreState"),
    (31, "authenticatorConfigCommands"),
];
const CLIENT_PIN_SUB: Names = &[
    (1, "getPINRetries"),
    (2, "getKeyAgreement"),
    (3, "setPIN"),
    (4, "changePIN"),
    (5, "getPinToken"),
    (6, "getPinUvAuthTokenUsingUvWithPermissions"),
    (7, "getUVRetries"),
    (9, "getPinUvAuthTokenUsingPinWithPermissions"),
];
const CLIENT_PIN: Names = &[
    (1, "pinUvAuthProtocol"),
    (2, "subCommand"),
    (3, "keyAgreement"),
    (4, "pinUvAuthParam"),
    (5, "newPinEnc"),
    (6, "pinHashEnc"),
    (9, "permissions"),
    (10, "rpId"),
];
const CLIENT_PIN_ANSWER: Names = &[
    (1, "keyAgreement"),
    (2, "pinUvAuthToken"),
    (3, "pinRetries"),
    (4, "powerCycleState"),
];
const MANAGE_SUB: Names = &[
    (1, "getCredsMetadata"),
    (2, "enumerateRPsBegin"),
    (3, "enumerateRPsGetNextRP"),
    (4, "enumerateCredentialsBegin"),
    (5, "enumerateCredentialsGetNextCredential"),
    (6, "deleteCredential"),
    (7, "updateUserInformation"),
];
const MANAGE: Names = &[
    (1, "subCommand"),
    (2, "subCommandParams"),
    (3, "pinUvAuthProtocol"),
    (4, "pinUvAuthParam"),
];
const MANAGE_ANSWER: Names = &[
    (1, "existingResidentCredentialsCount"),
    (2, "maxPossibleRemainingResidentCredentialsCount"),
    (3, "rp"),
    (4, "rpIDHash"),
    (5, "totalRPs"),
    (6, "user"),
    (7, "credentialID"),
    (8, "publicKey"),
    (9, "totalCredentials"),
    (10, "credProtect"),
    (11, "largeBlobKey"),
    (12, "thirdPartyPayment"),
];
const LARGE_BLOBS: Names = &[
    (1, "get"),
    (2, "set"),
    (3, "offset"),
    (4, "length"),
    (5, "pinUvAuthParam"),
    (6, "pinUvAuthProtocol"),
];
const CONFIG_SUB: Names = &[
    (1, "enableEnterpriseAttestation"),
    (2, "toggleAlwaysUv"),
    (3, "setMinPINLength"),
    (4, "enableLongTouchForReset"),
];
const CONFIG: Names = &[
    (1, "subCommand"),
    (2, "subCommandParams"),
    (3, "pinUvAuthProtocol"),
    (4, "pinUvAuthParam"),
];
const U2F: Names = &[(1, "REGISTER"), (2, "AUTHENTICATE"), (3, "VERSION")];
const OATH: Names = &[
    (0x01, "PUT"),
    (0x02, "DELETE"),
    (0x03, "SET CODE"),
    (0x04, "RESET"),
    (0x05, "RENAME"),
    (0xA1, "LIST"),
    (0xA2, "CALCULATE"),
    (0xA3, "VALIDATE"),
    (0xA4, "CALCULATE ALL"),
    (0xA5, "SEND REMAINING"),
];
const APDU: Names = &[
    (0x10, "NFCCTAP_MSG"),
    (0x11, "NFCCTAP_GETRESPONSE"),
    (0x12, "NFCCTAP_CONTROL"),
    (0xA4, "SELECT"),
    (0xC0, "GET RESPONSE"),
];
const HID: Names = &[
    (command::PING, "CTAPHID_PING"),
    (command::MSG, "CTAPHID_MSG"),
    (command::LOCK, "CTAPHID_LOCK"),
    (command::INIT, "CTAPHID_INIT"),
    (command::WINK, "CTAPHID_WINK"),
    (command::CBOR, "CTAPHID_CBOR"),
    (command::CANCEL, "CTAPHID_CANCEL"),
    (command::OATH, "the OATH applet"),
];

fn name(names: Names, number: u8) -> Option<&'static str> {
    names.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

fn named(names: Names, number: u8) -> String {
    name(names, number).map_or_else(|| format!("0x{number:02X}"), str::to_owned)
}

impl When {
    fn command(&self) -> Option<&'static Command> {
        let code = self.code.filter(|_| self.carrier == command::CBOR)?;
        COMMANDS.iter().find(|command| command.0 == code)
    }

    fn member(&self, path: Path, names: fn(&Command) -> Names) -> String {
        let (first, rest) = path.0.split_once('/').unwrap_or((path.0, ""));
        let names = self.command().map_or(&[][..], names);
        let number = first.parse().ok();
        let first = number.map_or_else(|| first.to_owned(), |number| named(names, number));
        let rest = if rest.is_empty() {
            String::new()
        } else {
            format!("/{rest}")
        };
        format!("`{first}{rest}`")
    }

    fn asked(&self, path: Path) -> String {
        self.member(path, |command| command.3)
    }

    fn answered_member(&self, path: Path) -> String {
        self.member(path, |command| command.4)
    }

    /// A status, a status word or an error, by name.
    fn answer(&self, answer: u16) -> String {
        let [high, low] = answer.to_be_bytes();
        match (high, self.carrier) {
            (0xBF, _) => format!("the error {}", error::name(low)),
            (_, command::CBOR) => status::named(low)[5..].to_owned(),
            _ => word::named(answer),
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.carrier, self.code, self.command()) {
            (command::CBOR, Some(_), Some(known)) => {
                f.write_str(known.1)?;
                if let Some(sub) = self.sub {
                    write!(f, " {}", named(known.2, sub))?;
                }
            }
            (command::CBOR, Some(code), None) => write!(f, "command 0x{code:02X}")?,
            (command::MSG, Some(code), _) => write!(f, "U2F {}", named(U2F, code))?,
            (command::OATH, Some(0xA4), _) if self.sub == Some(4) => return f.write_str("OATH SELECT"),
            (command::OATH, Some(code), _) => write!(f, "OATH {}", named(OATH, code))?,
            (command::APDU, Some(code), _) => write!(f, "card: {}", named(APDU, code))?,
            (carrier, ..) => f.write_str(&named(HID, carrier))?,
        }
        if let (command::MSG | command::OATH | command::APDU, Some(p1)) = (self.carrier, self.sub) {
            write!(f, " with P1 0x{p1:02X}")?;
        }
        if let Some(path) = self.with {
            write!(f, " with {}", self.asked(path))?;
        }
        if let Some(path) = self.without {
            write!(f, " without {}", self.asked(path))?;
        }
        Ok(())
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let when = &self.when;
        let is_of_reports = matches!(self.act, Act::Hears(..) | Act::Says(..));
        if !is_of_reports {
            write!(f, "{when}: ")?;
        }
        let is_told = matches!(self.act, Act::Answers(_));
        if let Some(answer) = when.answer.filter(|_| !is_told) {
            write!(f, "where it answers {}, ", when.answer(answer))?;
        }
        match self.act {
            Act::Ignores(path) => write!(f, "does not see {}", when.asked(path)),
            Act::Misreads(path) => write!(f, "misreads {}", when.asked(path)),
            Act::Sees(path, value) => write!(f, "sees {} as {}", when.asked(path), shown(value)),
            Act::SeesInstead(what, _) => write!(f, "takes it for {what}"),
            Act::Takes(what, _) | Act::Writes(what, _) | Act::Hears(what, _) | Act::Says(what, _) => f.write_str(what),
            Act::DoesNothing(answer) => write!(f, "answers {} and does nothing", when.answer(answer)),
            Act::IsSilent => f.write_str("says nothing"),
            Act::Answers(other) => match when.answer {
                Some(answer) => write!(f, "answers {} in place of {}", when.answer(other), when.answer(answer)),
                None => write!(f, "always answers {}", when.answer(other)),
            },
            Act::LeavesOut(path) => write!(f, "leaves {} out", when.answered_member(path)),
            Act::Alters(path) => write!(f, "answers another {}", when.answered_member(path)),
            Act::Tells(path, value) => write!(f, "answers {} as {}", when.answered_member(path), shown(value)),
            Act::Repeats => f.write_str("answers what it answered the first time"),
            Act::TouchesItself => f.write_str("does not wait for the user"),
            Act::CountsAHeldButton => f.write_str("takes a button that is held for a touch"),
            Act::AsksForATouch => f.write_str("says that it waits for a touch"),
            Act::DoesItAnyway => f.write_str("is done though the user declines, cancels or does not come"),
            Act::SignsFlags(set, 0) => write!(f, "signs with the flags 0x{set:02X} besides"),
            Act::SignsFlags(0, cleared) => write!(f, "signs without the flags 0x{cleared:02X}"),
            Act::SignsFlags(set, cleared) => write!(f, "signs with the flags 0x{set:02X} in place of 0x{cleared:02X}"),
            Act::SignsCounter(what, _) => write!(f, "signs a counter that {what}"),
            Act::SignsForAnother => f.write_str("signs another RP ID hash"),
            Act::SignsWithout(name) => write!(f, "signs without the output of {name}"),
            Act::Signs(name, value) => write!(f, "signs {} as the output of {name}", shown(value)),
            Act::NamesUsers(length) => write!(f, "begins credential IDs with user IDs of more than {length} bytes"),
            Act::Stands => f.write_str("the clock stands still from then on"),
            Act::Hurries(times) => write!(f, "the clock runs {times} times as fast from then on"),
            Act::KeepsPower => f.write_str("does not notice then that it is unplugged"),
            Act::BeginsAnew => f.write_str("begins anew, as if it had been unplugged"),
            Act::ErasesItself => f.write_str("erases itself"),
            Act::Tears(path) => {
                let member = ctap2(0x04).answered_member(path);
                write!(f, "a power cut before its answer leaves another {member} of getInfo")
            }
            Act::Dawdles(secret) => write!(f, "takes longer for {secret}"),
            Act::Murmurs => f.write_str("says that it works, where nobody has asked for anything"),
            Act::Nothing => f.write_str("has no defect"),
        }
    }
}

/// CBOR, as people read it.
fn shown(value: &[u8]) -> String {
    let value: Option<ciborium::Value> = ciborium::from_reader(value).ok();
    value.map_or_else(String::new, |value| brasskey_conformance::words::shown(&value))
}
