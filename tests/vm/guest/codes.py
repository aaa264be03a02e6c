"""One-time codes as ykman asks for them: through pcscd and its own driver for readers."""

import base64
import hashlib
import hmac
import pathlib
import subprocess
import sys
import time

from case import RESULTS, eventually
from key import PATIENCE

#: Where pcscd listens.
SOCKET = pathlib.Path("/run/pcscd/pcscd.comm")
DRIVER = pathlib.Path("/etc/libccid_Info.plist")
#: ykman takes the reader with this in its name. Without a name it looks only at those of one maker.
READER = "brasskey"
SECRET = b"12345678901234567890"
STEP = 30


def code_at(seconds):
    """The code of SECRET (RFC 6238 with its defaults, six digits)."""
    mac = hmac.digest(SECRET, int(seconds // STEP).to_bytes(8, "big"), hashlib.sha1)
    start = mac[-1] & 0xF
    return str((int.from_bytes(mac[start : start + 4], "big") & 0x7FFFFFFF) % 10**6).zfill(6)


class Codes:
    """Goes with a `Case`."""

    def serve_cards(self):
        """Starts pcscd, and waits until it has the key's reader. Its driver serves only readers that it lists."""
        if READER not in DRIVER.read_text():
            subprocess.run(["sed", "-i", "-f", "/share/contrib/pcsc/libccid.sed", DRIVER], check=True)
        with (RESULTS / f"{self.id()}.pcscd.log").open("w") as output:
            daemon = subprocess.Popen(["pcscd", "--foreground", "--info"], stdout=output, stderr=output)
        self.addCleanup(daemon.wait, PATIENCE)
        self.addCleanup(daemon.terminate)
        eventually(SOCKET.exists, "pcscd listens")
        # Only now, because this library looks for pcscd when it is loaded.
        from smartcard.System import readers

        eventually(lambda: [name for name in map(str, readers()) if READER in name], "pcscd finds the reader")

    @staticmethod
    def ykman_command(*arguments):
        return [sys.executable, "-m", "ykman._cli", "--reader", READER, "oath", "accounts", *arguments]

    def ykman(self, *arguments):
        """What ykman prints."""
        return self.client(*self.ykman_command(*arguments))

    def begin_ykman(self, *arguments):
        """A function that waits for ykman, and gives what it printed. Meanwhile the case goes on."""
        process = subprocess.Popen(
            self.ykman_command(*arguments), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.kill)

        def end():
            said, errors = process.communicate(timeout=PATIENCE)
            self.note(f"{process.args} said\n{said}{errors}[exit status {process.returncode}]")
            self.assertEqual(process.returncode, 0)
            return said

        return end

    def add_accounts(self):
        """Two accounts with the same secret; one takes a touch."""
        secret = base64.b32encode(SECRET).decode()
        self.ykman("add", "Example:ada", secret)
        self.ykman("add", "--touch", "Example:touched", secret)
        self.assertEqual(self.ykman("list").split(), ["Example:ada", "Example:touched"])

    def codes_while(self, sign_in):
        """Asks for the code that takes a touch while `sign_in` uses the same key."""
        begun = time.time()
        end = self.begin_ykman("code", "--single", "Example:touched")
        sign_in()
        said = end()
        self.assertIn(said.strip(), {code_at(at) for at in _steps(begun)})
        begun = time.time()
        self.assertIn(self.ykman("code", "--single", "Example:ada").strip(), {code_at(at) for at in _steps(begun)})


def _steps(begun):
    """A time in each step since `begun`."""
    return [*range(int(begun), int(time.time()), STEP), time.time()]
