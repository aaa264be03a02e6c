//! `brasskey list`: the keys that are plugged in, what each of them is, and the user's soft tokens.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use brasskey_protocol::usb;
use clap::Args as ClapArgs;
use serde::Serialize;

use super::failure::Failure;
use super::layout::{aaguid, columns};
use super::output::Output;
use crate::client::{Channel, Error, Key, SystemTime, Timeouts};
use crate::soft::paths::{self, KnownToken};
use crate::text::escape;
use crate::transport::{self, Address, ListedDevice};
use readers::CardIn;

mod readers;

/// How long the list waits for the slowest key.
const PATIENCE: Duration = Duration::from_secs(2);

/// The arguments of `list`.
#[derive(Debug, ClapArgs)]
pub(super) struct Args {}

/// One key. Texts are as the key gave them.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    address: String,
    product: Option<String>,
    manufacturer: Option<String>,
    serial_number: Option<String>,
    vendor_id: Option<u16>,
    product_id: Option<u16>,
    versions: Option<Vec<String>>,
    aaguid: Option<String>,
    /// Why the key could not be asked.
    error: Option<String>,
    /// Of a soft token: the file with its secrets. It is not opened: another process may use it, and it may be sealed.
    state: Option<PathBuf>,
    /// Of a smart card: those of its applets that are known here.
    applets: Option<Vec<&'static str>>,
}

/// What a key answered.
#[derive(Debug, PartialEq, Eq)]
struct Answer {
    versions: Vec<String>,
    aaguid: Option<[u8; 16]>,
    /// Why a key that says that it speaks CTAP2 is used as a U2F key.
    error: Option<String>,
}

pub(super) fn run(_: &Args, output: &Output) -> Result<(), Failure> {
    let listed = transport::list()?;
    let cards = readers::cards();
    if listed.is_empty() && cards.is_empty() {
        output.notice(
            "no security key is plugged in\nhint: plug one in, or add `--device soft` to a command to use the built-in \
             soft token",
        );
    }
    let mut entries = ask_all(listed, ask);
    entries.extend(cards.into_iter().map(Entry::of_card));
    entries.extend(paths::soft_tokens().into_iter().map(Entry::of_soft_token));
    output.result(&entries, |to| show(&entries, to))
}

/// Asks all keys at once. A key that takes too long is given up: its thread ends with the process.
fn ask_all(
    listed: Vec<ListedDevice>,
    ask: impl Fn(&ListedDevice) -> Result<Answer, Error> + Clone + Send + 'static,
) -> Vec<Entry> {
    let deadline = Instant::now() + PATIENCE;
    let asked: Vec<(ListedDevice, Receiver<_>)> = listed
        .into_iter()
        .map(|device| {
            let (sender, receiver) = channel();
            let (ask, asked) = (ask.clone(), device.clone());
            // Without a thread, or once nobody receives, the receiver gets an error.
            let _ = thread::Builder::new().spawn(move || sender.send(ask(&asked)));
            (device, receiver)
        })
        .collect();
    asked
        .into_iter()
        .map(|(device, receiver)| {
            let left = deadline.saturating_duration_since(Instant::now());
            Entry::new(device, receiver.recv_timeout(left).unwrap_or(Err(Error::NoAnswer)))
        })
        .collect()
}

fn ask(device: &ListedDevice) -> Result<Answer, Error> {
    let timeouts = Timeouts {
        init: PATIENCE / 4,
        silence: PATIENCE / 2,
        whole: PATIENCE / 2,
        work: PATIENCE / 2,
        busy: PATIENCE / 4,
        ..Timeouts::default()
    };
    let channel = Channel::open_with(device.address.open()?, Box::new(SystemTime::start()), timeouts)?;
    let key = Key::over(channel)?;
    Ok(Answer {
        versions: key.versions().into_iter().map(str::to_owned).collect(),
        aaguid: key.info().and_then(|info| info.aaguid),
        error: key.info_error().map(|error| format!("getInfo failed: {error}")),
    })
}

impl Entry {
    fn new(device: ListedDevice, answer: Result<Answer, Error>) -> Self {
        let (answer, error) = match answer {
            Ok(mut answer) => {
                let error = answer.error.take();
                (Some(answer), error)
            }
            Err(error) => (None, Some(error.to_string())),
        };
        Self {
            address: device.address.to_string(),
            product: device.product,
            manufacturer: device.manufacturer,
            serial_number: device.serial,
            vendor_id: Some(device.vendor_id),
            product_id: Some(device.product_id),
            aaguid: answer.as_ref().and_then(|answer| answer.aaguid).map(aaguid),
            versions: answer.map(|answer| answer.versions),
            error,
            state: None,
            applets: None,
        }
    }

    fn of_card(card: CardIn) -> Self {
        Self {
            address: Address::Pcsc(card.reader).to_string(),
            product: Some("smart card".to_owned()),
            manufacturer: None,
            serial_number: None,
            vendor_id: None,
            product_id: None,
            versions: None,
            aaguid: None,
            error: card.applets.as_ref().err().map(ToString::to_string),
            state: None,
            applets: card.applets.ok(),
        }
    }

    fn of_soft_token(token: KnownToken) -> Self {
        Self {
            address: token.device(),
            product: Some(token.product()),
            manufacturer: Some(usb::MANUFACTURER.to_owned()),
            serial_number: None,
            vendor_id: Some(usb::VENDOR_ID),
            product_id: Some(usb::PRODUCT_ID),
            versions: None,
            aaguid: None,
            error: None,
            state: Some(token.state),
            applets: None,
        }
    }

    fn cells(&self) -> [String; 4] {
        let product = self
            .product
            .clone()
            .unwrap_or_else(|| match self.vendor_id.zip(self.product_id) {
                Some((vendor, product)) => format!("{vendor:04x}:{product:04x}"),
                None => "-".to_owned(),
            });
        let versions = match (&self.versions, &self.state, &self.applets, &self.error) {
            (Some(versions), _, _, None) => versions.join(", "),
            (Some(versions), _, _, Some(error)) => format!("{}: {error}", versions.join(", ")),
            (None, Some(state), _, _) => format!("software, in {}", state.display()),
            (None, None, Some(applets), _) => applets.join(", "),
            (None, None, None, error) => error.clone().unwrap_or_default(),
        };
        let aaguid = self.aaguid.clone().unwrap_or_else(|| "-".to_owned());
        [self.address.clone(), product, versions, aaguid].map(|text| escape(&text).into_owned())
    }
}

fn show(entries: &[Entry], to: &mut dyn Write) -> io::Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let mut table = columns(entries.iter().map(Entry::cells));
    table.set_header(["--device", "Product", "Versions", "AAGUID"]);
    writeln!(to, "{}", table.trim_fmt())
}

#[cfg(test)]
mod tests;
