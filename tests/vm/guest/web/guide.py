"""A guide to MFA at AWS, walked on the pages of the practice account with a key over uhid."""

import json

from case import RESULTS, Case, eventually
from screen import Screen
from web.practice import Practice, Visitor

STEP = 30


class Guide(Case):
    """The walks. There is a subclass for each browser."""

    touch = "control"
    #: A class of `browser.py`, and the one of `remote.py` for it.
    browser_class = None
    remote_class = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.screen = cls.enterClassContext(Screen())
        cls.console = cls.enterClassContext(Practice(cls.screen))
        remote = cls.remote_class

        class Browser(cls.browser_class):
            def command(self, profile, address):
                self.keep_no_passwords(profile)
                program, *rest = super().command(profile, address)
                return [program, *remote.option, *rest]

        cls.browser = cls.enterClassContext(Browser(cls.screen, cls.console))
        cls.visitor = Visitor(cls.screen, remote(), "guide")

    @classmethod
    def tearDownClass(cls):
        cls.screen.develop(RESULTS)

    def setUp(self):
        super().setUp()
        if self.visitor.exists("#account-menu"):
            self.sign_out()

    def tearDown(self):
        self.visitor.photograph(f"end-of-{self._testMethodName}")

    def evidence(self):
        return f"{super().evidence()}\n-- the browser\n{self.browser.log()}"

    # What the person does.

    def give_password(self, user, then):
        visitor = self.visitor
        if user == "root":
            visitor.press("#root-link", then="#email")
            visitor.type("#email", self.console.ready["root"]["email"])
            visitor.type("#password", self.console.ready["root"]["password"])
        else:
            visitor.type("#username", user)
            visitor.type("#password", self.console.password(user))
        visitor.press("#sign-in-button", then=then)

    def sign_out(self):
        self.visitor.open_menu()
        self.visitor.press("#sign-out-button", then="#username")

    def begin_assignment(self, name, kind, then):
        visitor = self.visitor
        visitor.open_menu()
        visitor.press("#menu-security-credentials", then="#assign-mfa-device")
        visitor.press("#assign-mfa-device", then="#kind-key")
        visitor.type("#name", name)
        visitor.choose(f"#kind-{kind}")
        visitor.press("#next", then=then)

    def touch_the_key(self, then):
        """Presses the page's button, and the key's."""
        def asked():
            if not self.key.state()["waiting"]:
                self.visitor.press("#use-key", then="#key-status:not(:empty)")
            try:
                return eventually(lambda: self.key.state()["waiting"], "the key wants a touch", patience=30)
            except AssertionError:
                return None

        waiting = eventually(asked, "the key wants a touch")
        self.visitor.photograph("touch")
        self.key.press()
        self.visitor.see(then)
        return waiting["operation"]

    def assign_security_key(self, name):
        self.begin_assignment(name, "key", then="#use-key")
        self.assertEqual(self.touch_the_key(then="#devices"), "register")
        self.visitor.photograph("assigned-key")

    def assign_app(self, name):
        """The app is the key's one-time codes: the tool reads the QR code from a picture of the screen."""
        self.begin_assignment(name, "app", then="#qr-code")
        self.visitor.scroll_to("#qr-code")

        def added():
            """What the tool says, as soon as all of the code is drawn."""
            picture = self.visitor.photograph("qr")
            self.client("convert", picture, self.files / "qr.png")
            said = json.loads(
                self.client("brasskey", "oath", "add", "--qr", self.files / "qr.png", "--json", status=None)
            )
            return None if "error" in said else said

        added = eventually(added, "the tool reads the QR code")
        self.assertEqual(added["account"], f"{name}@{self.console.ready['account']}")
        first = self.next_code(name, after=None)
        second = self.next_code(name, after=first)
        self.visitor.type("#code1", first)
        self.visitor.type("#code2", second)
        self.visitor.press("#add-mfa", then="#devices")
        self.visitor.photograph("assigned-app")
        return second

    def next_code(self, name, after):
        """A code of the key that is another one than the last."""
        def code():
            [found] = json.loads(self.client("brasskey", "oath", "code", f"{name}@", "--json"))["codes"]
            return found["code"] if found["code"] != after else None

        return eventually(code, "the key has another code", patience=2 * STEP)

    def devices(self):
        return self.visitor.all(
            "#devices .device", "[element.dataset.name, element.dataset.kind, element.dataset.serial]"
        )

    def verdict_of_session(self):
        self.visitor.open_menu()
        self.visitor.press("#menu-this-session", then="#session-verdict")
        return self.visitor.attribute("#session-verdict", "data-verdict")

    def sign_ins(self):
        """User, outcome and MFA of each sign-in, the newest first."""
        self.visitor.press("a[href='/history']", then="#events")
        return self.visitor.all(
            "#events [data-event=ConsoleLogin]",
            "[element.dataset.user, element.dataset.outcome, element.dataset.mfaUsed, element.dataset.mfaIdentifier]",
        )

    # The walks.

    def test_a_user(self):
        visitor = self.visitor
        visitor.photograph("sign-in")
        self.give_password("alice", then="#no-mfa")

        self.assign_security_key("my-key")
        [(name, kind, key)] = self.devices()
        self.assertEqual((name, kind), ("my-key", "security-key"))
        self.assertRegex(key, rf"^arn:aws:iam::{self.console.ready['account']}:u2f/user/alice/my-key-[A-Z2-7]{{26}}$")

        # The misdiagnosis: nobody is asked, because the session is older than the device.
        self.assertEqual(self.verdict_of_session(), "cached")
        visitor.photograph("cached-session")

        self.sign_out()
        self.give_password("alice", then="#use-key")
        self.assertEqual(self.touch_the_key(then="#signed-in-as"), "authenticate")
        self.assertEqual(self.verdict_of_session(), "mfa")

        last = self.assign_app("my-codes")
        self.assertEqual({kind for _, kind, _ in self.devices()}, {"security-key", "virtual"})
        self.sign_out()
        self.give_password("alice", then="#way-1")
        visitor.photograph("ways")
        visitor.choose("#way-1")
        visitor.press("#way-next", then="#code")
        visitor.type("#code", self.next_code("my-codes", after=last))
        visitor.press("#mfa-submit", then="#signed-in-as")

        app = f"arn:aws:iam::{self.console.ready['account']}:mfa/my-codes"
        by_app, by_key, by_password = self.sign_ins()
        self.assertEqual(by_app, ["alice", "Success", "Yes", app])
        self.assertEqual(by_key, ["alice", "Success", "Yes", key])
        self.assertEqual(by_password[:3], ["alice", "Success", "No"])
        visitor.photograph("history")

        visitor.open_menu()
        visitor.press("#menu-security-credentials", then="#devices")
        visitor.press(f"[data-serial='{key}'] [data-action=remove]", then="#remove-button")
        visitor.press("#remove-button", then="#notice")
        self.assertEqual([kind for _, kind, _ in self.devices()], ["virtual"])

        # The device is lost: an administrator helps.
        self.sign_out()
        self.give_password("alice", then="#mfa-submit")
        visitor.press("a[href='/lost-device']", then="#no-recovery-codes")
        visitor.photograph("lost-device")
        visitor.press("#brand", then="#start-again")
        visitor.press("#start-again", then="#username")
        self.give_password("admin", then="#signed-in-as")
        visitor.press("a[href='/users']", then="#users")
        visitor.press("#users a[href='/users/alice']", then="[data-action=remove]")
        visitor.press("[data-action=remove]", then="#remove-button")
        visitor.press("#remove-button", then="#notice")
        self.sign_out()
        self.give_password("alice", then="#no-mfa")

    def test_root(self):
        self.give_password("root", then="#no-mfa")
        self.assign_security_key("root-key")
        [(_, _, serial)] = self.devices()
        self.assertIn(":u2f/root/root-key-", serial)
        self.sign_out()
        self.give_password("root", then="#use-key")
        self.assertEqual(self.touch_the_key(then="#signed-in-as"), "authenticate")
        # In CloudTrail's example for root it is in capitals.
        self.assertEqual(self.sign_ins()[0][:3], ["root", "Success", "YES"])
