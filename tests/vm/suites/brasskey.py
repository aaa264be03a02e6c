"""brasskey itself, with a key plugged in. It is plugged in like any other, and is the only one."""

import json
import os
import subprocess
import tempfile

from case import Case, eventually
from key import PATIENCE

PIN = "2468"
REGISTER = ("brasskey", "register", "--attestation", "none", "--name", "first")


class Brasskey(Case):
    """Each case has its own home directory, in which registrations are stored."""

    def setUp(self):
        super().setUp()
        home = self.enterContext(tempfile.TemporaryDirectory())
        self.environment = {**os.environ, "HOME": home, "PIN": PIN, "OTHER_PIN": "1357"}

    def brasskey(self, *arguments, status=0):
        """What the command prints as JSON."""
        return json.loads(self.client("brasskey", *arguments, "--json", status=status, env=self.environment) or "null")

    def refused(self, *arguments, status):
        """What the command prints without JSON."""
        self.client("brasskey", *arguments, status=status, env=self.environment)
        return self.transcript()

    def begin(self, *arguments):
        """A command that runs while the case goes on."""
        process = subprocess.Popen(
            ["brasskey", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, env=self.environment,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        return process

    def end(self, process):
        said = process.communicate(timeout=PATIENCE)[0]
        self.note(f"{process.args} said\n{said}[exit status {process.returncode}]")
        return said


class ByItself(Brasskey):
    """A key that approves at once."""

    def test_list_names_the_key(self):
        listed = self.brasskey("list")
        self.assertEqual([key["address"] for key in listed], [f"hid:{self.key.hidraw}"])
        self.assertEqual(listed[0]["product"], "brasskey soft token")
        self.assertEqual(listed[0]["serialNumber"], self.key.ready["serial"])
        self.assertEqual((listed[0]["vendorId"], listed[0]["productId"]), (0x1209, 0x0001))

    def test_info_tells_what_the_key_can_do(self):
        info = self.brasskey("info")
        self.assertIn("FIDO_2_3", self.refused("info", status=0))
        self.assertTrue(info)

    def test_selftest_finds_the_key_fit(self):
        verdict = self.brasskey("selftest")
        self.assertTrue(verdict["fit"])
        self.assertEqual(verdict["failed"], 0)

    def test_a_registered_key_signs_in(self):
        registered = self.brasskey("register", "--name", "plugged")
        self.assertEqual(registered["protocol"], "CTAP2")
        self.assertEqual(self.brasskey("authenticate")["registration"], "plugged")

    def test_a_registered_key_signs_in_over_u2f(self):
        self.assertEqual(self.brasskey("register", "--u2f")["protocol"], "U2F")
        self.brasskey("authenticate", "--u2f")

    def test_a_registered_key_is_not_registered_again(self):
        self.brasskey("register")
        self.assertIn("registered for the account already", self.refused("register", status=5))

    def test_a_pin_is_set_changed_and_held_against_guesses(self):
        self.brasskey("pin", "set", "--new-pin-env", "PIN")
        self.assertTrue(self.brasskey("pin", "status")["isSet"])
        self.brasskey("pin", "verify", "--pin-env", "PIN")
        self.assertIn("7", self.refused("pin", "verify", "--pin-env", "OTHER_PIN", status=5))
        self.brasskey("pin", "change", "--pin-env", "PIN", "--new-pin-env", "OTHER_PIN")
        self.brasskey("pin", "verify", "--pin-env", "OTHER_PIN")
        self.assertEqual(self.brasskey("pin", "status")["retries"], 8)

    def test_a_pin_is_typed_on_a_terminal(self):
        told = self.dialogue("brasskey", "pin", "set", answers=[("PIN", PIN), ("Repeat", PIN)], env=self.environment)
        self.assertNotIn(PIN, told)
        self.brasskey("pin", "verify", "--pin-env", "PIN")

    def test_passkeys_are_listed_and_deleted(self):
        self.brasskey("pin", "set", "--new-pin-env", "PIN")
        self.brasskey("register", "--resident", "--pin-env", "PIN")
        listed = self.brasskey("credentials", "list", "--pin-env", "PIN")
        self.assertEqual(listed["existing"], 1)
        credential = listed["relyingParties"][0]["credentials"][0]["id"]
        self.brasskey("credentials", "delete", credential, "--yes", "--pin-env", "PIN")
        self.assertEqual(self.brasskey("credentials", "list", "--pin-env", "PIN")["existing"], 0)

    def test_a_key_just_plugged_in_is_reset(self):
        self.brasskey("pin", "set", "--new-pin-env", "PIN")
        self.key.power("cycle")
        self.plugged_in()
        self.brasskey("reset", "--yes")
        self.assertFalse(self.brasskey("pin", "status")["isSet"])

    def test_two_keys_are_told_apart(self):
        with self.key_class("--name", "other", "--state", str(self.files / "other.redb")) as other:
            self.assertNotEqual(other.ready["serial"], self.key.ready["serial"])
            listed = {key["serialNumber"]: key["product"] for key in self.brasskey("list")}
            self.assertEqual(
                listed,
                {
                    self.key.ready["serial"]: "brasskey soft token",
                    other.ready["serial"]: "brasskey soft token (other)",
                },
            )
            self.brasskey("register", "--device", f"hid:{other.hidraw}")
            self.refused("authenticate", "--device", f"hid:{self.key.hidraw}", status=5)
            self.brasskey("authenticate", "--device", f"hid:{other.hidraw}")

    def test_what_is_said_to_a_key_is_recorded_and_read_and_replayed(self):
        recording = self.files / "recording.txt"
        self.refused("record", recording, "--device", f"hid:{self.key.hidraw}", "--", *REGISTER, status=0)
        decoded = self.brasskey("decode", recording)
        self.assertEqual((decoded["kind"], decoded["faults"]), ("recording", []))
        self.assertIn("authenticatorMakeCredential", json.dumps(decoded["members"]))
        # Somebody else, without a key.
        self.key.power("off")
        self.environment["HOME"] = self.enterContext(tempfile.TemporaryDirectory())
        self.assertIn("Registered", self.refused("replay", recording, "--", *REGISTER, status=0))

    def test_a_token_records_what_it_hears(self):
        recording = self.files / "heard.txt"
        with self.key_class("--record", recording) as other:
            self.brasskey("register", "--device", f"hid:{other.hidraw}", "--attestation", "none")
        decoded = self.brasskey("decode", recording)
        self.assertEqual((decoded["kind"], decoded["faults"]), ("recording", []))
        self.assertIn("authenticatorMakeCredential", json.dumps(decoded["members"]))

    def plugged_in(self):
        """Waits until the key is back, perhaps under another name."""

        def found():
            listed = self.brasskey("list")
            return listed and listed[0]["error"] is None

        eventually(found, "the key is plugged in again")


class ByHand(Brasskey):
    """A key that waits for its button."""

    touch = "control"

    def asked(self):
        eventually(lambda: self.key.state()["waiting"], "the key waits for a touch")

    def test_a_touch_is_waited_for(self):
        process = self.begin("register")
        self.asked()
        self.key.press()
        self.assertIn("Registered", self.end(process))
        self.assertEqual(process.returncode, 0)

    def test_a_key_unplugged_while_it_waits_is_told_as_such(self):
        process = self.begin("register")
        self.asked()
        self.key.power("off")
        said = self.end(process)
        self.assertNotEqual(process.returncode, 0)
        self.assertIn("is gone", said)
        self.assertEqual(self.brasskey("list"), [])

    def test_an_interrupted_registration_leaves_nothing(self):
        process = self.begin("register")
        self.asked()
        process.send_signal(2)
        self.end(process)
        self.assertNotEqual(process.returncode, 0)
        eventually(lambda: not self.key.state()["waiting"], "the key waits no more")

    def test_a_reset_too_late_asks_for_the_key_to_be_plugged_in_again(self):
        # On an emulated computer the key is older than ten seconds when the command begins. If it is not, a touch
        # resets the key at once, and the case fails.
        eventually(lambda: self.uptime() > 10_000, "the window for a reset has passed")
        process = self.begin("reset", "--yes")
        self.says(process, "end the soft token now")
        self.key.power("off")
        self.says(process, "start it again")
        self.key.power("on")
        self.asked()
        self.key.press()
        self.assertIn("is as new", self.end(process))

    def uptime(self):
        """Milliseconds since the key was plugged in, from the time of a command that it gets now."""
        self.brasskey("info")
        return self.key.log()[-1]["time_ms"]

    def says(self, process, text):
        """Reads until the command has printed this."""
        for line in process.stdout:
            self.note(line.rstrip())
            if text in line:
                return
        self.fail(f"it never said: {text}")


class HeldToTheStandards(Brasskey):
    """A key that `brasskey conformance` tries, while other programs see it, too."""

    touch = "control"
    #: What shows that reports get where they belong. All checks would take an emulated processor too long.
    parts = ("channels", "by_hand", "get_info")

    def conformance(self, *arguments):
        report = self.brasskey("conformance", "--device", f"hid:{self.key.hidraw}", *arguments)
        # Not what only warns: times, on an emulated processor.
        unfit = [check for check in report["checks"] if check["outcome"] == "fail"]
        self.assertEqual([], [(check["name"], check["message"]) for check in unfit])
        self.assertIsNone(report["left"])
        return report["summary"]

    def begin_conformance(self, *arguments):
        """Begins, and waits until checks run."""
        device = f"hid:{self.key.hidraw}"
        process = self.begin("conformance", "--device", device, *arguments)
        eventually(lambda: self.key.log()[20:], "checks run")
        return process

    def test_what_is_safe_passes_while_another_program_asks_the_key(self):
        asked = self.files / "asked"
        asking = f"while :; do fido2-token -I {self.key.hidraw} && echo >>{asked}; sleep 1; done"
        other = subprocess.Popen(["bash", "-c", asking], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            eventually(asked.exists, "the other program is answered")
            self.assertGreater(self.conformance("--only", *self.parts)["pass"], 10)
            before = asked.stat().st_size
            eventually(lambda: asked.stat().st_size > before, "it is answered again")
        finally:
            other.kill()
            other.wait()

    def test_an_answer_of_more_reports_than_the_kernel_keeps_is_whole(self):
        only = ("--only", "oath_codes::what_is_not_gone_on_with_is_over")
        self.assertEqual(self.conformance(*only, "--erase", "--yes", *self.key.hand)["pass"], 1)

    def test_a_key_unplugged_meanwhile_ends_the_run(self):
        process = self.begin_conformance("--only", "get_info", "get_assertion", "cbor")
        self.key.power("off")
        said = self.end(process)
        self.assertEqual(process.returncode, 5)
        self.assertRegex(said, "is gone since the check [a-z_0-9]+::")
        self.assertNotIn("still has what a check left", said)
