"""The soft token as a child process, and python-fido2's HID device over its UDP port."""

import json
import os
import socket
import subprocess
import threading

from fido2.hid import CtapHidDevice
from fido2.hid.base import CtapHidConnection, HidDescriptor

REPORT_SIZE = 64
# Far above any answer (keepalives come every 100 ms), so that it only ends a run that hangs.
PATIENCE = 10.0


class SoftToken:
    """`brasskey token` in memory on a free UDP port; a context manager."""

    def __init__(self, *options):
        command = [os.environ["BRASSKEY"], "token", "--udp", "127.0.0.1:0", "--ephemeral", "--json", *options]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        watchdog = threading.Timer(PATIENCE, self._process.kill)
        watchdog.start()
        ready = self._process.stdout.readline()
        watchdog.cancel()
        if not ready:
            self.close()
            raise RuntimeError(f"{' '.join(command)} ended with {self._process.returncode} and no ready line")
        host, port = json.loads(ready)["udp"].rsplit(":", 1)
        self._address = (host, int(port))

    def connect(self):
        """A device on a channel of its own."""
        descriptor = HidDescriptor(f"udp:{self._address}", 0, 0, REPORT_SIZE, REPORT_SIZE, None, None)
        return CtapHidDevice(descriptor, UdpConnection(self._address))

    def close(self):
        self._process.terminate()
        self._process.stdout.close()
        self._process.wait(PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class UdpConnection(CtapHidConnection):
    """One 64-byte report a datagram."""

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
