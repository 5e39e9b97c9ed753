#!/usr/bin/env bash
# Runs a command that reaches an emulator under the real host's name and port, and trusts it, without a change to the
# command:
#
#     bash examples/real-host.sh curl -d '' 'https://secure.trust-provider.com/products/!autoRevokeCS'
#
# Linux, with unshare and ip. The command has a network of its own, in which there is the emulator and nothing else.
# SECTIGO_EMULATOR_BINARY names the program, if it is not on the PATH.
set -euo pipefail

NAMES='secure.trust-provider.com secure.sectigo.com secure.comodo.net secure.comodo.com'
program=${SECTIGO_EMULATOR_BINARY:-sectigo-emulator}

main() {
    [ $# -gt 0 ] || {
        echo "usage: bash $0 COMMAND [ARGUMENTS]" >&2
        exit 2
    }
    command -v "$program" > /dev/null || {
        echo "there is no $program: install it (cargo install --path .), or name it in SECTIGO_EMULATOR_BINARY" >&2
        exit 127
    }
    if [ -z "${SECTIGO_REAL_HOST_FILES:-}" ]; then
        SECTIGO_REAL_HOST_FILES=$(mktemp --directory)
        export SECTIGO_REAL_HOST_FILES
        trap 'rm -rf "$SECTIGO_REAL_HOST_FILES"' EXIT
        # What was started there ends with the command. Root is wanted there alone, and only in appearance.
        local how=(--net --mount --pid --fork --kill-child --mount-proc)
        [ "$(id -u)" = 0 ] || how+=(--user --map-root-user)
        unshare "${how[@]}" bash "$0" "$@"
        return
    fi
    ip link set lo up
    printf '127.0.0.1 localhost %s\n' "$NAMES" > "$SECTIGO_REAL_HOST_FILES/hosts"
    mount --bind "$SECTIGO_REAL_HOST_FILES/hosts" /etc/hosts
    "$program" --https 127.0.0.1:443 --log off > /dev/null &
    "$program" health --wait 10s
    eval "$("$program" env --dir "$SECTIGO_REAL_HOST_FILES" --base-url "https://${NAMES%% *}")"
    "$@"
}

main "$@"
