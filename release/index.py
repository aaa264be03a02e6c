"""Completes a directory with what is released: a Homebrew formula, a PKGBUILD for the AUR, and SHA256SUMS.

Usage: index.py DIRECTORY VERSION REPOSITORY

A formula and a PKGBUILD name the archives that are there, with their sums. Archives of other systems can be added, and
this run again.
"""

import hashlib
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SUMS = "SHA256SUMS"
# Homebrew's names of systems and processors, and Rust's of the same.
BREWED = {
    "linux": {"intel": "x86_64-unknown-linux-musl", "arm": "aarch64-unknown-linux-musl"},
    "macos": {"intel": "x86_64-apple-darwin", "arm": "aarch64-apple-darwin"},
}


class Release:
    def __init__(self, directory, version, repository):
        self.directory, self.version, self.repository = pathlib.Path(directory), version, repository

    def archive(self, target):
        return self.directory / f"brasskey-{self.version}-{target}.tar.gz"

    def address(self, file):
        return f"{self.repository}/releases/download/v{self.version}/{file.name}"

    def fill(self, template, **values):
        text = (HERE / template).read_text()
        for name, value in {"VERSION": self.version, "REPOSITORY": self.repository, **values}.items():
            text = text.replace(f"@{name}@", value)
        return text

    def formula(self):
        systems = []
        for system, processors in BREWED.items():
            there = {name: self.archive(target) for name, target in processors.items() if self.archive(target).exists()}
            blocks = [
                f'    on_{name} do\n      url "{self.address(file)}"\n      sha256 "{digest(file)}"\n    end\n'
                for name, file in there.items()
            ]
            if blocks:
                systems.append(f"  on_{system} do\n{''.join(blocks)}  end\n")
        return self.fill("homebrew/brasskey.rb", ARCHIVES="\n".join(systems).rstrip("\n"))

    def pkgbuild(self):
        there = {
            name: self.archive(target)
            for name, target in (("x86_64", "x86_64-unknown-linux-musl"), ("aarch64", "aarch64-unknown-linux-musl"))
            if self.archive(target).exists()
        }
        sources = [
            f'source_{name}=("{self.address(file)}")\nsha256sums_{name}=("{digest(file)}")\n'
            for name, file in there.items()
        ]
        return self.fill("aur/PKGBUILD", ARCHITECTURES=" ".join(there), SOURCES="".join(sources).rstrip("\n"))

    def sums(self):
        files = sorted(file for file in self.directory.iterdir() if file.is_file() and file.name != SUMS)
        return "".join(f"{digest(file)}  {file.name}\n" for file in files)


def digest(file):
    with open(file, "rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def main(directory, version, repository):
    release = Release(directory, version, repository)
    (release.directory / "brasskey.rb").write_text(release.formula())
    (release.directory / "PKGBUILD").write_text(release.pkgbuild())
    # The last, because it names the others.
    (release.directory / SUMS).write_text(release.sums())


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
