"""A desktop's notifications, its keyring, and the unit for its sessions, with dunst and GNOME Keyring on a real bus."""

import os
import unittest.mock

import brasskey
from case import RESULTS, Case, eventually
from key import Key, NoKey
from screen import Screen
from session import Notifications, Secrets, Session
from terminal import Terminal

#: The exit codes of a command if the computer failed, and if the user refused.
FAILED, REFUSED = 1, 4


class InSession:
    """Cases in their own session. The key and its clients are in it."""

    def setUp(self):
        self.session = self.enterContext(Session())
        self.enterContext(unittest.mock.patch.dict(os.environ, self.session.environment))
        super().setUp()


class Notified(InSession, brasskey.Brasskey):
    """A key that asks with a notification."""

    touch = "notify"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.screen = cls.enterClassContext(Screen())

    @classmethod
    def tearDownClass(cls):
        cls.screen.develop(RESULTS)
        super().tearDownClass()

    def setUp(self):
        super().setUp()
        self.desktop = self.enterContext(Notifications(self.session, self.screen))

    def asked(self, *arguments):
        """Runs a command until the desktop shows what it needs a touch for."""
        process = self.begin(*arguments)
        eventually(lambda: self.desktop.shown() == 1, "the desktop shows a notification")
        return process

    def ends(self, process, status):
        said = self.end(process)
        self.note(f"-- dunst\n{self.desktop.said()}")
        self.assertEqual(process.returncode, status)
        eventually(lambda: self.desktop.shown() == 0, "the notification is gone")
        return said

    def test_it_names_the_site_and_the_operation_and_approves(self):
        process = self.asked("register")
        self.screen.photograph(RESULTS / "notification")
        for text in ("Touch the security key?", "Register a credential at example.com as alice"):
            self.assertIn(text, self.desktop.said())
        self.desktop.choose("Approve")
        self.assertIn("Registered", self.ends(process, 0))

        process = self.asked("authenticate")
        self.assertIn("Sign in at example.com", self.desktop.said())
        self.desktop.choose("Approve")
        self.assertIn("Signed in", self.ends(process, 0))

    def test_deny_refuses(self):
        process = self.asked("register")
        self.desktop.choose("Deny")
        self.assertNotIn("Registered", self.ends(process, REFUSED))

    def test_who_closes_it_refuses(self):
        process = self.asked("register")
        self.desktop.close()
        self.assertNotIn("Registered", self.ends(process, REFUSED))

    def test_a_request_that_ends_takes_it_away(self):
        process = self.asked("register")
        process.send_signal(2)
        self.end(process)
        eventually(lambda: self.desktop.shown() == 0, "the notification is gone")
        eventually(lambda: not self.key.state()["waiting"], "the key waits no more")

    def test_markup_of_a_site_is_shown_as_text(self):
        process = self.asked("register", "--user", "<b>mallory</b>&amp;")
        self.assertIn(r"as \u{3c}b\u{3e}mallory\u{3c}/b\u{3e}\u{26}amp;", self.desktop.said())
        self.desktop.close()
        self.ends(process, REFUSED)


class Unnotified(InSession, brasskey.Brasskey):
    """A key that would ask with a notification, in a session that cannot show one."""

    touch = "notify"

    def test_without_a_terminal_either_it_refuses(self):
        process = self.begin("register")
        self.assertNotIn("Registered", self.end(process))
        self.assertEqual(process.returncode, REFUSED)
        self.assertIn("no desktop notification can ask", self.key.errors())
        self.assertIn("start it with --touch auto", self.key.errors())

    def test_it_asks_on_the_terminal(self):
        self.key.close()
        token = self.enterContext(Terminal("brasskey", "token", "--uhid", "--touch", "notify", "--ephemeral"))
        token.await_text("Ready:")
        process = self.begin("register")
        token.await_text("touch the key to register a credential at example.com as alice?")
        self.assertIn("no desktop notification can ask", token.shown())
        token.type("\n")
        self.assertIn("Registered", self.end(process))


class Keyring(InSession, brasskey.Brasskey):
    """A key whose file the keyring opens."""

    PASSWORD = "of the session"

    @classmethod
    def plug_in(cls):
        return NoKey()

    def setUp(self):
        super().setUp()
        self.state = self.session.home / "state.redb"

    def make(self):
        """The command that makes a token whose file is sealed from the beginning."""
        return "attestation", "init", "--out", str(self.files / "lab"), "--state", str(self.state), "--seal", "keyring"

    def seal(self):
        with Secrets(self.session, self.PASSWORD):
            self.brasskey(*self.make())
            # What its users see. The key itself is no text.
            listed = self.client("secret-tool", "search", "--all", "service", "brasskey", errors="replace")
            self.assertIn(f"label = brasskey: {self.state}", listed)

    def starts(self, command):
        with Key("--state", str(self.state)) as key:
            self.assertEqual(key.ready["seal"], "keyring")
            self.brasskey(command)

    def does_not_start(self, why, status):
        token = ("token", "--uhid", "--touch", "auto", "--state", str(self.state))
        error = self.brasskey(*token, status=status)["error"]
        self.assertIn(why, error["message"])

    def test_the_keyring_opens_it_again_and_again(self):
        self.seal()
        for command in ("register", "authenticate"):
            with Secrets(self.session, self.PASSWORD):
                self.starts(command)

    def test_a_keyring_that_stays_locked_does_not(self):
        self.seal()
        with Secrets(self.session, None):
            self.does_not_start("the desktop keyring stays locked", REFUSED)

    def test_neither_another_keyring_nor_none_does(self):
        self.seal()
        self.does_not_start("no desktop keyring can be used", FAILED)
        other = self.enterContext(Session())
        self.environment |= other.environment
        with Secrets(other, self.PASSWORD):
            self.does_not_start("the desktop keyring does not have its key", FAILED)

    def test_without_a_keyring_nothing_is_made(self):
        error = self.brasskey(*self.make(), status=FAILED)["error"]
        self.assertIn("no desktop keyring can be used", error["message"])
        self.assertFalse(self.state.exists())


class Unit(Case):
    """What contrib/ has for systemd."""

    @classmethod
    def plug_in(cls):
        return NoKey()

    def test_the_unit_is_one(self):
        # `brasskey man` prints its manual, which is not installed here.
        self.client(
            "systemd-analyze", "verify", "--user", "--man=no", "/share/contrib/systemd/brasskey-token@.service",
            env={**os.environ, "XDG_RUNTIME_DIR": str(self.files)},
        )
        # It prints warnings on stderr, and they do not change its exit status.
        self.assertEqual(len(self.transcript().splitlines()), 2, "the command and its exit status")
