"""soft_fido2's CTAPHID device behind a UDP address: soft_fido2_key.py [ADDRESS].

The package gives its reports to the kernel (/dev/uhid). Here they go by UDP, and what a hand does comes the same way,
as with the other programs of this directory.
"""

import os
import shutil
import socket
import sys
import tempfile
import threading
import types

REPORT = 64
BROADCAST = b"\xff" * 4
# It asks for a touch by a notification of the desktop, in getInfo and nowhere else. Nobody is there to click.
os.environ["SOFT_FIDO2_SKIP_UP"] = "1"
os.environ["FIDO_HOME"] = tempfile.mkdtemp(prefix="soft_fido2-")

from soft_fido2.ctap import AuthenticatorAPI  # noqa: E402
from soft_fido2.key_pair import KeyUtils  # noqa: E402
from soft_fido2.platform.passkey_device import CTAPHIDevice  # noqa: E402


class Key(CTAPHIDevice):
    """The device, between sockets instead of in front of the kernel."""

    def __init__(self, address):
        super().__init__(devpath="")
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.hosts = {}
        self.running = []

    def renew(self):
        """As it left the factory. Its platform key is made when the package is installed."""
        home = os.environ["FIDO_HOME"]
        shutil.rmtree(home)
        os.mkdir(home, mode=0o700)
        KeyUtils.create_platform_key()

    def replug(self):
        """What the process forgets when it ends."""
        # What still runs would go on with the state of the next start. What hangs is left behind.
        for thread in self.running:
            thread.join(timeout=0.2)
        self.running.clear()
        self.hosts.clear()
        with self.cids_lock:
            self.cids.clear()
        AuthenticatorAPI._open_keys.clear()
        while not self.pending.empty():
            self.pending.get_nowait()

    def take_in(self, report):
        """One report, in a thread of its own, as the package does it."""
        # The kernel puts the number of the report in front.
        event = types.SimpleNamespace(data=b"\x00" + report, ev_len=REPORT + 1)
        thread = threading.Thread(target=self.process_output, args=(event,), daemon=True)
        thread.start()
        self.running = [*(thread for thread in self.running if thread.is_alive()), thread]

    def send(self):
        """Reports of the key, to the host whose channel it is. The kernel fills them up to their size."""
        while True:
            report = bytes(self.pending.get())[:REPORT].ljust(REPORT, b"\x00")
            host = self.hosts.get(report[:4])
            if host:
                self.socket.sendto(report, host)

    def run(self):
        threading.Thread(target=self.send, daemon=True).start()
        self.renew()
        print("udp:{}:{}".format(*self.socket.getsockname()), flush=True)
        while True:
            datagram, sender = self.socket.recvfrom(REPORT + 1)
            if len(datagram) == REPORT:
                self.hosts[datagram[:4]] = sender
                self.take_in(datagram)
            elif datagram in (b"touch", b"replug", b"renew"):
                if datagram != b"touch":
                    self.replug()
                if datagram == b"renew":
                    self.renew()
                self.socket.sendto(b"done", sender)


def main():
    host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8111").rpartition(":")
    # What was never started cannot be ended, and nothing is expired within a check.
    Key((host, int(port))).run()


if __name__ == "__main__":
    main()
