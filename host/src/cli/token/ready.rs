//! How the token says that it is ready.

use std::path::Path;

use serde_json::json;

use super::super::failure::Failure;
use super::super::output::{DIM, Output};
use crate::soft::server::BUS_ID;
use crate::soft::storage::Seal;
use crate::soft::{Listen, Servers, SoftKey};
use crate::text::escape;

/// Prints how the token is reached.
pub(super) fn say(
    key: &SoftKey,
    servers: &Servers,
    listen: &Listen,
    state: Option<(&Path, Seal)>,
    output: &Output,
) -> Result<(), Failure> {
    let addresses = servers.addresses();
    if output.is_json() {
        // One line: the program that started this reads up to its end.
        return output.line(&json!({
            "ready": true,
            "name": key.identity().name,
            "serial": key.identity().serial.to_string(),
            "device": addresses.device(),
            "hid": addresses.hid,
            "usbip": addresses.usbip,
            "pcsc": addresses.pcsc,
            "udp": addresses.udp,
            "unix": addresses.unix,
            "state": state.map(|(file, _)| file),
            "seal": state.map(|(_, seal)| seal.name()),
            "control": addresses.control,
            "controlTokenFile": listen.control.as_ref().map(|control| &control.token_file),
        }));
    }
    output.text(|to| {
        write!(to, "Ready:")?;
        if let Some(device) = addresses.device() {
            write!(to, " --device {}", escape(&device))?;
        }
        if let Some(address) = addresses.usbip {
            let (port, host) = (address.port(), address.ip());
            write!(to, "  usbip --tcp-port {port} attach --remote {host} --busid {BUS_ID}")?;
        }
        if let Some(address) = addresses.pcsc {
            write!(to, "  smart card {address}")?;
        }
        if let Some(control) = &addresses.control {
            write!(to, "  control {}", escape(control))?;
        }
        writeln!(to, "  {DIM}(Ctrl-C ends){DIM:#}")
    })
}
