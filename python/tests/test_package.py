"""The package as it is installed."""

import doctest
import importlib.metadata
import os
import pathlib
import subprocess
import sys

import brasskey
import brasskey.fido2
import pytest

PACKAGE = pathlib.Path(brasskey.__file__).parent


def test_it_is_what_was_installed():
    checkout = pathlib.Path(__file__).parents[1]
    assert checkout not in PACKAGE.parents
    assert importlib.metadata.version("brasskey")
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "_brasskey.pyi").exists()


@pytest.mark.parametrize("module", [brasskey, brasskey.webauthn, brasskey.fido2])
def test_examples_in_the_texts_are_true(module):
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


def test_it_needs_no_other_package():
    program = (
        "import brasskey, sys; brasskey.Key();"
        "assert not {'fido2', 'locust', 'pytest', 'cryptography'} & set(sys.modules)"
    )
    # Without the packages of this environment.
    subprocess.run([sys.executable, "-P", "-S", "-c", program], check=True, env={"PYTHONPATH": str(PACKAGE.parent)})


def test_its_types_are_complete():
    cache = PACKAGE.parents[1] / "mypy"
    result = subprocess.run(
        [sys.executable, "-P", "-m", "mypy", "--strict", "--cache-dir", cache, "--package", "brasskey"],
        cwd=pathlib.Path(__file__).parent,
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
