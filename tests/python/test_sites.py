"""What people need who test their own sites, tested with python-fido2: a key that verifies its user by itself, passkeys
that were injected with their private keys, and a refusal on demand."""

import base64
import json
import os
import tempfile
import unittest
import urllib.request

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from fido2.client import ClientError
from fido2.cose import ES256, EdDSA
from fido2.ctap import STATUS, CtapError
from fido2.ctap2 import Ctap2
from fido2.ctap2.pin import ClientPin
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData

from test_udp import RP, Case, account, algorithm


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class ControlCase(Case):
    """A token with a control endpoint."""

    touch = "auto"
    more = ()

    def setUp(self):
        directory = self.enterContext(tempfile.TemporaryDirectory())
        token_file = os.path.join(directory, "control-token")
        self.options = (
            *("--touch", self.touch, "--control", "127.0.0.1:0", "--control-token-file", token_file),
            *self.more,
        )
        super().setUp()
        with open(token_file, encoding="ascii") as file:
            self.bearer = file.read().strip()

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            self.key.control + path,
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)


class Verifying(ControlCase):
    """A key that verifies its user, with the result that the endpoint sets."""

    more = ("--user-verification", "control")

    def setUp(self):
        super().setUp()
        self.server = Fido2Server(RP)

    def verified(self, verified):
        self.control("POST", "/v1/user-verification", {"isUserVerified": verified})

    def register(self):
        options, state = self.server.register_begin(
            account("ada"), resident_key_requirement="required", user_verification="required"
        )
        response = self.client().make_credential(options.public_key)
        return self.server.register_complete(state, response)

    def test_a_site_that_requires_verification_gets_it(self):
        self.verified(True)
        registered = self.register()
        self.assertTrue(registered.is_user_verified())
        credential = registered.credential_data
        options, state = self.server.authenticate_begin(None, user_verification="required")
        answer = self.client().get_assertion(options.public_key).get_response(0)
        self.server.authenticate_complete(state, [credential], answer)
        self.assertTrue(answer.response.authenticator_data.is_user_verified())

    def test_a_user_who_is_not_recognized_is_refused(self):
        self.verified(False)
        with self.assertRaises(ClientError):
            self.register()
        self.verified(True)
        self.register()

    def test_failures_are_counted_until_it_is_blocked(self):
        pin = ClientPin(Ctap2(self.device))
        codes = []
        for left in range(4, -1, -1):
            with self.assertRaises(CtapError) as refused:
                pin.get_uv_token(ClientPin.PERMISSION.GET_ASSERTION, RP["id"])
            codes.append(refused.exception.code)
            self.assertEqual(pin.get_uv_retries(), left)
        error = CtapError.ERR
        self.assertEqual(codes, [error.UV_INVALID] * 4 + [error.UV_BLOCKED])


class Injected(ControlCase):
    """Passkeys that the test itself makes."""

    def sign_in(self, private_key, credential_id, handle=None):
        """Injects a passkey of the user with this handle, or one that an allow list names, and signs in with it."""
        cose = ES256 if isinstance(private_key, ec.EllipticCurvePrivateKey) else EdDSA
        public = cose.from_cryptography_key(private_key.public_key())
        known = AttestedCredentialData.create(bytes(16), credential_id, public)
        pkcs8 = private_key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        body = {
            "credentialId": base64url(credential_id),
            "rpId": RP["id"],
            "privateKey": base64url(pkcs8),
            "isResidentCredential": handle is not None,
            "signCount": 5,
        }
        if handle:
            body["userHandle"] = base64url(handle)
        made = self.control("POST", "/v1/credentials", body)
        self.assertEqual(made["credentialId"], base64url(credential_id))
        server = Fido2Server(RP)
        options, state = server.authenticate_begin(None if handle else [known], user_verification="discouraged")
        answer = self.client().get_assertion(options.public_key).get_response(0)
        server.authenticate_complete(state, [known], answer)
        self.assertEqual(answer.response.authenticator_data.counter, 6)
        return answer

    def test_passkeys_with_keys_from_elsewhere_sign_in(self):
        for number, key in enumerate((ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate())):
            with self.subTest(key=type(key).__name__):
                answer = self.sign_in(key, bytes([number]) * 20, handle=b"ada")
                self.assertEqual(answer.response.user_handle, b"ada")

    def test_others_sign_in_by_the_allow_list(self):
        key = ec.generate_private_key(ec.SECP256R1())
        self.sign_in(key, os.urandom(64))
        listed = self.control("GET", "/v1/credentials")["credentials"]
        self.assertEqual([one["isResidentCredential"] for one in listed], [False])
        self.assertEqual(self.control("DELETE", "/v1/credentials"), {"credentials": []})


class Refusing(ControlCase):
    """A user who says no."""

    touch = "control"

    def test_a_refusal_ends_a_request_at_once(self):
        def on_keepalive(status):
            if status == STATUS.UPNEEDED:
                self.control("POST", "/v1/button", {"action": "deny"})

        with self.assertRaises(CtapError) as refused:
            Ctap2(self.device).make_credential(
                bytes(32), RP, account("ada"), [algorithm(ES256)], on_keepalive=on_keepalive
            )
        self.assertEqual(refused.exception.code, CtapError.ERR.OPERATION_DENIED)


if __name__ == "__main__":
    unittest.main()
