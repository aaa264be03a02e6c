# shellcheck shell=bash
# What .ci/run and .ci/weekly share: steps, and the report of how they ended. They source it from the project's root.

# shellcheck source=tests/install.sh
source tests/install.sh

# Nothing here is built twice after a change, so what incremental builds write would be for nobody.
export CARGO_INCREMENTAL=0
# Nor does anybody debug the programs: a third of the disk and some of the time.
export CARGO_PROFILE_DEV_DEBUG=none

report=()
passed=0 failed=0 skipped=0

# step NAME COMMAND...: runs one gate, and records how it ended and how long it took.
step() {
  local name="$1" begun="$SECONDS" status=0
  shift
  note "== $name"
  # In its own process: inside `if` or `||`, errexit would be off for everything that the gate does.
  set +e
  (set -e; "$@") </dev/null
  status=$?
  set -e
  if [ "$status" -eq 0 ]; then
    passed=$((passed + 1))
    report+=("$(printf 'passed %4d s  %s' $((SECONDS - begun)) "$name")")
  else
    failed=$((failed + 1))
    report+=("$(printf 'FAILED %4d s  %s' $((SECONDS - begun)) "$name")")
  fi
}

# beside FUNCTION: runs the steps in FUNCTION at the lowest priority, beside those that follow. Until `await` nothing is
# seen of them. Their report goes through a file.
# shellcheck disable=SC2030,SC2031
beside() {
  besides="$(mktemp -d)"
  (
    renice -n 19 -p "$BASHPID" >/dev/null
    report=() passed=0 failed=0 skipped=0
    "$1"
    printf '%s\n' "$passed $failed $skipped" "${report[@]}" >"$besides/report"
  ) >"$besides/output" 2>&1 </dev/null &
  besides_pid=$!
}

# await: waits for the steps of `beside`, prints what they printed, and takes them into the report.
# shellcheck disable=SC2031
await() {
  local ended=(0 1 0) lines=('FAILED          what ran beside has left no report')
  wait "$besides_pid" || true
  cat "$besides/output"
  if [ -s "$besides/report" ]; then
    read -r -a ended <"$besides/report"
    mapfile -t -s 1 lines <"$besides/report"
  fi
  report+=("${lines[@]}")
  passed=$((passed + ended[0])) failed=$((failed + ended[1])) skipped=$((skipped + ended[2]))
  rm -r "$besides"
}

# skip NAME REASON
skip() {
  note "== $1: skipped, $2"
  skipped=$((skipped + 1))
  report+=("skipped         $1: $2")
}

# rust_tool NAME VERSION: puts the cargo plugin NAME on the path. It is prebuilt if there is a wheel for this machine.
rust_tool() {
  local environment
  if environment="$(python_environment .ci/requirements.txt)" && [ -x "$environment/bin/$1" ]; then
    PATH="$environment/bin:$PATH"
  else
    cargo install --quiet --locked --root "$cache/cargo" --version "$2" "$1"
    PATH="$cache/cargo/bin:$PATH"
  fi
}

# summary: prints how each step ended. Fails if one did.
summary() {
  printf '%s\n' '' "${report[@]}" "total $SECONDS s"
  printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
  [ "$failed" -eq 0 ]
}
