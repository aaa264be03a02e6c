"""A browser's part, judged by two relying-party libraries; and the fleet."""

import json
from concurrent.futures import ThreadPoolExecutor

import brasskey
import pytest
import webauthn as py_webauthn
from brasskey import Browser, webauthn
from fido2.server import Fido2Server
from fido2.webauthn import AttestedCredentialData, PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity
from webauthn.helpers import structs
from webauthn.helpers.cose import COSEAlgorithmIdentifier

ORIGIN = "https://login.example.com"


@pytest.fixture
def browser():
    return Browser(ORIGIN)


def options(**more):
    return py_webauthn.generate_registration_options(
        rp_id="example.com", rp_name="Example", user_name="alice", **more
    )


def register(browser, asked, **more):
    return py_webauthn.verify_registration_response(
        credential=browser.create(py_webauthn.options_to_json(asked)),
        expected_challenge=asked.challenge,
        expected_rp_id="example.com",
        expected_origin=ORIGIN,
        **more,
    )


def sign_in(browser, registered, **more):
    allowed = [structs.PublicKeyCredentialDescriptor(id=registered.credential_id)]
    asked = py_webauthn.generate_authentication_options(rp_id="example.com", allow_credentials=allowed)
    return py_webauthn.verify_authentication_response(
        credential=browser.get(py_webauthn.options_to_json(asked)),
        expected_challenge=asked.challenge,
        expected_rp_id="example.com",
        expected_origin=ORIGIN,
        credential_public_key=registered.credential_public_key,
        credential_current_sign_count=registered.sign_count,
        **more,
    )


@pytest.mark.parametrize("algorithm", [-7, -8, -36])
@pytest.mark.parametrize("attestation", ["none", "direct"])
def test_py_webauthn_accepts(browser, algorithm, attestation):
    supported = {"supported_pub_key_algs": [COSEAlgorithmIdentifier(algorithm)]}
    asked = options(attestation=structs.AttestationConveyancePreference(attestation), **supported)
    registered = register(browser, asked, **supported)
    assert sign_in(browser, registered).new_sign_count > registered.sign_count


def test_py_webauthn_sees_a_synced_passkey():
    browser = Browser(ORIGIN, brasskey.Key(backup="backed-up", user_verification="always", attachment="platform"))
    selection = structs.AuthenticatorSelectionCriteria(
        authenticator_attachment=structs.AuthenticatorAttachment.PLATFORM,
        resident_key=structs.ResidentKeyRequirement.REQUIRED,
        user_verification=structs.UserVerificationRequirement.REQUIRED,
    )
    registered = register(browser, options(authenticator_selection=selection))
    assert registered.credential_backed_up and registered.user_verified
    signed_in = sign_in(browser, registered, require_user_verification=True)
    assert signed_in.credential_backed_up and signed_in.new_sign_count == 0


def test_the_server_of_python_fido2_accepts(browser):
    server = Fido2Server(PublicKeyCredentialRpEntity(name="Example", id="example.com"), attestation="direct")
    user = PublicKeyCredentialUserEntity(name="alice", id=b"a random number", display_name="Alice")
    asked, state = server.register_begin(user, resident_key_requirement="required")
    registered = server.register_complete(state, browser.create(dict(asked)))
    credential = registered.credential_data
    assert isinstance(credential, AttestedCredentialData)
    asked, state = server.authenticate_begin([credential])
    server.authenticate_complete(state, [credential], browser.get(dict(asked)))
    # Without a list, the key finds the account.
    asked, state = server.authenticate_begin()
    answer = browser.get(json.dumps(dict(asked)["publicKey"], default=dict))
    server.authenticate_complete(state, [credential], answer)
    assert answer["response"]["userHandle"]


def test_a_page_gets_a_browsers_exceptions(browser):
    asked = json.loads(py_webauthn.options_to_json(options()))

    def refused(kind, origin=ORIGIN, **members):
        with pytest.raises(kind) as error:
            webauthn.create({**asked, **members}, origin, browser.key)
        assert isinstance(error.value, webauthn.WebAuthnError)
        return error.value

    held = [{"type": "public-key", "id": browser.create(asked)["id"]}]
    refused(webauthn.InvalidStateError, excludeCredentials=held)
    assert "RP ID" in str(refused(webauthn.SecurityError, origin="https://example.org"))
    refused(webauthn.NotSupportedError, pubKeyCredParams=[{"type": "public-key", "alg": -257}])
    refused(webauthn.ConstraintError, authenticatorSelection={"userVerification": "required"})
    refused(webauthn.EncodingError, challenge="a+b=")
    assert refused(TypeError, user={"name": "alice"}).name == "TypeError"
    with pytest.raises(ValueError, match="https"):
        webauthn.create(asked, "http://example.com", browser.key)
    with pytest.raises(TypeError):
        browser.create(None)


def test_of_several_keys_the_first_that_has_an_answer_gives_it():
    work, home, phone = brasskey.Key(), brasskey.Key(), brasskey.Key(attachment="platform")
    asked = json.loads(py_webauthn.options_to_json(options()))
    browser = Browser(ORIGIN, work, home, phone)
    assert browser.key is work

    def register(attachment):
        selection = {"authenticatorAttachment": attachment}
        return browser.create({**asked, "authenticatorSelection": selection})

    registered = register("platform")
    assert registered["authenticatorAttachment"] == "platform"
    request = {"rpId": "example.com", "challenge": b"", "allowCredentials": [{"type": "public-key"}]}
    request["allowCredentials"][0]["id"] = registered["id"]
    assert browser.get(request)["id"] == registered["id"]

    # Each key says why it has none.
    asked["authenticatorSelection"] = {"userVerification": "required"}
    with pytest.raises(webauthn.ConstraintError, match=r"none of 3 keys.*keys\[0\].*keys\[1\].*keys\[2\]"):
        browser.create(asked)
    request["allowCredentials"][0]["id"] = b"another"
    work.power_off()
    with pytest.raises(webauthn.NotAllowedError, match=r"keys\[0\].*switched off; keys\[1\].*no credential"):
        browser.get(request)
    work.power_on()
    asked["authenticatorSelection"] = {}
    asked["excludeCredentials"] = [{"type": "public-key", "id": Browser(ORIGIN, work).create(asked)["id"]}]
    with pytest.raises(webauthn.InvalidStateError):
        browser.create(asked)
    browser.keys.remove(phone)
    with pytest.raises(webauthn.NotAllowedError, match="asks for a platform key"):
        register("platform")
    browser.key = home
    assert browser.keys == [home]


class Asked:
    """A page that waits for one of its keys, on a thread of its own."""

    def __init__(self, ask, options, keys):
        pool = ThreadPoolExecutor(1)
        self.answer = pool.submit(ask, options)
        pool.shutdown(wait=False)
        self.waiting = [key.wait_until_asked(30) for key in keys]


def test_several_keys_wait_at_once_and_the_touched_one_answers():
    keys = [brasskey.Key(touch="control", scripted_clock=True) for _ in range(2)]
    browser = Browser(ORIGIN, *keys)
    asked = json.loads(py_webauthn.options_to_json(options()))
    asked["authenticatorSelection"] = {"residentKey": "required"}
    page = Asked(browser.create, asked, keys)
    assert [waiting.operation for waiting in page.waiting] == ["register"] * 2
    keys[1].pulse()
    assert page.answer.result()["type"] == "public-key"
    assert [(key.state.waiting, len(key.credentials)) for key in keys] == [(None, 0), (None, 1)]

    # One that refuses leaves it to the others.
    page = Asked(browser.create, asked, keys)
    keys[1].decline()
    keys[0].pulse()
    assert page.answer.result()["type"] == "public-key"

    # They have one time, and each says that it is over.
    page = Asked(browser.create, asked | {"timeout": 5000}, keys)
    for key in keys:
        key.advance(6000)
    with pytest.raises(webauthn.NotAllowedError, match=r"keys\[0\].*nobody touched.*keys\[1\].*nobody touched"):
        page.answer.result()

    # One that needs no touch answers, and frees those that wait.
    browser.keys.append(brasskey.Key())
    assert browser.create(asked)["type"] == "public-key"
    assert [key.state.waiting for key in keys] == [None, None]


def test_extensions_have_their_results():
    browser = Browser(ORIGIN, brasskey.Key(user_verification="always"))
    asked = json.loads(py_webauthn.options_to_json(options()))
    asked["authenticatorSelection"] = {"residentKey": "required"}
    asked["extensions"] = {"credProps": True, "prf": {}, "largeBlob": {"support": "required"}}
    results = browser.create(asked)["clientExtensionResults"]
    assert results["credProps"] == {"rk": True}
    assert results["prf"]["enabled"] and results["largeBlob"]["supported"]
    asked = {"rpId": "example.com", "challenge": b"", "extensions": {"prf": {"eval": {"first": b"a salt"}}}}
    first, second = (browser.get(asked)["clientExtensionResults"]["prf"]["results"]["first"] for _ in range(2))
    assert first == second


def test_a_fleet_signs_in_with_what_another_registered():
    seed = bytes(range(32))
    here, there = brasskey.Fleet(seed), brasskey.Fleet(seed)
    asked = json.loads(py_webauthn.options_to_json(options()))
    ids = [here.create(number, asked, ORIGIN)["id"] for number in (3, 1 << 40)]
    assert len(set(ids)) == 2 and len(here) == 2
    wanted = {"rpId": "example.com", "challenge": b"", "allowCredentials": [{"type": "public-key", "id": ids[0]}]}
    assert there.get(3, wanted, ORIGIN)["id"] == ids[0]
    with pytest.raises(webauthn.NotAllowedError):
        there.get(4, wanted, ORIGIN)
