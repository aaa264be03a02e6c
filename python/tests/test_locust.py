"""Load: a master and two workers of Locust against the website of the examples, on loopback."""

import csv
import hashlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

EXAMPLES = pathlib.Path(__file__).parents[1] / "examples"
#: How long a step may take on a machine that does other things, too, in seconds.
PATIENCE = 90


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def start():
    started = []

    def start(*command, **environment):
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", *command],
            cwd=EXAMPLES,
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def wait_for(address):
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return urllib.request.urlopen(address, timeout=5).read()
        except OSError:
            assert time.monotonic() < end, f"nothing answers at {address}"
            time.sleep(0.1)


def test_two_workers_load_a_website(start, tmp_path):
    port, master_port = free_port(), free_port()
    host = f"http://localhost:{port}"
    start("uvicorn", "passkey_site:app", "--port", str(port), "--log-level", "error", ORIGIN=host)
    wait_for(f"{host}/openapi.json")
    # Locust's own report, for people: tests/run keeps it.
    report = pathlib.Path(os.environ.get("BRASSKEY_REPORTS", tmp_path)) / "locust.html"
    master = start(
        "locust", "--host", host, "--headless", "--users", "8", "--spawn-rate", "8", "--run-time", "6s",
        "--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(master_port),
        "--expect-workers", "2", "--expect-workers-max-wait", str(PATIENCE), "--csv", str(tmp_path / "load"),
        "--html", str(report),
    )  # fmt: skip
    seed = {"BRASSKEY_SEED": "this run"}
    workers = [
        start("locust", "--worker", "--master-host", "127.0.0.1", "--master-port", str(master_port), **seed)
        for _ in range(2)
    ]
    output, _ = master.communicate(timeout=2 * PATIENCE)
    assert master.returncode == 0, output
    for worker in workers:
        assert worker.wait(PATIENCE) == 0
    assert "sign-in: verification" in report.read_text(encoding="utf-8")

    with open(tmp_path / "load_stats.csv", encoding="utf-8") as file:
        rows = {row["Name"]: row for row in csv.DictReader(file)}
    for name in ("register", "sign-in"):
        for step in ("options", "ceremony", "verification"):
            assert int(rows[f"{name}: {step}"]["Request Count"]) > 0, output
    assert rows["sign-in: ceremony"]["Type"] == "KEY"
    assert rows["Aggregated"]["Failure Count"] == "0", output
    # Each worker had users of its own.
    run = hashlib.sha256(b"run" + hashlib.sha256(b"this run").digest()).hexdigest()[:10]
    for partition in (0, 1):
        body = json.dumps({"username": f"user-{run}-{partition}-0"}).encode()
        asked = urllib.request.Request(f"{host}/login/options", body, {"Content-Type": "application/json"})
        assert json.load(urllib.request.urlopen(asked))["allowCredentials"]


def test_a_later_run_finds_the_accounts_of_an_earlier_one(start, tmp_path):
    port = free_port()
    host = f"http://localhost:{port}"
    start("uvicorn", "passkey_site:app", "--port", str(port), "--log-level", "error", ORIGIN=host)
    wait_for(f"{host}/openapi.json")
    settings = ["--host", host, "--headless", "--users", "4", "--spawn-rate", "4", "--run-time", "3s"]
    # Twice without a seed, and twice with one.
    for number, seed in enumerate([{}, {}, {"BRASSKEY_SEED": "a"}, {"BRASSKEY_SEED": "a"}]):
        locust = start("locust", *settings, "--csv", str(tmp_path / str(number)), **seed)
        output, _ = locust.communicate(timeout=PATIENCE)
        assert locust.returncode == 0, output
        with open(tmp_path / f"{number}_stats.csv", encoding="utf-8") as file:
            rows = {row["Name"]: row for row in csv.DictReader(file)}
        assert int(rows["sign-in: verification"]["Request Count"]) > 0, output
        assert rows["Aggregated"]["Failure Count"] == "0", output


def test_a_website_that_accepts_an_attack_is_told():
    # In a process of its own: Locust changes Python's threads.
    subprocess.run([sys.executable, "-P", pathlib.Path(__file__).parent / "gullible.py"], check=True, timeout=PATIENCE)
