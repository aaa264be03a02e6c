"""What websites do with the key through a browser. One browser makes all requests, and each case has its own key."""

import json
import subprocess

from fido2.utils import websafe_encode

from case import RESULTS, Case, eventually
from screen import Screen
from web import relying_party
from web.website import Website

PIN = "83746592"
#: Two inputs of the extension prf.
INPUTS = (websafe_encode(b"first"), websafe_encode(b"second"))
#: Milliseconds that a ceremony may spend in the key.
BRIEF = 20


class Ceremonies(Case):
    """The cases. There is a subclass for each browser."""

    touch = "control"
    #: A class of `browser.py`.
    browser_class = None
    #: Whether the browser shows the credential that it will use, and waits for consent.
    chooses = False
    #: Whether the browser shows why the key refused, and waits until the user has read it.
    explains = False
    #: Whether the browser replaces the AAGUID by zeros if the website does not ask for attestation.
    blanks_aaguid = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # By then an emulated processor has translated most of what a key runs. That does not count as the key's time.
        subprocess.run(["brasskey", "selftest", "--ephemeral"], check=True, capture_output=True)
        cls.times = []
        cls.site = cls.enterClassContext(Website())
        cls.screen = cls.enterClassContext(Screen())
        cls.browser = cls.enterClassContext(cls.browser_class(cls.screen, cls.site))

    @classmethod
    def tearDownClass(cls):
        cls.screen.develop(RESULTS)
        brief = sum(total < 1000 * BRIEF for total, _ in cls.times)
        table = "\n".join(f"{total:8} µs  {ceremony}" for total, ceremony in cls.times)
        RESULTS.joinpath("times").write_text(f"{table}\n")
        print(f"\nTime in the key, a ceremony a line; {brief} of {len(cls.times)} took less than {BRIEF} ms:\n{table}")

    def setUp(self):
        super().setUp()
        self.request = None
        self.aaguid = json.loads(self.client("brasskey", "info", "--json"))["getInfo"]["aaguid"]
        self.seen = len(self.key.log())

    def tearDown(self):
        self.screen.photograph(RESULTS / self.id().rpartition(".")[2])
        if self.request and not self.request.ended():
            # The next case needs the browser.
            self.request.abort()
            self.request.outcome()

    def evidence(self):
        return f"{super().evidence()}\n-- the browser\n{self.browser.log()}"

    # What the user does.

    def set_pin(self):
        """Gives the key a PIN. Otherwise the browser would ask for a new one."""
        self.client("brasskey", "pin", "set", "--new-pin-env", "PIN", env={**self.screen.environment, "PIN": PIN})
        self.seen = len(self.key.log())

    def enter_pin(self):
        # By then the browser has asked the key everything for which it needs no PIN.
        self.browser.await_question()
        before = len(self.key.log())
        self.browser.enter_pin(PIN, lambda: len(self.key.log()) > before)

    def await_touch(self):
        """Waits until the key waits for a touch, and returns what the touch is for."""
        eventually(lambda: self.key.state()["waiting"] or self.request.ended(), "the key wants a touch")
        return self.key.state()["waiting"] or self.fail(f"ended before a touch: {self.request.outcome()}")

    # What the website does.

    def ask(self, method, options, pin):
        """Begins a ceremony, up to the PIN."""
        self.request = self.site.ask(method, options)
        self.note(f"navigator.credentials.{method}({json.dumps(options)})")
        if pin:
            self.enter_pin()

    def outcome(self):
        outcome = self.request.outcome()
        self.note(json.dumps(outcome))
        self.account()
        return outcome

    def account(self):
        """Records how long the key took for the commands of a ceremony."""
        log = self.key.log()
        commands, self.seen = log[self.seen:], len(log)
        total = sum(command["duration_us"] for command in commands)
        parts = ", ".join(
            f"{command['command'].removeprefix('authenticator')} {command['status']} {command['duration_us']}"
            for command in commands
        )
        self.times.append((total, f"{self.request.body['method']} in {self._testMethodName}: {parts}"))

    def register(self, pin=False, **wanted):
        options, verify = relying_party.creation(**wanted)
        self.ask("create", options, pin)
        self.assertEqual(self.await_touch()["operation"], "register")
        self.key.press()
        return verify(self.credential())

    def authenticate(self, credentials, pin=False, **wanted):
        options, verify = relying_party.request(credentials, **wanted)
        self.ask("get", options, pin)
        self.assertEqual(self.await_touch()["operation"], "authenticate")
        self.key.press()
        if self.chooses and not wanted.get("allow", True):
            self.browser.answer("Return")
        return verify(self.credential())

    def credential(self):
        outcome = self.outcome()
        self.assertIn("credential", outcome)
        return outcome["credential"]

    def error(self):
        """The name of the exception that the page caught."""
        outcome = self.outcome()
        self.assertIn("error", outcome)
        return outcome["error"]["name"]

    # The cases.

    def test_direct_attestation_shows_the_model(self):
        registration = self.register(attestation="direct")
        self.assertEqual(registration.attestation.fmt, "packed")
        self.assertEqual(str(registration.credential.aaguid), self.aaguid)

    def test_a_second_factor_registers_and_authenticates(self):
        registration = self.register()
        self.assertEqual((registration.attestation.fmt, registration.attestation.att_stmt), ("none", {}))
        blank = "00000000-0000-0000-0000-000000000000"
        self.assertEqual(str(registration.credential.aaguid), blank if self.blanks_aaguid else self.aaguid)
        counters = [registration.data.counter]
        for _ in range(2):
            authentication = self.authenticate([registration.credential])
            self.assertFalse(authentication.data.is_user_verified())
            counters.append(authentication.data.counter)
        self.assertEqual(counters, sorted(set(counters)), "the signature counter grows")

    def test_a_passkey_registers_and_authenticates_with_a_pin(self):
        self.set_pin()
        registration = self.register(pin=True, resident_key="required", user_verification="required")
        self.assertTrue(registration.data.is_user_verified())
        authentication = self.authenticate(
            [registration.credential], pin=True, allow=False, user_verification="required"
        )
        self.assertTrue(authentication.data.is_user_verified())
        self.assertEqual(authentication.credential_id, registration.credential.credential_id)
        self.assertEqual(authentication.user_handle, b"alice's account")

    def test_prf_gives_the_same_for_the_same_input_only(self):
        self.set_pin()
        first, second = INPUTS

        def evaluate(*inputs):
            authentication = self.authenticate(
                [registration.credential], pin=True, user_verification="required",
                extensions={"prf": {"eval": dict(zip(("first", "second"), inputs))}},
            )
            return authentication.extensions["prf"]["results"]

        registration = self.register(
            pin=True, user_verification="required", extensions={"prf": {"eval": {"first": first, "second": second}}}
        )
        self.assertTrue(registration.extensions["prf"]["enabled"])
        once = registration.extensions["prf"].get("results") or evaluate(first, second)
        self.assertNotEqual(once["first"], once["second"])
        self.assertEqual(evaluate(second, first), {"first": once["second"], "second": once["first"]})

    def test_a_protected_credential_says_so_and_takes_the_pin(self):
        self.set_pin()
        protection = {
            "credentialProtectionPolicy": "userVerificationRequired", "enforceCredentialProtectionPolicy": True
        }
        registration = self.register(
            pin=True, resident_key="required", user_verification="required", extensions=protection
        )
        # userVerificationRequired (CTAP 2.3 §12.1), under the signature.
        self.assertEqual(registration.data.extensions, {"credProtect": 3})
        authentication = self.authenticate([registration.credential], pin=True, user_verification="required")
        self.assertTrue(authentication.data.is_user_verified())

    def test_an_excluded_credential_is_not_registered_again(self):
        registration = self.register()
        options, _ = relying_party.creation(exclude=[registration.credential])
        self.ask("create", options, pin=False)
        self.assertEqual(self.await_touch()["operation"], "excluded")
        self.key.press()
        if self.explains:
            self.browser.answer("Escape")
        self.assertEqual(self.error(), "InvalidStateError")
        # CTAP2_ERR_CREDENTIAL_EXCLUDED
        self.assertEqual(self.key.log()[-1]["status"], "0x19")

    def test_a_cancelled_request_leaves_nothing(self):
        self.set_pin()
        options, _ = relying_party.creation(resident_key="required", user_verification="required")
        self.ask("create", options, pin=True)
        self.await_touch()
        self.request.abort()
        self.assertEqual(self.error(), "AbortError")
        eventually(lambda: not self.key.state()["waiting"], "the key gives up")
        # CTAP2_ERR_KEEPALIVE_CANCEL
        self.assertEqual(self.key.log()[-1]["status"], "0x2d")
        kept = self.client(
            "brasskey", "credentials", "list", "--json", "--pin-env", "PIN", env={**self.screen.environment, "PIN": PIN}
        )
        self.assertEqual(json.loads(kept)["existing"], 0)
