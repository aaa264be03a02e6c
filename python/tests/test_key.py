"""The key: its user, its plug, its clock, and what is in it."""

import threading
import time
import uuid

import brasskey
import pytest
from brasskey import webauthn
from brasskey._json import decode

ORIGIN = "https://login.example.com"


def creation(name="alice", **more):
    return {
        "rp": {"id": "example.com", "name": "Example"},
        "user": {"id": name.encode(), "name": name, "displayName": name},
        "challenge": b"challenge",
        "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
        **more,
    }


def passkey(name="alice"):
    return creation(name, authenticatorSelection={"residentKey": "required"})


def request(**more):
    return {"rpId": "example.com", "challenge": b"challenge", **more}


def test_a_script_answers_one_request_after_the_other():
    key = brasskey.Key(touch=["touch", "decline"])
    assert webauthn.create(creation("alice"), ORIGIN, key)["type"] == "public-key"
    with pytest.raises(webauthn.NotAllowedError):
        webauthn.create(creation("bob"), ORIGIN, key)


def test_a_key_that_denies_refuses():
    with pytest.raises(webauthn.NotAllowedError) as refused:
        webauthn.create(creation(), ORIGIN, brasskey.Key(touch="deny"))
    assert refused.value.name == "NotAllowedError"
    assert isinstance(refused.value, brasskey.Error)


@pytest.mark.parametrize("clock", [False, True])
def test_a_button_is_pressed_from_another_thread(clock):
    key = brasskey.Key(touch="control", scripted_clock=clock)
    asked = []

    def finger():
        asked.append(key.wait_until_asked(30))
        key.pulse()

    thread = threading.Thread(target=finger)
    thread.start()
    webauthn.create(creation(), ORIGIN, key)
    thread.join()
    assert (asked[0].operation, asked[0].rp_id, asked[0].user) == ("register", "example.com", "alice")
    assert key.state == brasskey.State(powered=True, held=False, waiting=None)


class Page:
    """A page that waits for an answer, on a thread of its own."""

    def __init__(self, key, **more):
        self.answer = self.error = None
        self.thread = threading.Thread(target=self.run, args=(key, creation(**more)))
        self.thread.start()
        assert key.wait_until_asked(30) is not None

    def run(self, key, options):
        try:
            self.answer = webauthn.create(options, ORIGIN, key)
        except webauthn.WebAuthnError as error:
            self.error = error

    def outcome(self):
        self.thread.join()
        return self.error or self.answer


def test_a_user_who_does_nothing_is_out_of_time():
    for timeout, passed in [(None, 60_000), (15_000, 16_000), (600_000, 31_000)]:
        key = brasskey.Key(touch="control", scripted_clock=True)
        page = Page(key, timeout=timeout)
        key.advance(passed)
        error = page.outcome()
        assert isinstance(error, webauthn.NotAllowedError) and "nobody touched" in str(error), timeout
        # The key has forgotten it.
        assert key.state.waiting is None


def test_a_scripted_clock_decides_alone():
    key = brasskey.Key(touch="control", scripted_clock=True)
    page = Page(key, timeout=20_000)
    # Longer than a client waits for a keepalive, and shorter than the website's time.
    key.advance(14_000)
    key.pulse()
    assert page.outcome()["type"] == "public-key"


def test_a_page_gives_up_when_the_websites_time_is_over():
    key = brasskey.Key(touch="control")
    begun = time.monotonic()
    error = Page(key, timeout=1_000).outcome()
    assert "nobody touched" in str(error)
    # The key itself waits for half a minute.
    assert time.monotonic() - begun < 20


def test_a_user_who_declines_is_told_from_one_who_does_nothing():
    key = brasskey.Key(touch="control")
    page = Page(key)
    key.decline()
    error = page.outcome()
    assert isinstance(error, webauthn.NotAllowedError) and "declined" in str(error)


def test_a_page_whose_key_is_unplugged_gets_no_answer():
    for clock in (False, True):
        key = brasskey.Key(touch="control", scripted_clock=clock)
        page = Page(key)
        key.power_off()
        error = page.outcome()
        assert isinstance(error, webauthn.NotAllowedError) and "unplugged" in str(error)
        key.power_on()
        page = Page(key)
        key.pulse()
        assert page.outcome()["type"] == "public-key"


def test_the_plug_is_pulled():
    key = brasskey.Key()
    webauthn.create(passkey(), ORIGIN, key)
    key.power_off()
    assert not key.state.powered
    with pytest.raises(webauthn.NotAllowedError, match="switched off"):
        webauthn.get(request(), ORIGIN, key)
    key.power_on()
    assert webauthn.get(request(), ORIGIN, key)["response"]["userHandle"]


def test_the_pin_is_typed_where_it_is_asked_for():
    key = brasskey.Key(pin="1234")
    required = request(userVerification="required")
    webauthn.create(passkey(), ORIGIN, key)
    webauthn.get(required, ORIGIN, key)
    assert (key.pin, key.has_pin, key.pin_retries) == ("1234", True, 8)
    key.pin = "4321"
    with pytest.raises(webauthn.NotAllowedError, match="PIN is wrong"):
        webauthn.get(required, ORIGIN, key)
    assert key.pin_retries == 7
    key.pin = None
    with pytest.raises(webauthn.NotAllowedError):
        webauthn.get(required, ORIGIN, key)
    with pytest.raises(brasskey.Error, match="type_pin"):
        key.set_pin("5678")
    key.type_pin("1234")
    webauthn.get(required, ORIGIN, key)


def test_nobody_types_the_pin_of_a_key_that_has_none():
    key = brasskey.Key()
    for type_pin in (key.type_pin, lambda pin: setattr(key, "pin", pin)):
        with pytest.raises(brasskey.Error, match="set_pin"):
            type_pin("1234")
    assert (key.pin, key.has_pin) == (None, False)
    key.set_pin("1234")
    assert (key.pin, key.has_pin) == ("1234", True)
    key.type_pin(None)
    assert key.has_pin


def flags(answer):
    from fido2.webauthn import AuthenticatorData

    return AuthenticatorData(decode(answer["response"]["authenticatorData"])).flags


def test_the_key_verifies_its_user_by_itself():
    key = brasskey.Key(user_verification="control")
    required = creation(authenticatorSelection={"userVerification": "required"})
    with pytest.raises(webauthn.NotAllowedError):
        webauthn.create(required, ORIGIN, key)
    key.set_user_verified(True)
    assert flags(webauthn.create(required, ORIGIN, key)) & 0x04


def test_a_sensor_that_failed_five_times_is_blocked_until_a_pin_is_typed():
    key = brasskey.Key(user_verification="control")
    required = creation(authenticatorSelection={"userVerification": "required"})
    for said in (*["did not verify"] * 4, "has blocked", "has blocked"):
        with pytest.raises(webauthn.NotAllowedError, match=said):
            webauthn.create(required, ORIGIN, key)
        key.set_user_verified(said == "has blocked")
    key.set_pin("1234")
    assert flags(webauthn.create(required, ORIGIN, key)) & 0x04
    key.type_pin(None)
    assert flags(webauthn.create(required, ORIGIN, key)) & 0x04


def test_a_user_who_is_not_verified_gets_no_further_than_the_browser():
    for user in (brasskey.Key(user_verification="never"), brasskey.Fleet(bytes(32), user_verification="never")):

        def create(wanted, user=user):
            options = creation(authenticatorSelection={"userVerification": wanted})
            if isinstance(user, brasskey.Fleet):
                return user.create(1, options, ORIGIN)
            return webauthn.create(options, ORIGIN, user)

        for wanted in ("required", "preferred"):
            with pytest.raises(webauthn.NotAllowedError, match="did not verify"):
                create(wanted)
        assert not flags(create("discouraged")) & 0x04


def test_backup_flags_are_set():
    for backup, expected in [("never", 0), ("eligible", 0x08), ("backed-up", 0x18)]:
        assert flags(webauthn.create(creation(), ORIGIN, brasskey.Key(backup=backup))) & 0x18 == expected, backup


def test_a_credential_is_injected_listed_counted_and_deleted():
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    pkcs8 = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = brasskey.Key()
    injected = key.inject("example.com", pkcs8, user_handle=b"bob", user_name="bob", sign_count=7)
    assert injected.injected and injected.is_discoverable
    assert (injected.algorithm, injected.sign_count) == (-7, 7)
    assert key.credentials == [injected]
    answer = webauthn.get(request(), ORIGIN, key)
    assert decode(answer["rawId"]) == injected.id
    assert key.credentials[0].sign_count == 8
    key.set_sign_count(3, injected.id)
    assert key.credentials[0].sign_count == 3
    key.delete_credential(injected.id)
    assert key.credentials == []
    with pytest.raises(brasskey.Error):
        key.delete_credential(injected.id)
    with pytest.raises(ValueError, match="private key"):
        key.inject("example.com", b"no key")


def test_the_user_chooses_an_account():
    key = brasskey.Key(pin="1234")
    for name in ("alice", "bob"):
        webauthn.create(passkey(name), ORIGIN, key)

    def chosen(account):
        key.choose_account(account)
        answer = webauthn.get(request(userVerification="required"), ORIGIN, key)
        return decode(answer["response"]["userHandle"])

    assert [chosen(account) for account in ("alice", b"bob", b"alice", None)] == [b"alice", b"bob", b"alice", b"bob"]
    with pytest.raises(webauthn.NotAllowedError):
        chosen("carol")


def test_one_seed_makes_one_key():
    def answer(seed):
        return webauthn.create(creation(), ORIGIN, brasskey.Key(seed=seed, scripted_clock=True))

    assert answer(bytes(32)) == answer(bytes(32))
    assert answer(bytes(32)) != answer(b"\1" * 32)


def test_a_key_says_which_model_it_is():
    model = uuid.uuid4()
    from fido2.ctap2 import Ctap2

    for aaguid in (model, str(model), model.bytes):
        key = brasskey.Key(aaguid=aaguid)
        assert Ctap2(key.device()).info.aaguid == model.bytes
        assert key.log[-1].command == "authenticatorGetInfo"


def test_other_threads_run_while_a_key_waits():
    keys = [brasskey.Key(touch="control") for _ in range(4)]
    pages = [threading.Thread(target=webauthn.create, args=(creation(), ORIGIN, key)) for key in keys]
    for page in pages:
        page.start()
    # All of them wait at once, and this thread goes on.
    assert all(key.wait_until_asked(30) for key in keys)
    for key in keys:
        key.pulse()
    for page in pages:
        page.join()
