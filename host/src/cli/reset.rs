//! `brasskey reset`: everything on a key is erased.

use std::thread;
use std::time::{Duration, Instant};

use clap::Args as ClapArgs;
use serde_json::json;

use super::confirm::confirm;
use super::device::{self, DeviceArgs, Opened};
use super::failure::Failure;
use super::interrupt::interrupt;
use super::output::Output;
use super::pin_entry::{Interaction, PinArgs};
use crate::client::ctap2::{Reset, Status};
use crate::client::{self, Key, Watch as _};
use crate::transport::{self, Address, ListedDevice};

/// How the product's name of every soft token begins.
const SOFT_PRODUCT: &str = "brasskey soft token";
/// How long the user has to unplug the key, and to plug it in again.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often the computer is asked what is plugged in.
const INTERVAL: Duration = Duration::from_millis(250);

/// The arguments of `reset`.
#[derive(Debug, ClapArgs)]
#[command(
    after_long_help = "Most keys accept a reset only within 10 seconds after they were plugged in. This command \
    says when to unplug the key, plug it in again, and touch it."
)]
pub(super) struct Args {
    /// Do not ask whether you are sure
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    device: DeviceArgs,
}

pub(super) fn run(args: &Args, output: &Output) -> Result<(), Failure> {
    let mut opened = device::open(&args.device, output)?;
    let long_touch = opened.key.ctap2_info()?.long_touch_for_reset == Some(true);
    let label = &opened.label;
    let first = format!("erase {label}: its PIN, its passkeys and its settings?");
    confirm(&first, "yes", args.yes)?;
    let second = "you can then no longer sign in anywhere with this key. Do you have another way into each account?";
    confirm(second, "erase", args.yes)?;

    let mut interaction = Interaction::new(&opened, &PinArgs::default(), output)?;
    if long_touch {
        output.notice("this key needs a long touch: hold it for more than five seconds");
    }
    match opened.key.send(&Reset, &mut interaction) {
        Err(client::Error::Status {
            status: Status::NotAllowed,
            ..
        }) => reset_again(&mut opened, &mut interaction, output)?,
        result => result?,
    }
    output.result(&json!({ "device": opened.label, "reset": true }), |to| {
        writeln!(
            to,
            "{} is as new: it has no PIN, no passkeys and no changed settings.",
            opened.label
        )
    })
}

/// Resets a key that was plugged in too long ago: its user unplugs it and plugs it in again.
fn reset_again(opened: &mut Opened, interaction: &mut Interaction, output: &Output) -> Result<(), Failure> {
    match opened.address.clone() {
        Some(address @ Address::Hid(_)) => {
            let listed = transport::list()?;
            let known = listed.into_iter().find(|listed| listed.address == address);
            let [off, on] = power_cycle(known.as_ref());
            output.notice(off);
            // Those that stay plugged in are other keys: none of them may be erased.
            let others = wait(interaction, || {
                let listed = transport::list()?;
                let gone = listed.iter().all(|listed| listed.address != address);
                Ok(gone.then_some(listed))
            })?;
            output.notice(on);
            opened.key = wait(interaction, || returned(known.as_ref(), &others))?;
            Ok(opened.key.send(&Reset, interaction)?)
        }
        Some(address) => {
            output.notice("switch the security key off and on again");
            wait(interaction, || {
                // A key that was switched off does not know its channels any more.
                let Ok(mut key) = address.open().map_err(client::Error::from).and_then(Key::open) else {
                    return Ok(None);
                };
                match key.send(&Reset, &mut interrupt()) {
                    Err(client::Error::Status {
                        status: Status::NotAllowed,
                        ..
                    }) => Ok(None),
                    result => Ok(Some(result?)),
                }
            })
        }
        // The built-in soft token was switched on a moment ago.
        None => Ok(opened.key.send(&Reset, interaction)?),
    }
}

/// What the user does to switch a key off and on again. A soft token cannot be unplugged.
fn power_cycle(key: Option<&ListedDevice>) -> [&'static str; 2] {
    let product = key.and_then(|key| key.product.as_deref()).unwrap_or_default();
    match product.starts_with(SOFT_PRODUCT) {
        true => ["end the soft token now (Ctrl-C where it runs)", "start it again"],
        false => ["unplug the security key now", "plug it in again"],
    }
}

/// The key that was unplugged, once it is back and may be opened.
fn returned(known: Option<&ListedDevice>, others: &[ListedDevice]) -> Result<Option<Key>, Failure> {
    let found = transport::list()?
        .into_iter()
        .find(|listed| is_it(listed, known, others));
    Ok(found.and_then(|listed| Key::open(listed.address.open().ok()?).ok()))
}

/// Whether `listed` was not there before, and is of the kind of the key that was unplugged.
fn is_it(listed: &ListedDevice, known: Option<&ListedDevice>, others: &[ListedDevice]) -> bool {
    let kind = |device: &ListedDevice| (device.vendor_id, device.product_id, device.serial.clone());
    others.iter().all(|other| other.address != listed.address) && known.is_none_or(|known| kind(known) == kind(listed))
}

/// Asks again and again until there is something.
fn wait<T>(interaction: &Interaction, mut look: impl FnMut() -> Result<Option<T>, Failure>) -> Result<T, Failure> {
    let begun = Instant::now();
    loop {
        if let Some(found) = look()? {
            return Ok(found);
        }
        if interaction.is_cancelled() {
            return Err(client::Error::Cancelled.into());
        }
        if begun.elapsed() >= PATIENCE {
            return Err(Failure::NotPluggedIn);
        }
        thread::sleep(INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(path: &str, product_id: u16, serial: Option<&str>) -> ListedDevice {
        ListedDevice {
            address: Address::Hid(path.to_owned()),
            product: None,
            manufacturer: None,
            serial: serial.map(str::to_owned),
            vendor_id: 1,
            product_id,
        }
    }

    #[test]
    fn nobody_is_told_to_unplug_a_soft_token() {
        let mut key = device("/dev/hidraw1", 7, None);
        assert!(power_cycle(Some(&key))[0].contains("unplug") && power_cycle(None)[0].contains("unplug"));
        for name in [None, Some("work".parse().unwrap())] {
            let mut identity = crate::soft::Identity::random().unwrap();
            identity.name = name;
            key.product = Some(identity.product());
            assert_eq!(power_cycle(Some(&key))[1], "start it again");
        }
    }

    #[test]
    fn no_other_key_is_taken_for_the_one_that_was_unplugged() {
        let known = device("/dev/hidraw1", 7, None);
        let others = [device("/dev/hidraw2", 7, None)];
        let is_it = |listed| is_it(&listed, Some(&known), &others);
        assert!(is_it(device("/dev/hidraw1", 7, None)));
        assert!(is_it(device("/dev/hidraw3", 7, None)));
        assert!(!is_it(device("/dev/hidraw2", 7, None)), "it was there all the time");
        assert!(!is_it(device("/dev/hidraw1", 8, None)), "it is of another kind");
        assert!(!is_it(device("/dev/hidraw1", 7, Some("1"))));
    }
}
