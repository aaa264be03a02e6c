"""soft_fido2's CTAPHID device behind a UDP address: soft_fido2_key.py [ADDRESS].

The package gives its reports to the kernel (/dev/uhid). Here they go by UDP, and what a hand does comes the same way,
as with the other programs of this directory.

The package says that its licence is MIT, while "IBM Confidential" stands at the head of its files. So it is run, as its
registry serves it, and nothing of it is linked, copied or handed on: what stands here only calls it.
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
os.environ.setdefault("FIDO_HOME", tempfile.mkdtemp(prefix="soft_fido2-"))

from soft_fido2.key_pair import KeyUtils  # noqa: E402
from soft_fido2.platform.passkey_device import CTAPHIDevice  # noqa: E402


class Key(CTAPHIDevice):
    """The device, between sockets instead of in front of the kernel."""

    def __init__(self, bound):
        super().__init__(devpath="")
        self.socket = bound
        self.hosts = {}

    def renew(self):
        """As it left the factory. Its platform key is made when the package is installed."""
        home = os.environ["FIDO_HOME"]
        shutil.rmtree(home)
        os.mkdir(home, mode=0o700)
        KeyUtils.create_platform_key()

    def replug(self, whom):
        """Begins anew with the same socket: a thread that never ends may hold a lock of the package."""
        descriptor = os.dup(self.socket.fileno())
        os.set_inheritable(descriptor, True)
        os.execv(sys.executable, [sys.executable, __file__, str(descriptor), *map(str, whom)])

    def take_in(self, report):
        """One report, in a thread of its own, as the package does it."""
        # The kernel puts the number of the report in front.
        event = types.SimpleNamespace(data=b"\x00" + report, ev_len=REPORT + 1)
        threading.Thread(target=self.process_output, args=(event,), daemon=True).start()

    def send(self):
        """Reports of the key, to the host whose channel it is. The kernel fills them up to their size."""
        while True:
            report = bytes(self.pending.get())[:REPORT].ljust(REPORT, b"\x00")
            host = self.hosts.get(report[:4])
            if host:
                self.socket.sendto(report, host)

    def run(self):
        threading.Thread(target=self.send, daemon=True).start()
        while True:
            datagram, sender = self.socket.recvfrom(REPORT + 1)
            if len(datagram) == REPORT:
                self.hosts[datagram[:4]] = sender
                self.take_in(datagram)
            elif datagram == b"touch":
                self.socket.sendto(b"done", sender)
            elif datagram in (b"replug", b"renew"):
                if datagram == b"renew":
                    self.renew()
                self.replug(sender)


def main():
    if len(sys.argv) == 4:
        # Plugged in again: a socket, and whom to tell.
        descriptor, host, port = sys.argv[1:]
        key = Key(socket.socket(fileno=int(descriptor)))
        key.socket.sendto(b"done", (host, int(port)))
    else:
        host, _, port = (sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:8111").rpartition(":")
        key = Key(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        key.socket.bind((host, int(port)))
        key.renew()
        print("udp:{}:{}".format(*key.socket.getsockname()), flush=True)
    # What was never started cannot be ended, and nothing is expired within a check.
    key.run()


if __name__ == "__main__":
    main()
