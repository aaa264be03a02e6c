"""What a release consists of, on Debian: its package from the installation to the purge, and its archive in CI."""

import grp
import os
import pathlib
import re
import subprocess
import tempfile
import textwrap

from case import Case
from key import PATIENCE, Key, NoKey

PAGE = pathlib.Path("/share/docs/install.md")
SHARE = pathlib.Path("/share")
USER = "packager"
RELEASES = SHARE / "releases"


def version():
    [directory] = (RELEASES / "download").iterdir()
    return directory.name.removeprefix("v")


def apt(*arguments):
    """Runs apt-get as a user of Debian does, and returns what it printed."""
    done = subprocess.run(
        ["apt-get", "--yes", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=PATIENCE, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    )
    if done.returncode:
        raise AssertionError(f"apt-get {arguments}:\n{done.stdout}")
    return done.stdout


def page():
    """The commands of the page on Debian, with this version in place of the one that it names."""
    section = PAGE.read_text().split("\n## Debian and Ubuntu\n")[1].split("\n## ")[0]
    return re.findall(r"^\$ (.*)$", section.replace("0.1.0", version()), re.MULTILINE)


def install():
    """Installs the package on a Debian that has had nothing of brasskey, and returns what apt-get printed."""
    # The other suites' program, and what keeps manuals out of the virtual machine.
    pathlib.Path("/usr/local/bin/brasskey").unlink(missing_ok=True)
    pathlib.Path("/etc/dpkg/dpkg.cfg.d/99mmdebstrap").unlink(missing_ok=True)
    [package] = (SHARE / "packages").glob("*.deb")
    return apt("install", str(package))


def as_user(*command):
    """A command of a user who has just logged in, so that the groups count."""
    return (
        "setpriv", "--reuid", USER, "--regid", USER, "--init-groups",
        "env", f"--chdir=/home/{USER}", f"HOME=/home/{USER}", *command,
    )


class UsersKey(Key):
    """A key that the user's own program makes."""

    before = as_user()
    user = USER


class Installed(Case):
    """The package, and a user who joins the group."""

    @classmethod
    def plug_in(cls):
        return NoKey()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.said = install()
        subprocess.run(["useradd", "--create-home", USER], check=True)

    def test_1_it_needs_no_other_package(self):
        [package] = (SHARE / "packages").glob("*.deb")
        joins = 'sudo usermod --append --groups brasskey "$USER"'
        self.assertEqual(page(), [f"sudo apt install ./{package.name}", joins, "sudo apt purge brasskey"])
        self.assertIn("0 upgraded, 1 newly installed, 0 to remove", self.said)
        self.assertNotIn("warning", self.said.lower())

    def test_2_it_is_the_program_with_its_manual_and_its_unit(self):
        self.assertEqual(self.client("sh", "-c", "command -v brasskey"), "/usr/bin/brasskey\n")
        self.assertEqual(self.client("brasskey", "--version"), f"brasskey {version()}\n")
        self.client(*as_user("brasskey", "selftest", "--ephemeral"))
        listed = self.client("dpkg", "--listfiles", "brasskey").splitlines()
        self.assertIn("/usr/share/man/man1/brasskey-token.1.gz", listed)
        missing = [file for file in listed if not pathlib.Path(file).exists()]
        self.assertEqual(missing, [])
        # Nothing in it that a user may change: no configuration, and no file of somebody else.
        self.assertEqual([file for file in listed if file.startswith(("/etc", "/var", "/home"))], [])
        self.client("bash", "-c", ". /usr/share/bash-completion/completions/brasskey && complete -p brasskey")

    def test_3_a_member_of_its_group_has_a_key(self):
        self.assertEqual(pathlib.Path("/dev/uhid").group(), "brasskey")
        self.client(*as_user("test", "-w", "/dev/uhid"), status=1)
        self.client("usermod", "--append", "--groups", "brasskey", USER)
        with UsersKey("--state", f"/home/{USER}/kept.redb") as key:
            self.client("brasskey", "register", "--device", f"hid:{key.hidraw}")
            self.client("brasskey", "authenticate", "--device", f"hid:{key.hidraw}")
            # Whoever sits at the computer gets it, from logind, which does not run here.
            self.assertIn(":uaccess:", self.client("udevadm", "info", "--query=property", key.hidraw))


class Purged(Case):
    """The package goes. It runs after the cases above."""

    @classmethod
    def plug_in(cls):
        return NoKey()

    def test_nothing_is_left_but_what_belongs_to_the_user(self):
        files = [pathlib.Path(file) for file in self.client("dpkg", "--listfiles", "brasskey").splitlines()]
        files = [file for file in files if not file.is_dir() or file.name == "brasskey"]
        self.assertGreater(len(files), 100)
        apt("purge", "brasskey")
        self.assertEqual([file for file in files if os.path.lexists(file)], [])
        self.client("dpkg", "--status", "brasskey", status=1)
        self.assertRaises(KeyError, grp.getgrnam, "brasskey")
        device = pathlib.Path("/dev/uhid").stat()
        self.assertEqual((device.st_uid, device.st_gid, device.st_mode & 0o777), (0, 0, 0o600))
        self.assertTrue(pathlib.Path(f"/home/{USER}/kept.redb").exists())


class Released(Case):
    """The archive, as CI takes it from a release. These cases come last: the script leaves rules behind."""

    SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c")

    @classmethod
    def plug_in(cls):
        return NoKey()

    def setUp(self):
        super().setUp()
        self.temporary = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.environment = {**os.environ, "BRASSKEY_RUN": str(self.temporary / "run")}
        [archive] = RELEASES.glob("download/*/*.tar.gz")
        self.sum = self.client("sha256sum", archive).split()[0]

    def step(self, status=0, **environment):
        """The action's step that gets the program, as GitHub's runner runs it."""
        step = (SHARE / "action.yml").read_text().split("- name: Get brasskey\n")[1].split("- name: ")[0]
        run = textwrap.dedent(step.split("run: |\n")[1])
        # In place of a compiler: a program that tells that it was asked.
        tools = self.temporary / "tools"
        tools.mkdir(exist_ok=True)
        (tools / "cargo").write_text('#!/bin/sh\necho "built by cargo $*"\n')
        (tools / "cargo").chmod(0o755)
        self.environment.update(
            GITHUB_ACTION_PATH=str(SHARE), RUNNER_TEMP=str(self.temporary), RELEASES=f"file://{RELEASES}",
            PATH=f"{tools}:{os.environ['PATH']}", REF="", VERSION="", SHA256="",
        )
        self.environment.update(environment)
        return self.client(*self.SHELL, run, env=self.environment, status=status)

    def fetched(self):
        return self.client(self.temporary / "brasskey/bin/brasskey", "--version")

    def test_the_action_takes_the_release_of_its_tag(self):
        self.assertNotIn("built by", self.step(REF=f"v{version()}"))
        self.assertEqual(self.fetched(), f"brasskey {version()}\n")

    def test_the_action_takes_the_release_with_the_users_sum(self):
        self.assertNotIn("built by", self.step(REF="0123456789abcdef", VERSION=version(), SHA256=self.sum))
        self.assertEqual(self.fetched(), f"brasskey {version()}\n")

    def test_the_action_builds_what_was_not_released(self):
        self.assertIn("built by cargo install", self.step(REF="main"))
        self.assertIn("built by cargo install", self.step(REF="v99.0.0"))

    def test_the_action_takes_nothing_else_than_what_the_user_has_the_sum_of(self):
        for environment in ({"VERSION": version(), "SHA256": "0" * 64}, {"VERSION": "99.0.0", "SHA256": self.sum}):
            self.assertNotIn("built by", self.step(status=1, **environment))
            self.assertFalse((self.temporary / "brasskey/bin/brasskey").exists())

    def test_gitlabs_template_gives_the_job_a_key(self):
        template = (SHARE / "contrib/ci/gitlab.yml").read_text()
        before, after = (
            textwrap.dedent(re.search(rf"^  {part}:\n    - \|\n((?:      .*\n|\n)+)", template, re.MULTILINE)[1])
            for part in ("before_script", "after_script")
        )
        self.environment.update(
            BRASSKEY_RELEASES=f"file://{RELEASES}", BRASSKEY_VERSION=version(), BRASSKEY_SHA256=self.sum,
            CI_BUILDS_DIR=str(self.temporary), CI_JOB_ID="7",
        )
        script = 'brasskey register --device "hid:$BRASSKEY_HIDRAW"'
        self.assertIn("Registered", self.client(*self.SHELL, f"{before}\n{script}", env=self.environment))
        self.assertIn("unplugged", self.client(*self.SHELL, f"{{ {after}\n}} 2>&1", env=self.environment))
        self.environment["BRASSKEY_SHA256"] = "0" * 64
        self.client(*self.SHELL, before, env=self.environment, status=1)
