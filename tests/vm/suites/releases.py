"""Weekly: the static program that is released, from its package in a browser, and in containers of Debian's podman."""

import json
import pathlib
import re
import subprocess
import tempfile

import chromium
import packages
from case import Case
from key import NoKey

SHARE = pathlib.Path("/share")
IMAGE = "localhost/brasskey"


class InPackagesChromium(chromium.InChromium):
    """The key is one of a user who has installed the package and joined the group."""

    key_class = packages.UsersKey

    @classmethod
    def setUpClass(cls):
        packages.install()
        subprocess.run(["useradd", "--create-home", "--groups", "brasskey", packages.USER], check=True)
        super().setUpClass()


class WithPodman(Case):
    """The image of a release, and a Debian in a container with the options of the recipe."""

    @classmethod
    def plug_in(cls):
        return NoKey()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        unpack = "tar -C /share/podman -c . | tar -C / -x --no-same-owner --keep-directory-symlink && ldconfig"
        subprocess.run(["bash", "-o", "pipefail", "-c", unpack], check=True)
        # What an init system would have mounted.
        subprocess.run(["mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup"], check=True)
        subprocess.run(["mount", "--make-rshared", "/"], check=True)

    def podman(self, command, *arguments, **options):
        # There is no overlayfs in the guest's kernel, and nothing that takes a network.
        how = ("--storage-driver=vfs", "--cgroup-manager=cgroupfs")
        return self.client("podman", *how, command, *arguments, **options)

    def test_the_image_is_the_program_alone(self):
        build = ("build", "--platform", "linux/amd64", "--file", SHARE / "image/Containerfile", "--tag", IMAGE)
        self.podman(*build, SHARE / "image")
        run = ("run", "--rm", "--network=none")
        self.assertEqual(self.podman(*run, IMAGE, "--version"), f"brasskey {packages.version()}\n")
        self.assertIn("This key is fit for use", self.podman(*run, IMAGE, "selftest", "--ephemeral"))
        # What a soft token keeps outlasts the container, in a volume.
        with tempfile.TemporaryDirectory() as home:
            self.podman(*run, f"--volume={home}:/home", IMAGE, "register", "--device", "soft", "--touch", "auto")
            self.assertTrue(list(pathlib.Path(home).rglob("token.redb")))

    def test_a_container_has_a_key_with_the_options_of_the_recipe(self):
        subprocess.run(["modprobe", "uhid"], check=True)
        recipe = (SHARE / "contrib/ci/Containerfile").read_text()
        [entry_point] = re.findall(r"^ENTRYPOINT (.*)$", recipe, re.MULTILINE)
        [destination] = re.findall(r"^COPY contrib (.*)$", recipe, re.MULTILINE)
        devices = pathlib.Path("/proc/devices").read_text()
        [major] = re.findall(r"^ *(\d+) hidraw$", devices, re.MULTILINE)
        options = ("--device", "/dev/uhid", "--device-cgroup-rule", f"c {major}:* rwm", "-v", "/run/udev:/run/udev:ro")
        for option in options:
            self.assertIn(option.replace(major, "$major"), recipe)
        self.assertIn("With podman, add `--cap-add MKNOD`.", (SHARE / "docs/ci.md").read_text())
        # The Debian of the guest, without what is mounted in it, stands for that of the image.
        root = self.enterContext(tempfile.TemporaryDirectory(dir="/mnt"))
        subprocess.run(["mount", "--bind", "/", root], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", root], check=True)
        said = self.podman(
            "run", "--rm", "--network=none", "--cap-add", "MKNOD", *options,
            f"--volume=/share/contrib:{destination}:ro", "--rootfs", root,
            *json.loads(entry_point), "brasskey", "register",
        )
        self.assertRegex(said, r"\Ahidraw=/dev/hidraw\d+\n")
        self.assertIn("Registered", said)


def load_tests(loader, _tests, _pattern):
    """Containers first: the package takes the other program away."""
    suite = loader.loadTestsFromTestCase(WithPodman)
    suite.addTest(InPackagesChromium("test_a_second_factor_registers_and_authenticates"))
    return suite
