"""OpenSSH: ssh-keygen makes keys on the key, and ssh logs in with them to a real sshd."""

import socket
import subprocess

from case import Case, eventually
from key import PATIENCE

PIN = "2741"
ASKED = [("Enter PIN", PIN)]
PORT = 2222


def listens():
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", PORT)) == 0


class Ssh(Case):
    """Each case has its own server."""

    #: More lines for the server's configuration.
    server = ""

    def setUp(self):
        super().setUp()
        self.authorized = self.files / "authorized_keys"
        self.serve()

    def serve(self):
        """Starts sshd, and waits until it listens."""
        config, log = self.files / "sshd_config", self.files / "sshd.log"
        config.write_text(
            f"ListenAddress 127.0.0.1:{PORT}\n"
            f"AuthorizedKeysFile {self.authorized}\n"
            f"HostKey /etc/ssh/ssh_host_ed25519_key\n"
            f"PermitRootLogin prohibit-password\nPasswordAuthentication no\nUsePAM no\nPidFile none\n"
            # Everyone can write to the directory for temporary files.
            f"StrictModes no\n{self.server}\n"
        )
        server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-f", config, "-E", log])
        self.addCleanup(server.wait, PATIENCE)
        self.addCleanup(server.terminate)
        self.addCleanup(lambda: self.note(f"-- sshd\n{log.read_text()}"))
        eventually(listens, "sshd listens")

    def generate(self, kind, *options, name="key", answers=(), status=0):
        """ssh-keygen: the file of the new key, which the server accepts from now on."""
        file = self.files / name
        options = [word for option in options for word in ("-O", option)]
        self.dialogue("ssh-keygen", "-t", kind, *options, "-N", "", "-f", file, answers=answers, status=status)
        return self.authorize(file)

    def download(self, answers, status=0):
        """ssh-keygen -K: the directory with the files that it made."""
        directory = self.files / "downloads"
        directory.mkdir()
        self.dialogue("ssh-keygen", "-K", "-N", "", cwd=directory, answers=answers, status=status)
        return directory

    def authorize(self, file):
        with self.authorized.open("a") as keys:
            keys.write(file.with_name(f"{file.name}.pub").read_text())
        return file

    def log_in(self, file, answers=(), status=0):
        """What ssh and the remote command print."""
        hosts = ["-o", "UserKnownHostsFile=/dev/null", "-o", "StrictHostKeyChecking=no"]
        options = ["-F", "none", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none", *hosts, "-i", file, "-p", PORT]
        command = ["ssh", *options, "root@127.0.0.1", "echo seven eights are $((7*8))"]
        told = self.dialogue(*command, answers=answers, status=status)
        self.assertEqual("seven eights are 56" in told, status == 0)
        return told


class Login(Ssh):
    def test_an_ecdsa_key_logs_in(self):
        self.log_in(self.generate("ecdsa-sk"))

    def test_an_ed25519_key_logs_in(self):
        self.log_in(self.generate("ed25519-sk"))

    def test_without_its_security_key_nobody_logs_in(self):
        file = self.generate("ecdsa-sk")
        self.replug()
        self.log_in(file, status=255)

    def test_a_declined_touch_does_not_log_in(self):
        state = self.files / "state"
        self.replug("--state", state)
        file = self.generate("ecdsa-sk")
        self.replug("--state", state, touch="deny")
        # OpenSSH thinks that OPERATION_DENIED means a missing PIN, and asks for one.
        self.log_in(file, answers=ASKED, status=255)
        self.replug("--state", state)
        self.log_in(file)


class Resident(Ssh):
    def test_resident_keys_log_in_as_made_and_as_downloaded(self):
        self.set_pin(PIN)
        for kind, application in (("ecdsa-sk", "ssh:one"), ("ed25519-sk", "ssh:")):
            self.log_in(self.generate(kind, "resident", f"application={application}", name=kind, answers=ASKED))
        self.authorized.unlink()
        downloads = self.download(ASKED)
        for name in ("id_ecdsa_sk_rk_one", "id_ed25519_sk_rk"):
            self.log_in(self.authorize(downloads / name))

    def test_a_download_with_a_wrong_pin_brings_nothing(self):
        self.set_pin(PIN)
        self.generate("ecdsa-sk", "resident", answers=ASKED)
        downloads = self.download([("Enter PIN", "0000")], status=255)
        self.assertIn("incorrect passphrase", self.transcript())
        self.assertEqual(list(downloads.iterdir()), [])


class VerifyRequired(Ssh):
    server = "PubkeyAuthOptions verify-required"

    def test_the_pin_logs_in(self):
        self.set_pin(PIN)
        for kind in ("ecdsa-sk", "ed25519-sk"):
            file = self.generate(kind, "verify-required", name=kind)
            self.log_in(file, answers=ASKED)

    def test_the_pin_logs_in_with_a_downloaded_key(self):
        self.set_pin(PIN)
        self.generate("ed25519-sk", "resident", "verify-required", answers=ASKED)
        downloads = self.download(ASKED)
        self.log_in(self.authorize(downloads / "id_ed25519_sk_rk"), answers=ASKED)

    def test_a_wrong_pin_does_not_log_in(self):
        self.set_pin(PIN)
        file = self.generate("ecdsa-sk", "verify-required")
        self.log_in(file, answers=[("Enter PIN", "0000")], status=255)

    def test_a_touch_alone_does_not_log_in(self):
        self.set_pin(PIN)
        self.assertIn("Permission denied", self.log_in(self.generate("ecdsa-sk"), status=255))


class Declined(Ssh):
    touch = "deny"

    def test_a_declined_touch_makes_no_key(self):
        for kind in ("ecdsa-sk", "ed25519-sk"):
            file = self.files / kind
            # OpenSSH thinks that OPERATION_DENIED means a missing PIN, and asks for one.
            told = self.dialogue("ssh-keygen", "-t", kind, "-N", "", "-f", file, answers=ASKED, status=255)
            self.assertIn("Key enrollment failed", told)
            self.assertFalse(file.exists())
