"""What is linked into a program: as a bill of materials in CycloneDX, and as the licences that want to be beside it.

Usage: components.py sbom|licences TARGET [PACKAGE [CARGO OPTION]...]
"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

LICENCE_FILES = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)([-._].*)?", re.IGNORECASE)


def cargo(*arguments):
    return subprocess.run(["cargo", *arguments, "--locked"], check=True, stdout=subprocess.PIPE, text=True).stdout


def linked(target, package, options):
    """The names and versions of the crates in the program. Neither macros nor build scripts, which only make it."""
    tree = cargo(
        "tree", "--package", package, "--target", target, "--edges", "normal,no-proc-macro", "--prefix", "none",
        "--format", "{p}", *options,
    )
    return {tuple(line.split()[:2]) for line in tree.splitlines() if line}


def components(target, package, options):
    """The packages of `cargo metadata` that are in the program, in order, and what each one needs of the others."""
    metadata = json.loads(cargo("metadata", "--format-version", "1", "--filter-platform", target, *options))
    names = linked(target, package, options)
    packages = {
        each["id"]: each for each in metadata["packages"] if (each["name"], f"v{each['version']}") in names
    }
    needs = {
        node["id"]: sorted(
            dependency["pkg"] for dependency in node["deps"]
            if dependency["pkg"] in packages and any(kind["kind"] is None for kind in dependency["dep_kinds"])
        )
        for node in metadata["resolve"]["nodes"] if node["id"] in packages
    }
    return sorted(packages.values(), key=lambda each: (each["name"], each["version"])), needs


def purl(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def sbom(target, package, options):
    """CycloneDX 1.5, without a serial number: the same program has the same document."""
    checksums = {
        (each["name"], each["version"]): each.get("checksum")
        for each in tomllib.loads(pathlib.Path("Cargo.lock").read_text())["package"]
    }
    packages, needs = components(target, package, options)
    reference = {each["id"]: purl(each) for each in packages}

    def component(each):
        described = {
            "type": "application" if each["name"] == package else "library",
            "bom-ref": purl(each),
            "name": each["name"],
            "version": each["version"],
            "purl": purl(each),
        }
        if each["license"]:
            described["licenses"] = [{"expression": each["license"].replace("/", " OR ")}]
        if checksum := checksums.get((each["name"], each["version"])):
            described["hashes"] = [{"alg": "SHA-256", "content": checksum}]
        return described

    [program] = [each for each in packages if each["name"] == package]
    time = datetime.datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": component(program),
            "properties": [{"name": "target", "value": target}],
        },
        "components": [component(each) for each in packages if each is not program],
        "dependencies": [
            {"ref": purl(each), "dependsOn": [reference[need] for need in needs[each["id"]]]} for each in packages
        ],
    }
    print(json.dumps(document, indent=1))


def licences(target, package, options):
    """The crates of others, and each text of a licence once, below the names of all crates that have it."""
    packages, _ = components(target, package, options)
    texts = {}
    print("This program contains the following libraries. Their licences follow.\n")
    for each in packages:
        if not each["source"]:
            continue
        print(f"{each['name']} {each['version']}: {each['license']}")
        for file in sorted(pathlib.Path(each["manifest_path"]).parent.iterdir()):
            if file.is_file() and LICENCE_FILES.fullmatch(file.name):
                text = file.read_text(errors="replace").strip()
                texts.setdefault(text, []).append(f"{each['name']} {each['version']}")
    for text, names in texts.items():
        print(f"\n{'=' * 80}\n{', '.join(names)}\n\n{text}")


def main(what, target, package="brasskey-cli", *options):
    {"sbom": sbom, "licences": licences}[what](target, package, options)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
