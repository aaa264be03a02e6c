"""What a user of Locust costs its worker, in milliseconds of processor time: the numbers of docs/python.md.

    maturin build --release --manifest-path python/Cargo.toml --out .
    pip install --requirement python/tests/requirements.txt ./brasskey-*.whl
    python python/benches/load.py
"""

import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

from brasskey.locust import WebAuthnUser
from locust.env import Environment

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
#: The first of them is what most websites ask for first, and the second what py_webauthn does.
ALGORITHMS = {"ES256": -7, "EdDSA": -8}
#: How often each step is taken.
COUNT = 2_000


class Visitor(WebAuthnUser):
    """Somebody who is asked step by step."""


def serve():
    """Starts the website of the examples."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    host = f"http://localhost:{port}"
    command = [sys.executable, "-m", "uvicorn", "passkey_site:app", "--port", str(port), "--log-level", "error"]
    site = subprocess.Popen(command, cwd=EXAMPLES, env={**os.environ, "ORIGIN": host})
    while site.poll() is None:
        try:
            urllib.request.urlopen(f"{host}/openapi.json", timeout=5).close()
            return site, host
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the website did not start")


def cost(step):
    """The processor time of this process for one step, in milliseconds."""
    step(0)
    begun = time.process_time()
    for number in range(1, COUNT + 1):
        step(number)
    return round((time.process_time() - begun) / COUNT * 1000, 2)


def main():
    site, host = serve()
    try:
        Visitor.host = host
        visitor = Visitor(Environment(user_classes=[Visitor]))
        fleet = visitor.partition().fleet
        options = visitor.ask("options", visitor.register_options, 0)
        assert visitor.answer("verification", visitor.register_verify, fleet.create(0, options, host))
        costs = {"request": cost(lambda _: visitor.ask("options", visitor.login_options, 0))}
        for name, algorithm in ALGORITHMS.items():
            options["pubKeyCredParams"] = [{"type": "public-key", "alg": algorithm}]
            allowed = [{"type": "public-key", "id": fleet.create(0, options, host)["id"]}]
            sign_in = {**visitor.ask("options", visitor.login_options, 0), "allowCredentials": allowed}
            costs[f"registration with {name}"] = cost(lambda number: fleet.create(number, options, host))
            costs[f"sign-in with {name}"] = cost(lambda _, asked=sign_in: fleet.get(0, asked, host))
        print(json.dumps(costs, indent=2))
    finally:
        site.terminate()
        site.wait()


if __name__ == "__main__":
    main()
