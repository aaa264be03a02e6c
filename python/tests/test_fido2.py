"""The key as a device of python-fido2."""

import errno
import threading

import brasskey
import pytest
from brasskey.fido2 import Device
from fido2.client import ClientError, DefaultClientDataCollector, Fido2Client, UserInteraction
from fido2.ctap import STATUS, CtapError
from fido2.ctap1 import Ctap1
from fido2.ctap2 import ClientPin, Ctap2
from fido2.hid import CAPABILITY, CTAPHID
from fido2.server import Fido2Server
from fido2.webauthn import PublicKeyCredentialRpEntity, PublicKeyCredentialUserEntity

ORIGIN = "https://example.com"
USER = PublicKeyCredentialUserEntity(name="alice", id=b"a random number", display_name="Alice")


def server():
    return Fido2Server(PublicKeyCredentialRpEntity(name="Example", id="example.com"))


def client(key, interaction=None):
    return Fido2Client(key.device(), DefaultClientDataCollector(ORIGIN), interaction or UserInteraction())


class Owner(UserInteraction):
    def request_pin(self, permissions, rp_id):
        return "1234"


def test_its_client_registers_and_signs_in():
    key, relying_party = brasskey.Key(), server()
    asked, state = relying_party.register_begin(USER, user_verification="discouraged")
    registered = relying_party.register_complete(state, client(key).make_credential(asked.public_key))
    credential = registered.credential_data
    asked, state = relying_party.authenticate_begin([credential], user_verification="discouraged")
    answer = client(key).get_assertion(asked.public_key).get_response(0)
    relying_party.authenticate_complete(state, [credential], answer)


def test_its_client_asks_for_the_pin():
    key, relying_party = brasskey.Key(pin="1234"), server()
    asked, state = relying_party.register_begin(USER, user_verification="required")
    registered = client(key, Owner()).make_credential(asked.public_key)
    assert relying_party.register_complete(state, registered).is_user_verified()
    assert ClientPin(Ctap2(key.device())).get_pin_retries()[0] == 8


def test_messages_of_every_kind_are_carried():
    with brasskey.Key().device() as device:
        assert device.capabilities & CAPABILITY.CBOR
        assert device.call(CTAPHID.PING, bytes(range(256)) * 20) == bytes(range(256)) * 20
        assert Ctap1(device).get_version() == "U2F_V2"
        with pytest.raises(CtapError) as refused:
            device.call(0x3F)
        assert refused.value.code == CtapError.ERR.INVALID_COMMAND
        with pytest.raises(ValueError, match="longer"):
            device.call(CTAPHID.PING, bytes(7610))


def test_keepalives_are_told_and_a_touch_ends_the_wait():
    key = brasskey.Key(touch="control")
    device, told = key.device(), []

    def keepalive(status):
        told.append(status)
        if status == STATUS.UPNEEDED:
            # It is told a moment before the key waits for its button.
            assert key.wait_until_asked(30)
            key.pulse()

    Ctap2(device).selection(on_keepalive=keepalive)
    assert STATUS.UPNEEDED in told


def test_a_request_is_cancelled():
    key, event, outcome = brasskey.Key(touch="control"), threading.Event(), []

    def select():
        try:
            Ctap2(key.device()).selection(event=event)
        except CtapError as error:
            outcome.append(error.code)

    thread = threading.Thread(target=select)
    thread.start()
    assert key.wait_until_asked(30).operation == "select"
    event.set()
    thread.join()
    assert outcome == [CtapError.ERR.KEEPALIVE_CANCEL]


def test_a_refusal_is_an_error_of_its_client():
    asked, _ = server().register_begin(USER, user_verification="discouraged")
    with pytest.raises(ClientError):
        client(brasskey.Key(touch="deny")).make_credential(asked.public_key)


def test_keys_that_are_plugged_in_are_listed():
    key, other = brasskey.Key(), brasskey.Key()
    other.power_off()
    listed = [device.key for device in Device.list_devices()]
    assert key in listed and other not in listed
    with pytest.raises(brasskey.Error, match="switched on"):
        other.device()


def waiting(key, device):
    """A request on a thread of its own that waits for a touch, and the numbers of the errors that end it."""
    numbers = []

    def select():
        try:
            Ctap2(device).selection()
        except OSError as error:
            numbers.append(error.errno)

    thread = threading.Thread(target=select)
    thread.start()
    assert key.wait_until_asked(30)
    return thread, numbers


def test_a_plug_that_is_pulled_ends_a_request():
    for clock in (False, True):
        key = brasskey.Key(touch="control", scripted_clock=clock)
        device = key.device()
        thread, numbers = waiting(key, device)
        key.power_off()
        thread.join()
        assert numbers == [errno.ENODEV]
        # It is gone, as a device on USB: plugged in again, the key is another one.
        for _ in range(2):
            with pytest.raises(OSError, match="unplugged"):
                device.call(CTAPHID.PING)
            key.power_on()
        assert key.device().call(CTAPHID.PING, b"here") == b"here"


def test_a_device_that_is_closed_is_of_no_more_use():
    key = brasskey.Key(touch="control")
    device = key.device()
    thread, numbers = waiting(key, device)
    device.close()
    thread.join()
    assert numbers == [errno.EBADF]
    with pytest.raises(OSError, match="closed"):
        device.call(CTAPHID.PING)
    # The key does not wait for the touch any more, and other devices of it work.
    assert key.device().call(CTAPHID.PING, b"here") == b"here"


def test_a_key_that_is_busy_is_asked_again():
    key = brasskey.Key(touch="control")
    thread, _ = waiting(key, key.device())
    event, other = threading.Event(), key.device()
    event.set()
    with pytest.raises(CtapError) as refused:
        other.call(CTAPHID.PING, b"here", event)
    assert refused.value.code == CtapError.ERR.CHANNEL_BUSY
    threading.Timer(0.05, key.pulse).start()
    assert other.call(CTAPHID.PING, b"here") == b"here"
    thread.join()


def test_one_device_is_for_one_thread():
    key = brasskey.Key(touch="control")
    device = key.device()
    thread = threading.Thread(target=Ctap2(device).selection)
    thread.start()
    key.wait_until_asked(30)
    with pytest.raises(RuntimeError, match="another thread"):
        device.call(CTAPHID.PING)
    key.pulse()
    thread.join()
