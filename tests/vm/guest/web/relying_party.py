"""The website's server. python-fido2 verifies what browsers send. It shares no code with the key or its tools."""

import dataclasses

from fido2.attestation import AttestationType, PackedAttestation
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
)

RP = PublicKeyCredentialRpEntity(id="localhost", name="A website")
#: The longest time that Firefox allows, in milliseconds. Its default is half a minute.
TIMEOUT = 120_000


@dataclasses.dataclass
class Registration:
    """The verified result of a browser's `create`."""

    attestation: AttestationObject
    #: What the browser says about extensions. What the key says about them is in `data.extensions`.
    extensions: dict

    @property
    def data(self) -> AuthenticatorData:
        return self.attestation.auth_data

    @property
    def credential(self) -> AttestedCredentialData:
        return self.data.credential_data


@dataclasses.dataclass
class Authentication:
    """The verified result of a browser's `get`."""

    data: AuthenticatorData
    credential_id: bytes
    user_handle: bytes | None
    extensions: dict


def self_attested(attestation, client_data_hash):
    """Verifies that the credential's own key signed the attestation (WebAuthn §8.2)."""
    # An exception if this is not the format.
    result = PackedAttestation().verify(attestation.att_stmt, attestation.auth_data, client_data_hash)
    if attestation.fmt != "packed" or result.attestation_type != AttestationType.SELF:
        raise ValueError(f"attestation {attestation.fmt} of type {result.attestation_type}")


def server(attestation):
    made = Fido2Server(RP, attestation=attestation, verify_attestation=self_attested)
    made.timeout = TIMEOUT
    return made


def page_options(options):
    """The options in the form that the page gets."""
    # Only security keys, so that browsers do not ask for the kind of authenticator (WebAuthn §5.8.7).
    return {**options["publicKey"], "hints": ["security-key"]}


def creation(
    attestation="none", resident_key="discouraged", user_verification="discouraged", exclude=(), extensions=None
):
    """The options for `create`, and a function that verifies the result."""
    party = server(attestation)
    user = {"id": b"alice's account", "name": "alice", "displayName": "Alice"}
    options, state = party.register_begin(
        user, list(exclude), resident_key, user_verification, extensions=extensions
    )

    def verify(outcome):
        party.register_complete(state, outcome)
        response = RegistrationResponse.from_dict(outcome)
        return Registration(response.response.attestation_object, outcome["clientExtensionResults"])

    return page_options(options), verify


def request(credentials, allow=True, user_verification="discouraged", extensions=None):
    """The options for `get` with one of the `credentials`, and a function that verifies the result. The options list
    the credentials unless `allow` is false."""
    party = server("none")
    options, state = party.authenticate_begin(
        credentials if allow else None, user_verification, extensions=extensions
    )

    def verify(outcome):
        party.authenticate_complete(state, credentials, outcome)
        response = AuthenticationResponse.from_dict(outcome)
        return Authentication(
            response.response.authenticator_data, response.raw_id, response.response.user_handle,
            outcome["clientExtensionResults"],
        )

    return page_options(options), verify
