"""PAM and LUKS: pam_u2f lets a user in, and systemd opens an encrypted volume."""

import pathlib
import subprocess
import tempfile

from case import Case
from key import Key

PIN = "2741"
SERVICE = pathlib.Path("/etc/pam.d/brasskey")


class Files(Case):
    def setUp(self):
        super().setUp()
        self.files = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def set_pin(self):
        self.dialogue("fido2-token", "-S", self.key.hidraw, answers=[("Enter new PIN", PIN), ("again", PIN)])


class Pam(Files):
    """A service that asks for nothing but the key. The key has a certificate: pamu2fcfg 1.1 takes no self attestation."""

    def setUp(self):
        super().setUp()
        self.mapping = self.files / "mapping"
        self.addCleanup(SERVICE.unlink, missing_ok=True)
        self.replug("auto")

    def replug(self, touch):
        """Plugs in the key with the certificate; `touch` says who touches it."""
        state = self.files / "state"
        self.key.close()
        if not state.exists():
            self.client("brasskey", "attestation", "init", "--out", self.files / "lab", "--state", state)
        self.key = self.enterContext(Key("--state", state, touch=touch))

    def enroll(self, *options, answers=()):
        """pamu2fcfg for root, and a service that takes what it printed."""
        told = self.dialogue("pamu2fcfg", "-u", "root", *options, answers=answers)
        (line,) = (line for line in told.splitlines() if line.startswith("root:"))
        self.mapping.write_text(f"{line}\n")
        SERVICE.write_text(f"auth required pam_u2f.so authfile={self.mapping} cue\naccount required pam_permit.so\n")

    def authenticate(self, user="root", answers=(), status=0):
        told = self.dialogue("pamtester", "brasskey", user, "authenticate", answers=answers, status=status)
        self.assertEqual("successfully authenticated" in told, status == 0)
        return told

    def test_a_touch_lets_the_user_in(self):
        self.enroll()
        self.assertIn("Please touch", self.authenticate())

    def test_a_pin_lets_the_user_in(self):
        self.set_pin()
        for option in ("-N", "-V"):
            with self.subTest(option):
                self.enroll(option, answers=[("PIN", PIN)])
                self.authenticate(answers=[("PIN", PIN)])

    def test_a_wrong_pin_lets_nobody_in(self):
        self.set_pin()
        self.enroll("-N", answers=[("PIN", PIN)])
        self.authenticate(answers=[("PIN", "0000")], status=1)

    def test_a_declined_touch_lets_nobody_in(self):
        self.enroll()
        self.replug("deny")
        self.authenticate(status=1)
        self.replug("auto")
        self.authenticate()

    def test_a_user_without_the_key_is_not_let_in(self):
        self.enroll()
        self.authenticate(user="nobody", status=1)


class Luks(Files):
    """A volume of its own for each case, with a file system on it."""

    PASSPHRASE = "correct horse"
    VOLUME = "brasskey-volume"

    def setUp(self):
        super().setUp()
        self.image = self.files / "volume"
        with self.image.open("wb") as image:
            image.truncate(32 << 20)
        self.client(
            "cryptsetup", "luksFormat", "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", 1000,
            self.image, "-", input=self.PASSPHRASE,
        )
        self.addCleanup(subprocess.run, ["cryptsetup", "close", self.VOLUME], stderr=subprocess.DEVNULL)

    def enroll(self, with_pin, answers=()):
        options = [f"--fido2-device={self.key.hidraw}", f"--fido2-with-client-pin={'yes' if with_pin else 'no'}"]
        answers = [("passphrase", self.PASSPHRASE), *answers]
        self.dialogue("systemd-cryptenroll", *options, self.image, answers=answers)

    def open(self, answers=(), status=0):
        """Opens the volume with the key and nothing else: an unanswered question ends in failure."""
        options = "fido2-device=auto,tries=1,token-timeout=1" + ("" if answers else ",headless=1")
        command = ["/lib/systemd/systemd-cryptsetup", "attach", self.VOLUME, self.image, "-", options]
        self.dialogue(*command, answers=answers, status=status)

    def close(self):
        self.client("/lib/systemd/systemd-cryptsetup", "detach", self.VOLUME)

    def keep_and_read_again(self, answers=()):
        """What is written to the open volume is read from it when it was closed and opened again."""
        device = pathlib.Path("/dev/mapper", self.VOLUME)
        kept = b"kept behind the key".ljust(512)
        self.open(answers)
        with device.open("r+b") as volume:
            volume.write(kept)
        self.close()
        self.assertFalse(device.exists())
        self.open(answers)
        with device.open("rb") as volume:
            self.assertEqual(volume.read(512), kept)

    def test_a_touch_opens_the_volume(self):
        self.enroll(with_pin=False)
        self.keep_and_read_again()

    def test_a_pin_opens_the_volume(self):
        self.set_pin()
        self.enroll(with_pin=True, answers=[("PIN", PIN)])
        self.keep_and_read_again(answers=[("PIN", PIN)])

    def test_another_key_does_not_open_the_volume(self):
        self.enroll(with_pin=False)
        self.key.close()
        self.key = self.enterContext(self.plug_in())
        self.open(status=1)
