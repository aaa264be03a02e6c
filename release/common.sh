# shellcheck shell=bash disable=SC2034 # The scripts use what is set here.
# What the scripts here share. They source it from the project's root.

# shellcheck source=tests/install.sh
source tests/install.sh

# of_workspace NAME: prints a value of `[workspace.package]` in Cargo.toml.
of_workspace() {
  sed -n "/^\[workspace.package\]/,/^\$/s/^$1 = \"\(.*\)\"\$/\1/p" Cargo.toml
}

# static_target ARCHITECTURE: prints Rust's name of a Linux that needs no C library.
static_target() {
  case "$1" in
    x86_64 | aarch64) printf '%s-unknown-linux-musl\n' "$1" ;;
    *) fail "there is no release for $1" "x86_64 or aarch64" ;;
  esac
}

version="$(of_workspace version)"
repository="$(of_workspace repository)"
# What files and packages have as their time: that of the commit, for everybody who builds it.
if [ -z "${SOURCE_DATE_EPOCH-}" ]; then
  SOURCE_DATE_EPOCH="$(git log -1 --format=%ct)" ||
    fail "the time of this release is unknown" "build in a clone, or set SOURCE_DATE_EPOCH"
fi
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C.UTF-8
umask 022
# One thread: how many there are decides where xz splits what it compresses.
export DPKG_DEB_THREADS_MAX=1
