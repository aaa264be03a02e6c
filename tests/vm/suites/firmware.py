"""The firmware on an emulated chip, by USB/IP. It runs on the host (firmware.host), and needs nobody to touch it."""

import json
import os
import pathlib
import subprocess
import tempfile
import urllib.parse
import urllib.request

from case import Case, eventually
from codes import Codes
from key import PATIENCE, Key
from plug import Plug

SHARE = pathlib.Path("/share")
#: The address at which the guest reaches the host's loopback address.
HOST = "10.0.2.2"
SSH_PORT = "2222"
#: The place of the release in the device descriptor. Each form of the key has its own release.
RELEASE = slice(12, 14)


class Chip:
    """A context manager: a new chip, plugged into the guest."""

    def __init__(self):
        ready = json.loads((SHARE / "host").read_text())
        self._control = urllib.parse.urlsplit(ready["control"])
        self._secret = (SHARE / "control-token").read_text().strip()
        self._address = f"{HOST}:{ready['usbip'].rsplit(':', 1)[1]}"
        self.control("DELETE", "/v1/flash")
        self.plug_in()

    def plug_in(self):
        self.plug = Plug(self._address)
        self.hidraw = self.plug.hidraw

    def unplug(self):
        """Pulls the chip out, which also cuts its power."""
        self.plug.close()
        self.control("POST", "/v1/power", {"action": "cycle"})

    def control(self, method, path, body=None):
        """Sends a request to the control endpoint, with the host name that it expects."""
        request = urllib.request.Request(
            f"http://{HOST}:{self._control.port}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Host": self._control.netloc,
                "Authorization": f"Bearer {self._secret}",
                "Content-Type": "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def evidence(self):
        """What the key did, for somebody who looks for a fault."""
        entries = self.control("GET", "/v1/log")["entries"][-40:]
        return "\n".join(["-- the key's log", *(json.dumps(entry) for entry in entries)])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.plug.close()


class Firmware(Codes, Case):
    """Each case has its own home directory."""

    @classmethod
    def plug_in(cls):
        return Chip()

    def setUp(self):
        super().setUp()
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {**os.environ, "HOME": str(self.home)}

    def brasskey(self, *arguments):
        """What the command prints as JSON."""
        return json.loads(self.client("brasskey", *arguments, "--json", env=self.environment))

    def test_list_names_the_key(self):
        [listed] = self.brasskey("list")
        self.assertEqual(listed["address"], f"hid:{self.key.hidraw}")
        self.assertEqual(listed["product"], "brasskey security key")
        self.assertEqual(listed["serialNumber"], self.key.plug.attribute("serial"))

    def test_a_registered_key_signs_in(self):
        self.assertEqual(self.brasskey("register")["protocol"], "CTAP2")
        self.brasskey("authenticate")

    def test_a_registered_key_signs_in_over_u2f(self):
        self.assertEqual(self.brasskey("register", "--u2f")["protocol"], "U2F")
        self.brasskey("authenticate", "--u2f")

    def test_a_registered_key_signs_in_after_it_was_unplugged(self):
        self.brasskey("register")
        self.key.unplug()
        self.assertEqual(self.brasskey("list"), [])
        self.key.plug_in()
        self.brasskey("authenticate")

    def test_ykman_gets_codes_while_openssh_signs_in(self):
        self.serve_cards()
        self.add_accounts()
        self.codes_while(self.sign_in_by_ssh)

    def sign_in_by_ssh(self):
        identity, host_key = self.home / "id", self.home / "host"
        self.client("ssh-keygen", "-q", "-t", "ecdsa-sk", "-N", "", "-f", identity)
        self.client("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", host_key)
        server = subprocess.Popen(
            ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-p", SSH_PORT, "-h", host_key]
            + ["-o", "ListenAddress=127.0.0.1", "-o", f"AuthorizedKeysFile={identity}.pub", "-o", "StrictModes=no"]
            + ["-o", "PidFile=none", "-o", "PubkeyAuthOptions=touch-required"],
            stderr=subprocess.PIPE, text=True,
        )
        self.addCleanup(lambda: self.note(server.communicate(timeout=PATIENCE)[1]))
        self.addCleanup(server.terminate)
        line = eventually(server.stderr.readline, "sshd listens")
        self.assertIn("Server listening", line)
        said = self.client(
            "ssh", "-F", "none", "-i", identity, "-p", SSH_PORT, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes",
            "-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={self.home / 'known'}",
            "root@127.0.0.1", "echo signed in", env=self.environment,
        )
        self.assertEqual(said, "signed in\n")

    def test_the_soft_token_looks_the_same_on_usb(self):
        with Key(transport=("--usbip", "127.0.0.1:0")) as token, Plug(token.ready["usbip"]) as plug:
            (chip, chip_report), (soft, soft_report) = self.key.plug.descriptors(), plug.descriptors()
        self.note(f"chip {chip.hex()} {chip_report.hex()}\nsoft {soft.hex()} {soft_report.hex()}")
        self.assertEqual(without_release(soft), without_release(chip))
        self.assertEqual(soft_report, chip_report)


def without_release(descriptors):
    changed = bytearray(descriptors)
    changed[RELEASE] = bytes(2)
    return bytes(changed)
