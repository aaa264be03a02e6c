"""python-fido2, a client and a server by other people, against a key over UDP.

Its CTAP2 client refuses every answer that is not canonical CBOR.
"""

import hashlib
import os
import tempfile
import threading
import unittest

from fido2.attestation import Attestation, AttestationType
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client
from fido2.cose import ES256, EdDSA
from fido2.ctap import STATUS, CtapError
from fido2.ctap1 import APDU, ApduError, Ctap1
from fido2.ctap2 import Ctap2
from fido2.hid import CAPABILITY
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialParameters

from key_process import Key

RP = {"id": "example.com", "name": "Example"}
ORIGIN = "https://login.example.com"


def account(name):
    return {"id": name.encode(), "name": name, "displayName": name.title()}


def algorithm(cose):
    return PublicKeyCredentialParameters(type="public-key", alg=cose.ALGORITHM)


class RelyingParty:
    """python-fido2's server, which also records the attestation of each registration."""

    def __init__(self, *algorithms):
        self.attested = []
        self._server = Fido2Server(RP, attestation="direct", verify_attestation=self._verify_attestation)
        self._server.allowed_algorithms = [algorithm(cose) for cose in algorithms]

    def _verify_attestation(self, attestation, client_data_hash):
        result = Attestation.for_type(attestation.fmt)().verify(
            attestation.att_stmt, attestation.auth_data, client_data_hash
        )
        self.attested.append((attestation.fmt, result.attestation_type))

    def register(self, client, user="ada", exclude=None, resident_key="discouraged"):
        options, state = self._server.register_begin(
            account(user), exclude, resident_key_requirement=resident_key, user_verification="discouraged"
        )
        return self._server.register_complete(state, client.make_credential(options.public_key))

    def authenticate(self, client, credentials, offered):
        """Signs in with each credential that the key offers, verifies the answers and returns them."""
        options, state = self._server.authenticate_begin(
            credentials if offered else None, user_verification="discouraged"
        )
        selection = client.get_assertion(options.public_key)
        answers = [selection.get_response(index) for index in range(len(selection.get_assertions()))]
        for answer in answers:
            self._server.authenticate_complete(state, credentials, answer)
        return [answer.response for answer in answers]


class Case(unittest.TestCase):
    options = ("--touch", "auto")

    def setUp(self):
        self.key = self.enterContext(Key(*self.options))
        self.device = self.key.connect()
        self.addCleanup(self.device.close)

    def client(self):
        return Fido2Client(self.device, DefaultClientDataCollector(ORIGIN))


class Hid(Case):
    def test_init_tells_the_protocol_version_and_capabilities(self):
        self.assertEqual(self.device.version, 2)
        self.assertTrue(self.device.capabilities & CAPABILITY.CBOR)
        self.assertFalse(self.device.capabilities & CAPABILITY.NMSG)

    def test_ping_returns_every_byte(self):
        for size in (0, 1, 57, 58, 1024, 7609):
            with self.subTest(size=size):
                message = os.urandom(size)
                self.assertEqual(self.device.ping(message), message)

    def test_wink(self):
        self.device.wink()


class GetInfo(Case):
    def test_info_matches_what_the_key_does(self):
        info = Ctap2(self.device, strict_cbor=True).info
        self.assertLessEqual({"U2F_V2", "FIDO_2_0"}, set(info.versions))
        self.assertTrue(info.options["rk"])
        self.assertTrue(info.options["up"])
        self.assertGreaterEqual(info.max_msg_size, 1024)
        for cose in (ES256, EdDSA):
            self.assertIn(algorithm(cose), info.algorithms)
        registered = RelyingParty(ES256).register(self.client())
        self.assertEqual(registered.credential_data.aaguid, info.aaguid)


class WebAuthn(Case):
    def test_register_and_authenticate(self):
        for cose in (ES256, EdDSA):
            with self.subTest(algorithm=cose.__name__):
                rp, client = RelyingParty(cose), self.client()
                registered = rp.register(client)
                self.assertEqual(rp.attested, [("packed", AttestationType.SELF)])
                self.assertIsInstance(registered.credential_data.public_key, cose)
                counter = registered.counter
                for _ in range(3):
                    (answer,) = rp.authenticate(client, [registered.credential_data], offered=True)
                    self.assertGreater(answer.authenticator_data.counter, counter)
                    counter = answer.authenticator_data.counter

    def test_discoverable_credentials(self):
        rp, client = RelyingParty(ES256, EdDSA), self.client()
        users = ("ada", "grace")
        credentials = [rp.register(client, user, resident_key="required").credential_data for user in users]
        answers = rp.authenticate(client, credentials, offered=False)
        # CTAP 2.3 §6.2.2: the newest first.
        self.assertEqual([answer.user_handle for answer in answers], [b"grace", b"ada"])

    def test_a_key_is_registered_once(self):
        rp, client = RelyingParty(ES256), self.client()
        registered = rp.register(client).credential_data
        with self.assertRaises(ClientError) as refused:
            rp.register(client, exclude=[registered])
        self.assertEqual(refused.exception.code, ClientError.ERR.DEVICE_INELIGIBLE)

    def test_another_keys_credential_is_refused(self):
        with Key(*self.options) as other:
            device = other.connect()
            self.addCleanup(device.close)
            rp = RelyingParty(ES256)
            foreign = rp.register(Fido2Client(device, DefaultClientDataCollector(ORIGIN))).credential_data
        with self.assertRaises(ClientError) as refused:
            rp.authenticate(self.client(), [foreign], offered=True)
        self.assertEqual(refused.exception.code, ClientError.ERR.DEVICE_INELIGIBLE)


class U2f(Case):
    application = hashlib.sha256(RP["id"].encode()).digest()
    challenge = hashlib.sha256(b"challenge").digest()

    def setUp(self):
        super().setUp()
        self.ctap1 = Ctap1(self.device)

    def polled(self, call, *arguments):
        """Asks again until the user has touched the key, as U2F clients do."""
        while True:
            try:
                return call(*arguments)
            except ApduError as refused:
                if refused.code != APDU.USE_NOT_SATISFIED:
                    raise

    def refusal(self, application, handle, **options):
        with self.assertRaises(ApduError) as refused:
            self.ctap1.authenticate(self.challenge, application, handle, **options)
        return refused.exception.code

    def test_version(self):
        self.assertEqual(self.ctap1.get_version(), "U2F_V2")

    def test_register_and_authenticate(self):
        registered = self.polled(self.ctap1.register, self.challenge, self.application)
        registered.verify(self.application, self.challenge)
        counter = 0
        for _ in range(3):
            signed = self.polled(self.ctap1.authenticate, self.challenge, self.application, registered.key_handle)
            signed.verify(self.application, self.challenge, registered.public_key)
            self.assertEqual(signed.user_presence, 1)
            self.assertGreater(signed.counter, counter)
            counter = signed.counter

    def test_check_only_knows_its_own_handles(self):
        handle = self.polled(self.ctap1.register, self.challenge, self.application).key_handle
        self.assertEqual(self.refusal(self.application, handle, check_only=True), APDU.USE_NOT_SATISFIED)
        self.assertEqual(self.refusal(bytes(32), handle, check_only=True), APDU.WRONG_DATA)

    def test_registered_by_u2f_signs_in_by_ctap2(self):
        rp = RelyingParty(ES256)
        registered = rp.register(self.u2f_client()).credential_data
        self.assertEqual(rp.attested, [("fido-u2f", AttestationType.BASIC)])
        rp.authenticate(self.u2f_client(), [registered], offered=True)
        rp.authenticate(self.client(), [registered], offered=True)

    def u2f_client(self):
        """A client that believes that the key has no CTAP2, and so uses U2F."""
        device = CtapWithoutCbor(self.device)
        return Fido2Client(device, DefaultClientDataCollector(ORIGIN))


class CtapWithoutCbor:
    def __init__(self, device):
        self.call = device.call
        self.capabilities = device.capabilities & ~CAPABILITY.CBOR


class Waiting(Case):
    """A key whose button nobody presses."""

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        token_file = os.path.join(directory, "control-token")
        self.options = ("--touch", "control", "--control", "127.0.0.1:0", "--control-token-file", token_file)
        super().setUp()

    def test_cancel_ends_a_request_and_leaves_no_trace(self):
        ctap2, cancel = Ctap2(self.device), threading.Event()
        seen = []

        def on_keepalive(status):
            seen.append(status)
            if status == STATUS.UPNEEDED:
                cancel.set()

        user, hash_ = account("ada"), bytes(32)
        with self.assertRaises(CtapError) as cancelled:
            ctap2.make_credential(
                hash_, RP, user, [algorithm(ES256)], options={"rk": True}, event=cancel, on_keepalive=on_keepalive
            )
        self.assertEqual(cancelled.exception.code, CtapError.ERR.KEEPALIVE_CANCEL)
        self.assertIn(STATUS.UPNEEDED, seen)
        with self.assertRaises(CtapError) as absent:
            ctap2.get_assertion(RP["id"], hash_, options={"up": False})
        self.assertEqual(absent.exception.code, CtapError.ERR.NO_CREDENTIALS)


if __name__ == "__main__":
    unittest.main()
