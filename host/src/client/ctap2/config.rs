//! authenticatorConfig (CTAP 2.3 §6.11): settings of the whole key. Only a reset undoes them.

use cbor4ii::core::Value;

use super::get_info::Info;
use super::members::Parameters;
use super::{Command, Malformed, Oddity, no_data};
use crate::cbor::{bytes, encode, text};
use crate::client::error::Error;
use crate::client::pin_protocol::{PinUvAuth, PinUvAuthToken};

/// What is to change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigSubcommand {
    /// 0x01: enterprise attestation, which identifies the key to chosen companies.
    EnableEnterpriseAttestation,
    /// 0x02: the key always verifies its user, or no longer does.
    ToggleAlwaysUv,
    /// 0x03: rules for PINs.
    SetMinPinLength(PinRules),
    /// 0x04: a reset takes a long touch.
    EnableLongTouchForReset,
}

/// Rules for PINs. What is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PinRules {
    /// The shortest PIN, in code points. It only ever grows.
    pub new_min_pin_length: Option<u64>,
    /// The RP IDs that are told the length; they replace those from before. An empty list changes nothing.
    pub min_pin_length_rp_ids: Vec<String>,
    /// The PIN must be changed before it can be used again.
    pub force_change_pin: bool,
    /// Simple PINs are refused from now on.
    pub pin_complexity_policy: bool,
}

impl PinRules {
    fn value(&self) -> Option<Value> {
        let rp_ids = &self.min_pin_length_rp_ids;
        let rp_ids = (!rp_ids.is_empty()).then(|| Value::Array(rp_ids.iter().map(|id| text(id)).collect()));
        let parameters = Parameters::default()
            .set_some(
                0x01,
                self.new_min_pin_length.map(|length| Value::Integer(length.into())),
            )
            .set_some(0x02, rp_ids)
            .set_some(0x03, self.force_change_pin.then_some(Value::Bool(true)))
            .set_some(0x04, self.pin_complexity_policy.then_some(Value::Bool(true)));
        (!parameters.is_empty()).then(|| parameters.value())
    }

    /// Which of these rules a key with `info`, which knows rules for PINs, does not support.
    fn refusal(&self, info: &Info) -> Option<Error> {
        let told = u64::try_from(self.min_pin_length_rp_ids.len()).unwrap_or(u64::MAX);
        let can_be_told = info.max_rp_ids_for_set_min_pin_length.unwrap_or(0);
        let longest = info.max_pin_length.unwrap_or(u64::MAX);
        match self.new_min_pin_length {
            _ if told > 0 && can_be_told == 0 => Some(Error::Unsupported {
                what: "telling websites how long its PIN must be",
            }),
            _ if told > can_be_told => Some(Error::TooMany {
                what: "RP IDs",
                count: told,
                limit: can_be_told,
            }),
            _ if self.pin_complexity_policy && info.pin_complexity_policy.is_none() => Some(Error::Unsupported {
                what: "a rule against simple PINs",
            }),
            Some(shortest) if shortest > longest => Some(Error::TooMany {
                what: "characters",
                count: shortest,
                limit: longest,
            }),
            _ => None,
        }
    }
}

impl ConfigSubcommand {
    /// The number of the subcommand.
    #[must_use]
    pub fn number(&self) -> u8 {
        match self {
            Self::EnableEnterpriseAttestation => 0x01,
            Self::ToggleAlwaysUv => 0x02,
            Self::SetMinPinLength(_) => 0x03,
            Self::EnableLongTouchForReset => 0x04,
        }
    }

    /// Whether a key with `info` knows the subcommand and accepts its parameters. Before CTAP 2.3, keys did not list
    /// subcommands, but had options.
    #[must_use]
    pub fn is_supported(&self, info: &Info) -> bool {
        self.is_known(info) && self.refusal(info).is_none()
    }

    /// Whether a key with `info` knows the subcommand, whatever its parameters are.
    pub(in crate::client) fn is_known(&self, info: &Info) -> bool {
        if !info.has("authnrCfg") {
            return false;
        }
        let listed = info.authenticator_config_commands.as_ref();
        let listed = listed.map(|listed| listed.contains(&self.number().into()));
        let has = |option| info.options.contains_key(option);
        match self {
            Self::EnableEnterpriseAttestation => listed.unwrap_or_else(|| has("ep")),
            Self::ToggleAlwaysUv => listed.unwrap_or_else(|| has("alwaysUv")),
            Self::SetMinPinLength(_) => listed.unwrap_or_else(|| info.has("setMinPINLength")),
            Self::EnableLongTouchForReset => listed.unwrap_or_else(|| info.long_touch_for_reset.is_some()),
        }
    }

    /// Which parameter a key with `info`, which knows the subcommand, does not accept.
    pub(in crate::client) fn refusal(&self, info: &Info) -> Option<Error> {
        match self {
            Self::SetMinPinLength(rules) => rules.refusal(info),
            _ => None,
        }
    }

    /// `subCommandParams`, where there are any.
    fn parameters(&self) -> Option<Value> {
        match self {
            Self::SetMinPinLength(rules) => rules.value(),
            _ => None,
        }
    }
}

/// The request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    subcommand: ConfigSubcommand,
    auth: Option<PinUvAuth>,
}

impl Config {
    /// A request that `token` authorizes. A key without user verification needs no token.
    #[must_use]
    pub fn new(subcommand: ConfigSubcommand, token: Option<&PinUvAuthToken>) -> Self {
        let parameters = subcommand.parameters().map(|parameters| encode(&parameters));
        let auth = token.map(|token| {
            token.authorize(&[
                &[0xFF; 32],
                &[Self::CODE, subcommand.number()],
                parameters.as_deref().unwrap_or_default(),
            ])
        });
        Self { subcommand, auth }
    }
}

impl Command for Config {
    const CODE: u8 = 0x0D;
    const NAME: &'static str = "authenticatorConfig";
    const SECTION: &'static str = "CTAP 2.3 §6.11";
    type Response = ();

    fn parameters(&self) -> Vec<u8> {
        let auth = self.auth.as_ref();
        Parameters::default()
            .set(0x01, Value::Integer(self.subcommand.number().into()))
            .set_some(0x02, self.subcommand.parameters())
            .set_some(0x03, auth.map(|auth| Value::Integer(auth.protocol.into())))
            .set_some(0x04, auth.map(|auth| bytes(&auth.param)))
            .encode()
    }

    fn parse(_: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }

    fn judge(&self, data: &[u8], (): &()) -> Vec<Oddity> {
        no_data(data)
    }
}

#[cfg(test)]
mod tests;
