"""libfido2's tools: fido2-token, fido2-cred and fido2-assert. The cases type the PIN on a terminal."""

import base64
import os
import statistics
import time

from case import RESULTS, Case

RP = "example.org"
PIN = "2741"
ASKED = [("Enter PIN", PIN)]


def random_text():
    """32 random bytes, in the form that the tools read."""
    return base64.b64encode(os.urandom(32)).decode()


class Tools(Case):
    """The tools, as steps of a case."""

    def file(self, name, *lines):
        path = self.files / name
        path.write_text("".join(f"{line}\n" for line in lines))
        return path

    def make(self, options="", kind="es256", user="alice", answers=()):
        """fido2-cred -M: the file with the key's answer, and the credential ID."""
        user_id = base64.b64encode(user.encode()).decode()
        wanted = self.file("wanted", random_text(), RP, user, user_id)
        made = self.files / f"made-{user}"
        options = ["-M", *([f"-{options}"] if options else []), "-i", wanted, "-o", made]
        self.dialogue("fido2-cred", *options, self.key.hidraw, kind, answers=answers)
        return made, made.read_text().splitlines()[4]

    def verified(self, made, options="", kind="es256"):
        """fido2-cred -V: verifies the attestation, and returns the file with the public key."""
        public = self.files / "public"
        options = ["-V", *([f"-{options}"] if options else []), "-i", made, "-o", public]
        self.client("fido2-cred", *options, kind)
        public.write_text(public.read_text().split("\n", 1)[1])
        return public

    def sign(self, *wanted, options="", answers=(), status=0):
        """fido2-assert -G: the lines of the key's answer."""
        asked, signed = self.file("asked", random_text(), RP, *wanted), self.files / "signed"
        options = ["-G", *([f"-{options}"] if options else []), "-i", asked, "-o", signed]
        self.dialogue("fido2-assert", *options, self.key.hidraw, answers=answers, status=status)
        return signed.read_text().splitlines()

    def verify(self, public, lines, options="", kind="es256", status=0):
        """fido2-assert -V: verifies what `sign` returned."""
        signed = self.file("to-verify", *lines[:4])
        options = ["-V", *([f"-{options}"] if options else []), "-i", signed]
        self.client("fido2-assert", *options, public, kind, status=status)

    def token(self, *arguments, answers=ASKED, status=0):
        """fido2-token, on this key."""
        return self.dialogue("fido2-token", *arguments, self.key.hidraw, answers=answers, status=status)


class Device(Tools):
    def test_the_key_is_listed(self):
        self.assertIn(f"{self.key.hidraw}: vendor=0x1209, product=0x0001", self.client("fido2-token", "-L"))

    def test_the_key_tells_what_it_can_do(self):
        told = self.client("fido2-token", "-I", self.key.hidraw)
        for line in (
            "version strings: U2F_V2, FIDO_2_0, FIDO_2_1, FIDO_2_3",
            "algorithms: es256 (public-key), eddsa (public-key), es384 (public-key)",
            "pin protocols: 2, 1",
            "pin retries: 8",
        ):
            self.assertIn(line, told)
        self.assertIn("noclientPin", told)

    def test_a_pin_is_set_and_changed(self):
        self.set_pin(PIN)
        self.assertIn(" clientPin", self.client("fido2-token", "-I", self.key.hidraw))
        changes = [("Enter current PIN", PIN), ("Enter new PIN", "90210"), ("again", "90210")]
        self.token("-C", answers=changes)
        self.token("-I", "-c", answers=[("Enter PIN", "90210")])
        self.assertIn("FIDO_ERR_PIN_INVALID", self.token("-I", "-c", status=1))

    def test_a_wrong_pin_is_told_and_counted(self):
        self.set_pin(PIN)
        told = self.token("-I", "-c", answers=[("Enter PIN", "0000")], status=1)
        self.assertIn("FIDO_ERR_PIN_INVALID", told)
        self.assertIn("pin retries: 7", self.client("fido2-token", "-I", self.key.hidraw))


class Credentials(Tools):
    def test_credentials_of_each_algorithm_sign(self):
        for kind in ("es256", "eddsa", "es384"):
            with self.subTest(kind):
                made, credential = self.make(kind=kind)
                public = self.verified(made, kind=kind)
                self.verify(public, self.sign(credential), kind=kind)

    def test_a_u2f_credential_signs(self):
        made, credential = self.make("u")
        public = self.verified(made)
        self.verify(public, self.sign(credential, options="u"))

    def test_another_credentials_signature_is_refused(self):
        public = self.verified(self.make(user="alice")[0])
        _, other = self.make(user="bob")
        self.verify(public, self.sign(other), status=1)

    def test_a_pin_verifies_the_user(self):
        self.set_pin(PIN)
        made, credential = self.make("v", answers=ASKED)
        public = self.verified(made, "v")
        self.verify(public, self.sign(credential, options="v", answers=ASKED), "v")
        self.verify(public, self.sign(credential), "v", status=1)

    def test_a_resident_key_signs_without_its_id(self):
        self.set_pin(PIN)
        made, _ = self.make("r", answers=ASKED)
        lines = self.sign(options="r")
        self.assertEqual(base64.b64decode(lines[4]), b"alice", "the user ID")
        self.verify(self.verified(made), lines)

    def test_hmac_secret_is_the_same_for_the_same_salt_only(self):
        made, credential = self.make("h")
        public = self.verified(made, "h")
        one, other = random_text(), random_text()
        answers = [self.sign(credential, salt, options="h") for salt in (one, one, other)]
        for lines in answers:
            self.verify(public, lines, "h")
        first, again, second = (base64.b64decode(lines[-1]) for lines in answers)
        self.assertEqual(len(first), 32)
        self.assertEqual(first, again)
        self.assertNotEqual(first, second)


class Declined(Tools):
    touch = "deny"

    def test_a_declined_touch_makes_nothing(self):
        wanted, made = self.file("wanted", random_text(), RP, "alice", "YWxpY2U="), self.files / "made"
        told = self.client("fido2-cred", "-M", "-i", wanted, "-o", made, self.key.hidraw, status=1)
        self.assertEqual(told, "")
        self.assertIn("FIDO_ERR_OPERATION_DENIED", self.transcript())
        self.assertEqual(made.read_text(), "")


class Management(Tools):
    def setUp(self):
        super().setUp()
        self.set_pin(PIN)
        self.alice, self.bob = (self.make("r", user=user, answers=ASKED)[1] for user in ("alice", "bob"))

    def test_resident_keys_are_listed(self):
        self.assertIn(f" {RP}\n", self.token("-L", "-r"))
        listed = self.token("-L", "-k", RP)
        for credential in (self.alice, self.bob):
            self.assertIn(credential, listed)
        self.assertIn("existing rk(s): 2", self.token("-I", "-c"))

    def test_a_resident_key_is_shown(self):
        self.assertIn(self.alice, self.token("-I", "-k", RP, "-i", self.alice))

    def test_a_resident_key_gets_another_name(self):
        user_id = base64.b64encode(b"alice").decode()
        self.token("-S", "-c", "-i", self.alice, "-k", user_id, "-n", "Alicia", "-p", "Alicia A.")
        self.assertIn("Alicia A.", self.token("-L", "-k", RP))

    def test_a_deleted_resident_key_is_gone_and_the_other_is_not(self):
        self.token("-D", "-i", self.alice)
        listed = self.token("-L", "-k", RP)
        self.assertNotIn(self.alice, listed)
        self.assertIn(self.bob, listed)
        lines = self.sign(options="r")
        self.assertEqual(base64.b64decode(lines[4]), b"bob")
        self.token("-D", "-i", self.bob)
        self.assertIn("FIDO_ERR_NO_CREDENTIALS", self.token("-L", "-r", status=1))
        self.sign(options="r", status=1)


class LargeBlobs(Tools):
    def test_a_large_blob_is_kept_listed_read_and_deleted(self):
        self.set_pin(PIN)
        _, credential = self.make("rb", answers=ASKED)
        belongs = ["-n", RP, "-i", credential]
        blob, got = os.urandom(1500), self.files / "got"
        (self.files / "blob").write_bytes(blob)
        self.token("-S", "-b", *belongs, self.files / "blob")
        # fido2-token 1.12 lists it without a name. brasskey knows whose it is.
        self.assertIn(" 1500 ", self.token("-L", "-b"))
        self.assertIn(f"alice at {RP}", self.dialogue("brasskey", "blobs", "list", answers=[("PIN", PIN)]))
        self.token("-G", "-b", *belongs, got)
        self.assertEqual(got.read_bytes(), blob)
        self.token("-D", "-b", *belongs)
        self.assertNotIn(" 1500 ", self.token("-L", "-b"))
        self.token("-G", "-b", *belongs, got, status=1)

    def test_a_large_blob_is_read_with_the_key_from_a_sign_in(self):
        self.set_pin(PIN)
        made, credential = self.make("rb", answers=ASKED)
        key, got = self.files / "key", self.files / "got"
        key.write_text(self.sign(credential, options="b")[-1])
        self.assertEqual(key.read_text(), made.read_text().splitlines()[-1])
        (self.files / "blob").write_text("kept by the key")
        self.token("-S", "-b", "-k", key, self.files / "blob")
        self.token("-G", "-b", "-k", key, got, answers=())
        self.assertEqual(got.read_text(), "kept by the key")


class Speed(Tools):
    ROUNDS = 15

    def test_info_takes_a_time_that_is_shown(self):
        commands = {
            "fido2-token -I": ["fido2-token", "-I", self.key.hidraw],
            "brasskey info": ["brasskey", "info", "--device", f"hid:{self.key.hidraw}"],
        }
        times = {name: [] for name in commands}
        # The first round does not count, because it loads the programs.
        for _ in range(1 + self.ROUNDS):
            for name, command in commands.items():
                start = time.monotonic()
                self.client(*command)
                times[name].append(1000 * (time.monotonic() - start))
        table = f"{self.ROUNDS} rounds, ms, start of the process included   median   least\n" + "".join(
            f"{name:50} {statistics.median(taken[1:]):8.1f} {min(taken[1:]):7.1f}\n" for name, taken in times.items()
        )
        (RESULTS / "speed.txt").write_text(table)
        print(f"\n{table}")
