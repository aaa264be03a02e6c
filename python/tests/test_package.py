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
CHECKOUT = pathlib.Path(__file__).parents[2]
EXAMPLES = CHECKOUT / "python" / "examples"
#: What the texts take for granted: a website at login.example.com, where accounts are opened and signed in to.
WEBSITE = f"""
import sys
sys.path.insert(0, {str(EXAMPLES)!r})
import passkey_site, pytest
from fastapi.testclient import TestClient

passkey_site.RP_ID, passkey_site.ORIGIN = "example.com", "https://login.example.com"

@pytest.fixture
def client():
    return TestClient(passkey_site.app)

site = client
"""


def blocks():
    """The programs in the texts."""
    for text in ("python/README.md", "docs/python.md"):
        fenced = (CHECKOUT / text).read_text(encoding="utf-8").split("\n```")[1::2]
        programs = [block.removeprefix("python\n") for block in fenced if block.startswith("python\n")]
        yield from (pytest.param(program, id=f"{text} {number}") for number, program in enumerate(programs, 1))


@pytest.mark.parametrize("program", list(blocks()))
def test_programs_in_the_texts_work_as_they_are(program, tmp_path):
    (tmp_path / "conftest.py").write_text(WEBSITE, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(program, encoding="utf-8")
    runner = ["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider"] if "def test_" in program else []
    command = [sys.executable, "-P", *runner, "test_it.py"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr


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


@pytest.mark.parametrize(("module", "extra"), [("fido2", "brasskey[fido2]"), ("locust", "brasskey[locust]")])
def test_a_package_that_is_missing_is_named(module, extra):
    program = f"import brasskey.{module}"
    command = [sys.executable, "-P", "-S", "-c", program]
    result = subprocess.run(command, env={"PYTHONPATH": str(PACKAGE.parent)}, capture_output=True, text=True)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith("ImportError") and f"pip install '{extra}'" in result.stderr


def test_everything_of_a_key_is_explained():
    for kind in (brasskey.Key, brasskey.Browser, brasskey.Fleet):
        for name, member in vars(kind).items():
            assert name.startswith("_") or member.__doc__, name


@pytest.mark.parametrize("checked", [["--package", "brasskey"], [EXAMPLES], ["texts"]])
def test_types_are_complete(checked, tmp_path):
    if checked == ["texts"]:
        programs = [program for (program,) in (block.values for block in blocks()) if "def test_" not in program]
        checked = [tmp_path / f"program_{number}.py" for number in range(len(programs))]
        for path, program in zip(checked, programs, strict=True):
            path.write_text(program, encoding="utf-8")
    cache = PACKAGE.parents[1] / "mypy"
    result = subprocess.run(
        [sys.executable, "-P", "-m", "mypy", "--strict", "--cache-dir", cache, *checked],
        cwd=pathlib.Path(__file__).parent,
        env={**os.environ, "MYPYPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stdout + result.stderr
