"""A key that is plugged in by USB/IP."""

import pathlib
import subprocess

from case import eventually
from key import Key

DEVICES = pathlib.Path("/sys/bus/usb/devices")


def devices():
    """The names (bus-port) of the USB devices that USB/IP has plugged in, without the hubs."""
    found = (device for device in DEVICES.glob("*-*") if ":" not in device.name)
    return {device.name for device in found if is_by_usbip(device)}


def is_by_usbip(device):
    try:
        return "vhci_hcd" in str(device.readlink())
    except FileNotFoundError:
        # It went since it was listed.
        return False


class Plug:
    """A context manager: plugs in the key of the USB/IP server at `address` (HOST:PORT)."""

    def __init__(self, address):
        subprocess.run(["modprobe", "vhci-hcd"], check=True)
        host, port = address.rsplit(":", 1)
        before = devices()
        command = ["usbip", "--tcp-port", port, "attach", "-r", host, "-b", "1-1"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"usbip attach: {done.stdout}{done.stderr}")
        self.name = eventually(lambda: devices() - before, "the kernel sees the key").pop()
        self.hidraw = eventually(self._hidraw, "the key can be opened")

    def _hidraw(self):
        nodes = [pathlib.Path("/dev", path.name) for path in (DEVICES / self.name).glob("*:*/*/hidraw/hidraw*")]
        return str(nodes[0]) if nodes and nodes[0].exists() else None

    def attribute(self, name):
        """An attribute that the kernel knows of the device, such as `serial`."""
        return (DEVICES / self.name / name).read_text().strip()

    def descriptors(self):
        """The device's and the configuration's descriptors, as the device sent them, and the report descriptor."""
        device = DEVICES / self.name
        [report] = device.glob("*:*/*/report_descriptor")
        return (device / "descriptors").read_bytes(), report.read_bytes()

    def close(self):
        """Unplugs the key. The number of its port is one less than its place at the hub."""
        port = str(int(self.name.split("-")[1]) - 1)
        subprocess.run(["usbip", "detach", "-p", port], check=True, capture_output=True)
        self.await_absence()

    def await_absence(self):
        eventually(lambda: self.name not in devices(), "the key is unplugged")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class PluggedKey(Key):
    """A soft token that the guest has plugged in by USB/IP."""

    def __init__(self, *options, transport=("--usbip", "127.0.0.1:0"), **how):
        super().__init__(*options, transport=transport, **how)
        try:
            self._put_in()
        except BaseException:
            # Nobody else can close it yet, and it would disturb other cases.
            super().close()
            raise

    def _put_in(self):
        self.plug = Plug(self.ready["usbip"])
        self.hidraw = self.plug.hidraw

    def power(self, action):
        """Pulls the key out, puts it in, or both. A key that was pulled out must be attached again."""
        state = None
        if action in ("off", "cycle"):
            state = super().power("off")
            self.plug.await_absence()
        if action in ("on", "cycle"):
            state = super().power("on")
            self._put_in()
        return state

    def close(self):
        """Pulls the key out, and waits until the kernel knows. Otherwise the next key would get its name."""
        super().close()
        self.plug.await_absence()
