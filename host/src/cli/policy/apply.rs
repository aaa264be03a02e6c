//! Carries out the plan for a policy.

use super::super::failure::Failure;
use super::super::pin_entry::{Interaction, NewPinArgs};
use super::document::Policy;
use super::plan::{Item, State, rule};
use crate::client::ctap2::{ConfigSubcommand, PinRules};
use crate::client::{Key, Pin, PinError};

/// Changes what `items` say.
///
/// Without a PIN, the rules for PINs come before it, so that the first PIN follows them. With a PIN they come last: the
/// key may then refuse that PIN until it is changed.
pub(super) fn apply(
    policy: &Policy,
    items: &[Item],
    key: &mut Key,
    interaction: &mut Interaction,
    new_pin: &NewPinArgs,
) -> Result<(), Failure> {
    let changes = |rule: &str| {
        items
            .iter()
            .any(|item| item.rule == rule && item.state == State::Change)
    };
    let rules = rules(policy, &changes);
    // Asked for before anything is changed.
    let first_pin = match changes(rule::PIN_REQUIRED) {
        true => Some(first_pin(policy, key, interaction, new_pin)?),
        false => None,
    };
    let has_pin = key.info().is_some_and(|info| info.has("clientPin"));
    let switches = [
        (
            rule::ENTERPRISE_ATTESTATION,
            ConfigSubcommand::EnableEnterpriseAttestation,
        ),
        (rule::LONG_TOUCH_RESET, ConfigSubcommand::EnableLongTouchForReset),
        (rule::ALWAYS_UV, ConfigSubcommand::ToggleAlwaysUv),
    ];
    let switches = switches
        .into_iter()
        .filter(|(rule, _)| changes(rule))
        .map(|(_, command)| command);
    if !has_pin {
        if let Some(rules) = &rules {
            key.configure(rules.clone(), interaction)?;
        }
        if let Some(pin) = &first_pin {
            key.set_pin(pin, interaction)?;
            interaction.remember(pin);
        }
    }
    for command in switches {
        key.configure(command, interaction)?;
    }
    if let Some(rules) = rules.filter(|_| has_pin) {
        key.configure(rules, interaction)?;
    }
    Ok(())
}

/// The rules for PINs that change, in one command.
fn rules(policy: &Policy, changes: &impl Fn(&str) -> bool) -> Option<ConfigSubcommand> {
    let pin = &policy.pin;
    let rules = PinRules {
        new_min_pin_length: pin.min_length.filter(|_| changes(rule::PIN_MIN_LENGTH)),
        min_pin_length_rp_ids: pin.min_length_rp_ids.clone(),
        force_change_pin: false,
        pin_complexity_policy: changes(rule::PIN_COMPLEXITY),
    };
    (rules != PinRules::default()).then_some(ConfigSubcommand::SetMinPinLength(rules))
}

/// A PIN that will be long enough once the policy is applied.
fn first_pin(policy: &Policy, key: &Key, interaction: &mut Interaction, source: &NewPinArgs) -> Result<Pin, Failure> {
    let mut info = key.ctap2_info()?.clone();
    info.min_pin_length = info.min_pin_length.max(policy.pin.min_length);
    let check = |pin: &Pin| -> Result<(), PinError> { pin.check(&info) };
    interaction.new_pin(source, check)
}
