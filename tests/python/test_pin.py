"""python-fido2's PIN, management, blob and configuration clients against the soft token over UDP."""

from fido2.client import DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.cose import ES256
from fido2.ctap import CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.blob import LargeBlobs
from fido2.ctap2.config import Config
from fido2.ctap2.credman import CredentialManagement
from fido2.ctap2.extensions import (
    CredBlobExtension,
    CredProtectExtension,
    HmacSecretExtension,
    LargeBlobExtension,
    MinPinLengthExtension,
    PinComplexityPolicyExtension,
    ThirdPartyPaymentExtension,
)
from fido2.ctap2.pin import ClientPin, PinProtocolV1, PinProtocolV2
from fido2.server import Fido2Server
from fido2.utils import sha256

from test_udp import ORIGIN, RP, Case, account, algorithm

PIN = "1234"
PERMISSION = ClientPin.PERMISSION
METADATA = CredentialManagement.RESULT
EXTENSIONS = (
    CredBlobExtension(),
    CredProtectExtension(),
    HmacSecretExtension(),
    LargeBlobExtension(),
    MinPinLengthExtension(),
    PinComplexityPolicyExtension(),
    ThirdPartyPaymentExtension(),
)


class Typist(UserInteraction):
    """A user who enters the PIN when asked."""

    def __init__(self):
        self.asked = 0

    def request_pin(self, permissions, rp_id):
        self.asked += 1
        return PIN


class PinCase(Case):
    def setUp(self):
        super().setUp()
        self.ctap2 = Ctap2(self.device, strict_cbor=True)
        self.pin = ClientPin(self.ctap2)

    def info(self):
        return self.ctap2.get_info()

    def token(self, permissions, rp_id=None):
        return self.pin.get_pin_token(PIN, permissions, rp_id)

    def refusal(self, call, *args, **kwargs):
        with self.assertRaises(CtapError) as refused:
            call(*args, **kwargs)
        return refused.exception.code

    def make(self, user, rp=RP):
        """A discoverable credential, made with the PIN."""
        token = self.token(PERMISSION.MAKE_CREDENTIAL, rp["id"])
        hash_ = bytes(32)
        return self.ctap2.make_credential(
            hash_,
            rp,
            account(user),
            [algorithm(ES256)],
            options={"rk": True},
            pin_uv_param=self.pin.protocol.authenticate(token, hash_),
            pin_uv_protocol=self.pin.protocol.VERSION,
        ).auth_data.credential_data

    def management(self, permissions=PERMISSION.CREDENTIAL_MGMT):
        return CredentialManagement(self.ctap2, self.pin.protocol, self.token(permissions))


class Pin(PinCase):
    def test_set_change_and_use_a_pin_by_both_protocols(self):
        current = None
        for protocol in (PinProtocolV1(), PinProtocolV2()):
            with self.subTest(protocol=protocol.VERSION):
                pin = ClientPin(self.ctap2, protocol)
                if current is None:
                    self.assertFalse(self.info().options["clientPin"])
                    pin.set_pin("0000")
                    current = "0000"
                self.assertTrue(self.info().options["clientPin"])
                new = f"new {protocol.VERSION}"
                pin.change_pin(current, new)
                self.assertEqual(self.refusal(pin.get_pin_token, current), CtapError.ERR.PIN_INVALID)
                self.assertEqual(pin.get_pin_retries()[0], 7)
                self.assertEqual(len(pin.get_pin_token(new)), 32)
                self.assertEqual(pin.get_pin_retries()[0], 8)
                current = new

    def test_three_wrong_pins_block_until_the_next_power_up(self):
        self.pin.set_pin(PIN)
        codes = [self.refusal(self.pin.get_pin_token, "wrong") for _ in range(4)]
        error = CtapError.ERR
        self.assertEqual(
            codes, [error.PIN_INVALID, error.PIN_INVALID, error.PIN_AUTH_BLOCKED, error.PIN_AUTH_BLOCKED]
        )
        self.assertEqual(self.pin.get_pin_retries(), (5, True))


class Verified(PinCase):
    """WebAuthn ceremonies with a PIN, with python-fido2's client and server."""

    def setUp(self):
        super().setUp()
        self.pin.set_pin(PIN)
        self.typist = Typist()
        self.client = Fido2Client(self.device, DefaultClientDataCollector(ORIGIN), self.typist, EXTENSIONS)
        self.server = Fido2Server(RP)

    def register(self, extensions=None, user="ada"):
        options, state = self.server.register_begin(
            account(user),
            resident_key_requirement="required",
            user_verification="required",
            extensions=extensions,
        )
        response = self.client.make_credential(options.public_key)
        auth_data = self.server.register_complete(state, response)
        self.assertTrue(auth_data.is_user_verified())
        return response, auth_data.credential_data

    def authenticate(self, credentials, extensions=None, offered=True):
        options, state = self.server.authenticate_begin(
            credentials if offered else None, user_verification="required", extensions=extensions
        )
        response = self.client.get_assertion(options.public_key).get_response(0)
        self.server.authenticate_complete(state, credentials, response)
        self.assertTrue(response.response.authenticator_data.is_user_verified())
        return response

    def test_register_and_authenticate(self):
        _, credential = self.register()
        answer = self.authenticate([credential], offered=False)
        self.assertEqual(answer.response.user_handle, b"ada")
        self.assertEqual(self.typist.asked, 2)

    def test_prf(self):
        salts = {"first": b"one", "second": b"two"}
        created, credential = self.register({"prf": {"eval": salts}})
        outputs = created.client_extension_results.prf
        self.assertTrue(outputs.enabled)
        answer = self.authenticate([credential], {"prf": {"eval": salts}}).client_extension_results.prf.results
        self.assertEqual((len(answer.first), len(answer.second)), (32, 32))
        self.assertNotEqual(answer.first, answer.second)
        self.assertEqual(outputs.results.first, answer.first)
        again = self.authenticate([credential], {"prf": {"eval": {"first": b"two"}}})
        self.assertEqual(again.client_extension_results.prf.results.first, answer.second)

    def test_large_blob(self):
        created, credential = self.register({"largeBlob": {"support": "required"}})
        self.assertTrue(created.client_extension_results.large_blob.supported)
        blob = b"a note of some length " * 40
        written = self.authenticate([credential], {"largeBlob": {"write": blob}})
        self.assertTrue(written.client_extension_results.large_blob.written)
        read = self.authenticate([credential], {"largeBlob": {"read": True}})
        self.assertEqual(read.client_extension_results.large_blob.blob, blob)

    def test_cred_blob_and_cred_protect(self):
        created, credential = self.register(
            {"credBlob": b"note", "credentialProtectionPolicy": "userVerificationRequired"}
        )
        self.assertEqual(
            created.response.attestation_object.auth_data.extensions, {"credBlob": True, "credProtect": 3}
        )
        answer = self.authenticate([credential], {"getCredBlob": True})
        self.assertEqual(answer.response.authenticator_data.extensions, {"credBlob": b"note"})
        # Without the PIN it is not there at all.
        hidden = self.refusal(
            self.ctap2.get_assertion,
            RP["id"],
            bytes(32),
            [{"type": "public-key", "id": credential.credential_id}],
        )
        self.assertEqual(hidden, CtapError.ERR.NO_CREDENTIALS)

    def test_third_party_payment(self):
        _, credential = self.register({"payment": {"isPayment": True}})
        answer = self.ctap2.get_assertion(
            RP["id"],
            bytes(32),
            [{"type": "public-key", "id": credential.credential_id}],
            extensions={"thirdPartyPayment": True},
        )
        self.assertEqual(answer.auth_data.extensions, {"thirdPartyPayment": True})

    def test_pin_rules_are_told_to_a_listed_relying_party(self):
        config = Config(self.ctap2, self.pin.protocol, self.token(PERMISSION.AUTHENTICATOR_CFG))
        config.set_min_pin_length(4, [RP["id"]])
        created, _ = self.register({"minPinLength": True, "pinComplexityPolicy": True})
        self.assertEqual(
            created.response.attestation_object.auth_data.extensions,
            {"minPinLength": 4, "pinComplexityPolicy": False},
        )


class Management(PinCase):
    def setUp(self):
        super().setUp()
        self.pin.set_pin(PIN)
        self.other = {"id": "example.org", "name": "Other"}
        self.made = {
            (rp["id"], user): self.make(user, rp)
            for rp, user in ((RP, "ada"), (RP, "grace"), (self.other, "ada"))
        }

    def listed(self, management):
        found = {}
        for rp in management.enumerate_rps():
            rp_id = rp[METADATA.RP]["id"]
            self.assertEqual(rp[METADATA.RP_ID_HASH], sha256(rp_id.encode()))
            for credential in management.enumerate_creds(rp[METADATA.RP_ID_HASH]):
                found[rp_id, credential[METADATA.USER]["name"]] = credential
        return found

    def test_credentials_are_listed(self):
        for permission in (PERMISSION.CREDENTIAL_MGMT, PERMISSION.PERSISTENT_CREDENTIAL_MGMT):
            with self.subTest(permission=permission):
                management = self.management(permission)
                self.assertEqual(management.get_metadata()[METADATA.EXISTING_CRED_COUNT], 3)
                found = self.listed(management)
                self.assertEqual(found.keys(), self.made.keys())
                for name, credential in found.items():
                    made = self.made[name]
                    self.assertEqual(credential[METADATA.CREDENTIAL_ID]["id"], made.credential_id)
                    self.assertEqual(credential[METADATA.PUBLIC_KEY], made.public_key)
                    self.assertEqual(credential[METADATA.CRED_PROTECT], 1)

    def test_credentials_are_renamed_and_deleted(self):
        management = self.management()
        ada = {"type": "public-key", "id": self.made[RP["id"], "ada"].credential_id}
        management.update_user_info(ada, {"id": b"ada", "name": "ada@example.com", "displayName": "Ada"})
        self.assertIn((RP["id"], "ada@example.com"), self.listed(management))
        management.delete_cred(ada)
        self.assertEqual(self.listed(management).keys(), self.made.keys() - {(RP["id"], "ada")})
        self.assertEqual(self.refusal(management.delete_cred, ada), CtapError.ERR.NO_CREDENTIALS)

    def test_the_key_is_known_by_its_identifier(self):
        token = self.token(PERMISSION.PERSISTENT_CREDENTIAL_MGMT)
        first, second = self.info(), self.info()
        self.assertNotEqual(first.enc_identifier, second.enc_identifier)
        self.assertEqual(first.get_identifier(token), second.get_identifier(token))
        state = first.get_cred_store_state(token)
        self.assertEqual(second.get_cred_store_state(token), state)
        self.make("new")
        self.assertNotEqual(self.info().get_cred_store_state(token), state)


class Blobs(PinCase):
    def test_blobs_without_a_pin(self):
        blobs = LargeBlobs(self.ctap2)
        key = bytes(range(32))
        self.assertIsNone(blobs.get_blob(key))
        for blob in (b"short", b"long " * 2000):
            blobs.put_blob(key, blob)
            self.assertEqual(blobs.get_blob(key), blob)
        blobs.delete_blob(key)
        self.assertIsNone(blobs.get_blob(key))

    def test_blobs_with_a_pin(self):
        self.pin.set_pin(PIN)
        key = bytes(range(32))
        self.assertEqual(self.refusal(LargeBlobs(self.ctap2).put_blob, key, b"blob"), CtapError.ERR.PUAT_REQUIRED)
        blobs = LargeBlobs(self.ctap2, self.pin.protocol, self.token(PERMISSION.LARGE_BLOB_WRITE))
        blobs.put_blob(key, b"blob")
        self.assertEqual(blobs.get_blob(key), b"blob")


class Configuration(PinCase):
    def config(self):
        return Config(self.ctap2, self.pin.protocol, self.token(PERMISSION.AUTHENTICATOR_CFG))

    def test_always_uv(self):
        self.pin.set_pin(PIN)
        config = self.config()
        for on in (True, False):
            config.toggle_always_uv()
            self.assertEqual(self.info().options["alwaysUv"], on)
            self.assertEqual("U2F_V2" in self.info().versions, not on)

    def test_the_minimum_pin_length_forces_a_change(self):
        self.pin.set_pin(PIN)
        self.config().set_min_pin_length(6)
        info = self.info()
        self.assertEqual((info.min_pin_length, info.force_pin_change), (6, True))
        self.assertEqual(
            self.refusal(self.token, PERMISSION.CREDENTIAL_MGMT), CtapError.ERR.PIN_POLICY_VIOLATION
        )
        self.pin.change_pin(PIN, "123456")
        self.assertFalse(self.info().force_pin_change)

    def test_the_complexity_policy(self):
        Config(self.ctap2).set_min_pin_length(pin_complexity_policy=True)
        self.assertTrue(self.info().pin_complexity_policy)
        self.assertEqual(self.refusal(self.pin.set_pin, "1111"), CtapError.ERR.PIN_POLICY_VIOLATION)
        self.pin.set_pin("2580")


class Reset(PinCase):
    def test_reset_forgets_the_pin_and_the_credentials(self):
        self.pin.set_pin(PIN)
        self.make("ada")
        before = self.info()
        self.ctap2.reset()
        after = self.info()
        self.assertFalse(after.options["clientPin"])
        self.assertNotEqual(before.enc_identifier, after.enc_identifier)
        self.assertGreater(after.remaining_disc_creds, before.remaining_disc_creds)
        self.assertEqual(self.refusal(self.ctap2.get_assertion, RP["id"], bytes(32)), CtapError.ERR.NO_CREDENTIALS)
