"""The soft token as a smart card: ykman and python-fido2, by other people, ask it through pcscd and its driver vpcd."""

import contextlib
import hmac
import os
import struct
import subprocess
import sys
import time
import unittest

from pcscd import PATIENCE, READER, Pcscd

DAEMON = Pcscd()

# Both find pcscd by the environment, which is set now.
from fido2.client import DefaultClientDataCollector, Fido2Client
from fido2.cose import ES256
from fido2.ctap1 import Ctap1
from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin
from fido2.hid import CAPABILITY
from fido2.pcsc import CtapPcscDevice
from smartcard import scard
from ykman.pcsc import list_devices
from yubikit.core.smartcard import ApduError as YubiApduError
from yubikit.core.smartcard import SmartCardConnection
from yubikit.oath import HASH_ALGORITHM, OATH_TYPE, CredentialData, OathSession

from test_pin import PIN, Typist
from test_sites import ControlCase
from test_udp import ORIGIN, RelyingParty

HASHES = {HASH_ALGORITHM.SHA1: "sha1", HASH_ALGORITHM.SHA256: "sha256", HASH_ALGORITHM.SHA512: "sha512"}


def setUpModule():
    unittest.enterModuleContext(DAEMON)


def expected(secret, counter, digits=6, algorithm="sha1"):
    """RFC 4226 §5.3, by Python's own HMAC."""
    digest = hmac.digest(secret, struct.pack(">Q", counter), algorithm)
    offset = digest[-1] & 0x0F
    number = struct.unpack_from(">I", digest, offset)[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


class CardCase(ControlCase):
    """A token in the reader."""

    touch = "control"
    more = ("--pcsc", f"127.0.0.1:{DAEMON.port}")

    def setUp(self):
        # Before the next case: pcscd sees late that the card is gone, and would take it for the next one.
        self.addCleanup(self.wait_for_card, False)
        super().setUp()
        self.wait_for_card(True)

    def wait_for_card(self, is_there):
        """pcscd looks at its readers some times a second."""
        result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        self.assertEqual(result, scard.SCARD_S_SUCCESS)
        deadline = time.monotonic() + PATIENCE
        seen = scard.SCARD_STATE_UNAWARE
        while time.monotonic() < deadline:
            result, states = scard.SCardGetStatusChange(context, 1000, [(READER, seen)])
            if result == scard.SCARD_S_SUCCESS:
                seen = states[0][1]
                if bool(seen & scard.SCARD_STATE_PRESENT) == is_there:
                    break
        else:
            self.fail("the card stays where it is")
        scard.SCardReleaseContext(context)

    def wait_for_question(self):
        """What the token waits for, once it does."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if waiting := self.control("GET", "/v1/state")["waiting"]:
                return waiting
        self.fail("the token waits for nothing")

    @contextlib.contextmanager
    def oath(self):
        """ykman's library, in this process."""
        (device,) = list_devices(READER)
        with device.open_connection(SmartCardConnection) as connection:
            yield OathSession(connection)


class Ykman(CardCase):
    """The command, as people and aws-vault use it."""

    SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    KEY = b"12345678901234567890"

    def command(self, *arguments):
        program = os.path.join(os.path.dirname(sys.executable), "ykman")
        return [program, "--reader", READER, "oath", *arguments]

    def ykman(self, *arguments, succeeds=True):
        ran = subprocess.run(self.command(*arguments), capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(ran.returncode == 0, succeeds, ran.stdout + ran.stderr)
        return ran.stdout if succeeds else ran.stderr

    def codes_now(self, run):
        """What `run` gives, and the codes that were right meanwhile."""
        begun = int(time.time()) // 30
        printed = run()
        return printed, [expected(self.KEY, step) for step in range(begun, int(time.time()) // 30 + 1)]

    def test_accounts_are_added_and_used_and_renamed_and_deleted(self):
        self.ykman("accounts", "add", "AWS:alice", self.SECRET)
        self.ykman("accounts", "uri", f"otpauth://totp/bob?secret={self.SECRET}&issuer=GitHub")
        self.assertEqual(self.ykman("accounts", "list").split(), ["AWS:alice", "GitHub:bob"])
        code, right = self.codes_now(lambda: self.ykman("accounts", "code", "--single", "AWS:alice"))
        self.assertIn(code.strip(), right)
        self.ykman("accounts", "rename", "--force", "AWS:alice", "AWS:carol")
        codes, right = self.codes_now(lambda: self.ykman("accounts", "code"))
        self.assertEqual([line.split()[0] for line in codes.splitlines()], ["AWS:carol", "GitHub:bob"])
        self.assertIn(codes.split()[1], right)
        self.ykman("accounts", "delete", "--force", "AWS:carol")
        self.assertEqual(self.ykman("accounts", "list").split(), ["GitHub:bob"])
        self.ykman("reset", "--force")
        self.assertEqual(self.ykman("accounts", "list").split(), [])

    def test_a_code_may_need_a_touch_and_the_token_says_whose_it_is(self):
        self.ykman("accounts", "add", "--touch", "AWS:alice", self.SECRET)
        # Where there is one account alone, it is asked for at once.
        self.ykman("accounts", "add", "GitHub:bob", self.SECRET)
        self.assertIn("[Requires Touch]", self.ykman("accounts", "code"))

        def touched():
            with subprocess.Popen(
                self.command("accounts", "code", "--single", "AWS:alice"),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as asks:
                waiting = self.wait_for_question()
                self.assertEqual((waiting["operation"], waiting["user"]), ("code", "AWS:alice"))
                self.control("POST", "/v1/button", {"action": "pulse"})
                return asks.communicate(timeout=PATIENCE)[0]

        code, right = self.codes_now(touched)
        self.assertIn(code.strip(), right)

        with subprocess.Popen(
            self.command("accounts", "code", "--single", "AWS:alice"),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as asks:
            self.wait_for_question()
            self.control("POST", "/v1/button", {"action": "deny"})
            self.assertEqual(asks.communicate(timeout=PATIENCE)[0], "")
            self.assertNotEqual(asks.returncode, 0)
        commands = [entry["command"] for entry in self.control("GET", "/v1/log")["entries"]]
        self.assertLessEqual({"OATH SELECT", "OATH PUT", "OATH CALCULATE ALL", "OATH CALCULATE"}, set(commands))

    def test_an_access_code_keeps_others_out(self):
        self.ykman("accounts", "add", "AWS:alice", self.SECRET)
        self.ykman("access", "change", "--new-password", "correct horse")
        self.assertIn("password", self.ykman("accounts", "list", "--password", "wrong", succeeds=False).lower())
        self.assertEqual(self.ykman("accounts", "list", "--password", "correct horse").split(), ["AWS:alice"])
        self.ykman("access", "change", "--password", "correct horse", "--clear")
        self.assertEqual(self.ykman("accounts", "list").split(), ["AWS:alice"])


class Oath(CardCase):
    """What ykman's library asks for, and more than its command does."""

    def put(self, session, name, secret, oath_type=OATH_TYPE.TOTP, algorithm=HASH_ALGORITHM.SHA1, digits=6, **more):
        return session.put_credential(CredentialData(name, oath_type, algorithm, secret, digits), **more)

    def test_the_codes_of_rfc_4226(self):
        # Appendix D.
        codes = "755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split()
        with self.oath() as session:
            credential = self.put(session, "counter", b"12345678901234567890", OATH_TYPE.HOTP)
            self.assertEqual([session.calculate_code(credential).value for _ in codes], codes)

    def test_the_codes_of_rfc_6238(self):
        # Appendix B. Its secrets are as long as the hash.
        lengths = {HASH_ALGORITHM.SHA1: 20, HASH_ALGORITHM.SHA256: 32, HASH_ALGORITHM.SHA512: 64}
        table = {
            59: "94287082 46119246 90693936",
            1111111109: "07081804 68084774 25091201",
            1111111111: "14050471 67062674 99943326",
            1234567890: "89005924 91819424 93441116",
            2000000000: "69279037 90698825 38618901",
            20000000000: "65353130 77737706 47863826",
        }
        with self.oath() as session:
            credentials = [
                self.put(session, name, (b"1234567890" * 7)[:length], algorithm=algorithm, digits=8)
                for (algorithm, length), name in zip(lengths.items(), HASHES.values())
            ]
            for now, codes in table.items():
                found = [session.calculate_code(credential, now).value for credential in credentials]
                self.assertEqual(found, codes.split(), now)

    def test_sixty_four_accounts_of_every_kind(self):
        """Their names take more than one answer holds: SEND REMAINING brings the rest."""
        with self.oath() as session:
            secrets = {}
            for number in range(64):
                name = f"account-{number:02}-" + "x" * 53
                algorithm = list(HASHES)[number % 3]
                secrets[name] = (os.urandom(14 + number % 7), algorithm, 6 + number % 3)
                secret, algorithm, digits = secrets[name]
                self.put(session, name, secret, algorithm=algorithm, digits=digits, touch_required=number % 8 == 7)
            self.assertEqual({credential.name for credential in session.list_credentials()}, set(secrets))
            now = 1_234_567_890
            codes = session.calculate_all(now)
            self.assertEqual(len(codes), 64)
            for credential, code in codes.items():
                secret, algorithm, digits = secrets[credential.name]
                if credential.touch_required:
                    self.assertIsNone(code)
                else:
                    self.assertEqual(code.value, expected(secret, now // 30, digits, HASHES[algorithm]))

    def test_an_access_code_is_asked_for_in_each_session(self):
        with self.oath() as session:
            key = session.derive_key("correct horse")
            self.put(session, "alice", b"x" * 20)
            session.set_key(key)
        with self.oath() as session:
            self.assertTrue(session.locked)
            with self.assertRaises(YubiApduError):
                session.list_credentials()
            with self.assertRaises(YubiApduError):
                session.validate(session.derive_key("wrong"))
            session.validate(key)
            self.assertEqual(len(session.list_credentials()), 1)
            session.unset_key()
        with self.oath() as session:
            self.assertFalse(session.locked)
            identity = session.device_id
            session.reset()
            self.assertEqual(session.list_credentials(), [])
            self.assertNotEqual(session.device_id, identity)


class Plug(CardCase):
    """The card comes and goes with the token's power and with pcscd."""

    def test_the_card_is_gone_while_the_power_is_off(self):
        self.control("POST", "/v1/power", {"action": "off"})
        self.wait_for_card(False)
        self.control("POST", "/v1/power", {"action": "on"})
        self.wait_for_card(True)
        with self.oath() as session:
            self.assertEqual(session.list_credentials(), [])

    def test_the_card_comes_back_when_pcscd_does_and_what_was_asked_ends(self):
        with self.oath() as session:
            session.put_credential(
                CredentialData("alice", OATH_TYPE.TOTP, HASH_ALGORITHM.SHA1, b"x" * 20), touch_required=True
            )
        program = [sys.executable, "-c", ASKS_FOR_A_CODE]
        with subprocess.Popen(program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as asks:
            self.assertEqual(self.wait_for_question()["user"], "alice")
            DAEMON.stop()
            self.assertNotEqual(asks.wait(PATIENCE), 0)
        DAEMON.start()
        self.wait_for_card(True)
        self.assertIsNone(self.control("GET", "/v1/state")["waiting"])
        with self.oath() as session:
            self.assertEqual([credential.name for credential in session.list_credentials()], ["alice"])


ASKS_FOR_A_CODE = f"""
from ykman.pcsc import list_devices
from yubikit.core.smartcard import SmartCardConnection
from yubikit.oath import OathSession

(device,) = list_devices({READER!r})
with device.open_connection(SmartCardConnection) as connection:
    session = OathSession(connection)
    session.calculate_code(session.list_credentials()[0])
"""


class Touches(Typist):
    """A user who also touches the token when the client says so."""

    def __init__(self, case):
        super().__init__()
        self._case = case

    def prompt_up(self):
        self._case.wait_for_question()
        self._case.control("POST", "/v1/button", {"action": "pulse"})


class Fido(CardCase):
    """python-fido2 over the same carrier."""

    def setUp(self):
        super().setUp()
        (self.card,) = CtapPcscDevice.list_devices(READER)
        self.addCleanup(self.card.close, True)

    def client(self):
        return Fido2Client(self.card, DefaultClientDataCollector(ORIGIN), user_interaction=Touches(self))

    def test_the_card_is_the_key(self):
        self.assertEqual(self.card.capabilities, CAPABILITY.NMSG | CAPABILITY.CBOR)
        self.assertEqual(Ctap1(self.card).get_version(), "U2F_V2")
        self.assertEqual(Ctap2(self.card, strict_cbor=True).info.aaguid, Ctap2(self.device).info.aaguid)

    def test_a_touch_registers_and_signs_in(self):
        rp = RelyingParty(ES256)
        registered = rp.register(self.client())
        (answer,) = rp.authenticate(self.client(), [registered.credential_data], offered=True)
        self.assertTrue(answer.authenticator_data.is_user_present())

    def test_a_pin_registers_and_signs_in(self):
        ClientPin(Ctap2(self.card, strict_cbor=True)).set_pin(PIN)
        rp = RelyingParty(ES256)
        registered = rp.register(self.client(), resident_key="required")
        (answer,) = rp.authenticate(self.client(), [registered.credential_data], offered=False)
        self.assertTrue(registered.is_user_verified() and answer.authenticator_data.is_user_present())
