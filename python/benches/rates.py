"""How many sign-ins a second a Python program gets from a key, on one processor, beside other keys in software.

    maturin build --release --manifest-path python/Cargo.toml && cargo build --release -p brasskey-cli
    pip install -r python/benches/requirements.txt target/wheels/brasskey-*.whl
    python python/benches/rates.py --program target/release/brasskey
"""

import argparse
import json
import os
import pathlib
import sys
import time

import brasskey
from brasskey import webauthn
from fido2.ctap2 import Ctap2
from soft_webauthn import SoftWebauthnDevice

ORIGIN = "https://example.com"
CREATION = {
    "rp": {"id": "example.com", "name": "Example"},
    "user": {"id": b"alice", "name": "alice", "displayName": "Alice"},
    "challenge": b"challenge",
    "pubKeyCredParams": [{"type": "public-key", "alg": -7}],
}
HASH = bytes(32)


def request(credential):
    return {"rpId": "example.com", "challenge": b"challenge", "allowCredentials": [credential]}


def ceremonies():
    key = brasskey.Key()
    asked = request({"type": "public-key", "id": webauthn.create(CREATION, ORIGIN, key)["id"]})
    return lambda: webauthn.get(asked, ORIGIN, key)


def fleet():
    keys = brasskey.Fleet(bytes(32))
    asked = request({"type": "public-key", "id": keys.create(1, CREATION, ORIGIN)["id"]})
    return lambda: keys.get(1, asked, ORIGIN)


def commands(device):
    ctap = Ctap2(device)
    made = ctap.make_credential(
        HASH,
        CREATION["rp"],
        CREATION["user"],
        CREATION["pubKeyCredParams"],
    )
    allowed = [{"type": "public-key", "id": made.auth_data.credential_data.credential_id}]
    return lambda: ctap.get_assertion("example.com", HASH, allowed)


def soft_webauthn():
    device = SoftWebauthnDevice()
    device.create({"publicKey": {**CREATION, "attestation": "none"}}, ORIGIN)
    asked = {"publicKey": request({"type": "public-key", "id": device.credential_id})}
    return lambda: device.get(asked, ORIGIN)


def measure(sign_in, seconds):
    sign_in()
    count, begun = 0, time.perf_counter()
    while (taken := time.perf_counter() - begun) < seconds:
        sign_in()
        count += 1
    return count / taken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", help="a program brasskey: measures `brasskey token --udp`, too")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long to measure each [default: 3]")
    args = parser.parse_args()

    kinds = {
        "Python, brasskey.webauthn.get: a browser's whole ceremony": ceremonies,
        "Python, brasskey.Fleet.get: the same, with one key of many": fleet,
        "Python, python-fido2 on brasskey.Key: the command alone": lambda: commands(brasskey.Key().device()),
        "Python, soft-webauthn: its ceremony": soft_webauthn,
    }
    if args.program:
        sys.path.append(str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
        os.environ["BRASSKEY"] = args.program
        from key_process import Key

        served = Key("--touch", "auto")
        kinds["Python, python-fido2 on brasskey token --udp: the command alone"] = lambda: commands(served.connect())
    rates = {name: round(measure(kind(), args.seconds)) for name, kind in kinds.items()}
    if args.program:
        served.close()
    print(json.dumps(rates, indent=2))


if __name__ == "__main__":
    main()
