"""Answers that a website must refuse, and that py_webauthn does refuse."""

import json

import brasskey
import pytest
import webauthn as py_webauthn
from brasskey import Browser, forge, webauthn
from brasskey._json import decode
from brasskey.forgery import FAULTS
from webauthn.helpers import structs
from webauthn.helpers.exceptions import WebAuthnException

ORIGIN = "https://login.example.com"
#: A website that accepts these does not look at them: py_webauthn leaves both to its caller.
UNCHECKED = ("userHandle", "credentialId")


def registration(attestation="none"):
    return py_webauthn.generate_registration_options(
        rp_id="example.com",
        rp_name="Example",
        user_name="alice",
        attestation=structs.AttestationConveyancePreference(attestation),
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.REQUIRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
    )


def verify_registration(asked, answer):
    return py_webauthn.verify_registration_response(
        credential=answer,
        expected_challenge=asked.challenge,
        expected_rp_id="example.com",
        expected_origin=ORIGIN,
        require_user_verification=True,
    )


class Site:
    """A website that requires user verification."""

    def __init__(self, key):
        self.browser = Browser(ORIGIN, key)
        asked = registration()
        self.registered = verify_registration(asked, self.browser.create(py_webauthn.options_to_json(asked)))
        self.count = self.registered.sign_count

    def ask(self):
        allowed = [structs.PublicKeyCredentialDescriptor(id=self.registered.credential_id)]
        required = structs.UserVerificationRequirement.REQUIRED
        return py_webauthn.generate_authentication_options(
            rp_id="example.com", allow_credentials=allowed, user_verification=required
        )

    def answer(self, asked):
        return self.browser.get(py_webauthn.options_to_json(asked))

    def verify(self, asked, answer):
        verified = py_webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=asked.challenge,
            expected_rp_id="example.com",
            expected_origin=ORIGIN,
            credential_public_key=self.registered.credential_public_key,
            credential_current_sign_count=self.count,
            require_user_verification=True,
        )
        self.count = verified.new_sign_count

    def sign_in(self):
        asked = self.ask()
        self.verify(asked, self.answer(asked))


@pytest.mark.parametrize("kind", [{"pin": "1234"}, {"user_verification": "always"}])
@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in UNCHECKED])
def test_a_website_refuses_a_sign_in(kind, fault):
    key = brasskey.Key(**kind)
    site = Site(key)
    site.sign_in()
    key.forge(fault)
    with pytest.raises(WebAuthnException):
        site.sign_in()
    # The answer after it is right again.
    site.sign_in()


@pytest.mark.parametrize("fault", ["challenge", "origin", "userVerification", "userPresence", "backup", "rpId"])
def test_a_website_refuses_a_registration(fault):
    browser = Browser(ORIGIN, brasskey.Key(user_verification="always"))
    asked = registration()
    browser.key.forge(fault)
    with pytest.raises(WebAuthnException):
        verify_registration(asked, browser.create(py_webauthn.options_to_json(asked)))
    verify_registration(asked, browser.create(py_webauthn.options_to_json(asked)))


def test_a_website_refuses_an_attestation_with_a_wrong_signature():
    browser = Browser(ORIGIN, brasskey.Key(user_verification="always"))
    asked = registration("direct")
    browser.key.forge("signature")
    with pytest.raises(WebAuthnException):
        verify_registration(asked, browser.create(py_webauthn.options_to_json(asked)))
    browser.key.forge("signature")
    with pytest.raises(ValueError, match="attestation"):
        browser.create(py_webauthn.options_to_json(registration()))
    verify_registration(asked, browser.create(py_webauthn.options_to_json(asked)))


def test_nothing_else_is_wrong_with_what_the_key_signs():
    key = brasskey.Key(user_verification="always")
    site = Site(key)
    site.sign_in()
    key.forge("counter")
    asked = site.ask()
    answer = site.answer(asked)
    site.count = 0
    site.verify(asked, answer)
    key.forge("challenge")
    asked = site.ask()
    client_data = json.loads(decode(site.answer(asked)["response"]["clientDataJSON"]))
    other = decode(client_data["challenge"])
    assert other[:-1] == asked.challenge[:-1] and other[-1] == asked.challenge[-1] ^ 1


def test_a_registration_names_no_account_to_make_wrong():
    browser = Browser(ORIGIN, brasskey.Key(user_verification="always"))
    browser.key.forge("userHandle")
    with pytest.raises(ValueError, match="'userHandle' needs a sign-in"):
        browser.create(py_webauthn.options_to_json(registration()))


def test_names_that_nothing_signs_are_anothers():
    site = Site(brasskey.Key(user_verification="always"))
    asked = site.ask()
    right = site.answer(asked)
    for fault in UNCHECKED:
        wrong = forge(right, fault)
        assert wrong != right
        site.count = 0
        site.verify(asked, wrong)
    assert forge(right, "credentialId")["id"] != right["id"]
    assert forge(right, "userHandle")["response"]["userHandle"] != right["response"]["userHandle"]


def test_an_answer_that_is_there_is_copied_and_changed():
    site = Site(brasskey.Key(user_verification="always"))
    asked = site.ask()
    answer = site.answer(asked)
    for fault in ("signature", "userPresence", "userVerification", "backup", "rpId"):
        with pytest.raises(WebAuthnException):
            site.verify(asked, forge(answer, fault))
    assert forge(answer, lambda given: given | {"type": "password"})["type"] == "password"
    site.verify(asked, answer)
    with pytest.raises(ValueError, match=r"Key\.forge"):
        forge(answer, "counter")


def test_each_call_is_for_one_answer_and_a_refusal_is_none():
    key = brasskey.Key(touch=["touch", "decline", "touch", "touch"])
    browser = Browser(ORIGIN, key)
    asked = {"rpId": "example.com", "challenge": b"", "allowCredentials": []}
    created = json.loads(py_webauthn.options_to_json(registration()))
    created["authenticatorSelection"]["userVerification"] = "discouraged"
    browser.create(created)
    key.forge("signature", lambda answer: answer | {"first": True})
    key.forge(lambda answer: answer | {"second": True})
    with pytest.raises(webauthn.NotAllowedError):
        browser.get(asked)
    assert "first" in browser.get(asked)
    assert "second" in browser.get(asked)


def test_a_counter_that_does_not_move_cannot_go_back():
    browser = Browser(ORIGIN, brasskey.Key(backup="backed-up", user_verification="always"))
    browser.create(py_webauthn.options_to_json(registration()))
    browser.key.forge("counter")
    with pytest.raises(ValueError, match="counter"):
        browser.get({"rpId": "example.com", "challenge": b""})
