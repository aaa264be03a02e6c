"""A key as a child process, and python-fido2's HID device over its UDP port.

The key is the soft token. If BRASSKEY_CHIP_ELF names a firmware, it is that firmware on an emulated chip.
"""

import json
import os
import pathlib
import socket
import subprocess
import threading

from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

REPORT_SIZE = 64
# Much longer than any answer takes (keepalives come every 100 ms). It only ends a run that hangs.
PATIENCE = 30.0
CHIP = pathlib.Path(__file__).parent.parent / "chip" / "main.mjs"


def command():
    if firmware := os.environ.get("BRASSKEY_CHIP_ELF"):
        return ["node", CHIP, "--elf", firmware]
    return [os.environ["BRASSKEY"], "token", "--ephemeral", "--json"]


class Key:
    """A context manager: a key in memory, on a free UDP port."""

    def __init__(self, *options):
        arguments = [*command(), "--udp", "127.0.0.1:0", *options]
        # The chip ends when its input ends.
        self._process = subprocess.Popen(
            arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        ready = self._process.stdout.readline()
        watchdog.cancel()
        if not ready:
            self.close()
            raise RuntimeError(f"{arguments} ended with {self._process.returncode} and no ready line")
        ready = json.loads(ready)
        host, port = ready["udp"].rsplit(":", 1)
        self._address = (host, int(port))
        # The address of the control endpoint, if there is one.
        self.control = ready.get("control")

    def connect(self):
        """A device with its own channel."""
        descriptor = HidDescriptor(f"udp:{self._address}", 0, 0, REPORT_SIZE, REPORT_SIZE, None, None)
        return CtapHidDevice(descriptor, UdpConnection(self._address))

    def close(self):
        self._process.terminate()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class UdpConnection(CtapHidConnection):
    """Each datagram is one report of 64 bytes."""

    def __init__(self, address):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.settimeout(PATIENCE)
        self._socket.connect(address)

    def read_packet(self):
        return self._socket.recv(REPORT_SIZE + 1)

    def write_packet(self, data):
        self._socket.send(data)

    def close(self):
        self._socket.close()
