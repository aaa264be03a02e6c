"""PAM and LUKS: pam_u2f lets a user in, and systemd opens an encrypted volume."""

import pathlib
import subprocess

from case import Case

PIN = "2741"
SERVICE = pathlib.Path("/etc/pam.d/brasskey")


class Pam(Case):
    """A service that asks for the key only."""

    def setUp(self):
        super().setUp()
        self.mapping, self.state = self.files / "mapping", self.files / "state"
        self.addCleanup(SERVICE.unlink, missing_ok=True)
        # pamu2fcfg 1.1 refuses self attestation, so that the key needs a certificate.
        self.client("brasskey", "attestation", "init", "--out", self.files / "lab", "--state", self.state)
        self.replug("--state", self.state)

    def enroll(self, *options):
        """Runs pamu2fcfg for root, and makes a service that uses its output."""
        told = self.client("pamu2fcfg", "--username", "root", *options)
        self.assertRegex(told, "^root:.*,es256,")
        self.mapping.write_text(told)
        SERVICE.write_text(f"auth required pam_u2f.so authfile={self.mapping} cue\naccount required pam_permit.so\n")

    def authenticate(self, user="root", answers=(), status=0):
        told = self.dialogue("pamtester", "brasskey", user, "authenticate", answers=answers, status=status)
        self.assertEqual("successfully authenticated" in told, status == 0)
        return told

    def test_a_touch_lets_the_user_in(self):
        self.enroll()
        self.assertIn("Please touch", self.authenticate())

    def test_a_pin_lets_the_user_in(self):
        self.set_pin(PIN)
        self.enroll("--pin-verification")
        self.authenticate(answers=[("PIN", PIN)])

    def test_a_wrong_pin_lets_nobody_in(self):
        self.set_pin(PIN)
        self.enroll("--pin-verification")
        self.authenticate(answers=[("PIN", "0000")], status=1)

    def test_a_declined_touch_lets_nobody_in(self):
        self.enroll()
        self.replug("--state", self.state, touch="deny")
        self.authenticate(status=1)
        self.replug("--state", self.state)
        self.authenticate()

    def test_a_user_without_the_key_is_not_let_in(self):
        self.enroll()
        self.authenticate(user="nobody", status=1)


class Luks(Case):
    """Each case has its own volume, with a file on it."""

    PASSPHRASE = "correct horse"
    VOLUME = "brasskey-volume"
    OPEN = pathlib.Path("/dev/mapper", VOLUME)
    KEPT = b"kept behind the key".ljust(512)

    def setUp(self):
        super().setUp()
        subprocess.run(["modprobe", "--all", "loop", "dm_crypt"], check=True)
        self.addCleanup(subprocess.run, ["cryptsetup", "close", self.VOLUME], stderr=subprocess.DEVNULL)
        self.image = self.files / "volume"
        with self.image.open("wb") as image:
            image.truncate(32 << 20)
        self.cryptsetup("luksFormat", "--batch-mode", "--pbkdf", "pbkdf2", "--pbkdf-force-iterations", 1000, self.image)
        self.cryptsetup("open", self.image, self.VOLUME)
        self.OPEN.write_bytes(self.KEPT)
        self.client("cryptsetup", "close", self.VOLUME)

    def cryptsetup(self, *arguments):
        self.client("cryptsetup", *arguments, "--key-file", "-", input=self.PASSPHRASE)

    def enroll(self, with_pin, answers=()):
        options = [f"--fido2-device={self.key.hidraw}", f"--fido2-with-client-pin={'yes' if with_pin else 'no'}"]
        # If it were typed, systemd would remember the passphrase from case to case.
        known = {"PASSWORD": self.PASSPHRASE}
        self.dialogue("systemd-cryptenroll", *options, self.image, answers=answers, env=known)

    def attach(self, answers=(), status=0):
        """Opens the volume with the key only. Fails if it is asked for more."""
        options = "fido2-device=auto,tries=1,token-timeout=1" + ("" if answers else ",headless=1")
        command = ["/lib/systemd/systemd-cryptsetup", "attach", self.VOLUME, self.image, "-", options]
        self.dialogue(*command, answers=answers, status=status)
        self.assertEqual(self.OPEN.exists(), status == 0)

    def assert_opens(self, answers=()):
        self.attach(answers)
        with self.OPEN.open("rb") as volume:
            self.assertEqual(volume.read(len(self.KEPT)), self.KEPT)
        self.client("/lib/systemd/systemd-cryptsetup", "detach", self.VOLUME)

    def test_a_touch_opens_the_volume(self):
        self.enroll(with_pin=False)
        self.assert_opens()

    def test_a_pin_opens_the_volume(self):
        self.set_pin(PIN)
        # systemd 252 asks for the PIN only if the key needs it to make a credential, but opens with the PIN's secret.
        self.dialogue("fido2-token", "-S", "-u", self.key.hidraw, answers=[("PIN", PIN)])
        self.enroll(with_pin=True, answers=[("PIN", PIN)])
        self.assert_opens(answers=[("PIN", PIN)])

    def test_another_key_does_not_open_the_volume(self):
        state = self.files / "state"
        self.replug("--state", state)
        self.enroll(with_pin=False)
        self.replug()
        self.attach(status=1)
        self.replug("--state", state)
        self.assert_opens()
