#!/usr/bin/env bash
# What action.yml runs: finds a driftgate, and runs `driftgate check` with the action's inputs. The program itself writes annotations,
# summary and outputs. Runs in the bash of macOS (3.2) and of Git for Windows, too.
#
# The program, by the input `version`:
#
#   empty    the one on the PATH, else the release of this checkout's version, else one that cargo builds from this checkout
#   path     the one on the PATH
#   1.2.3    the release of that version
#
# A release is run only if its SHA-256 is the one in the release's SHA256SUMS and, where `gh` is there and the server is github.com
# (or GitHub Enterprise Cloud's ghe.com), if `gh attestation verify` finds that the release workflow of the action's own repository
# made it. What does not pass is deleted, and nothing else is tried in its place.
set -euo pipefail

# Says what is wrong and what to do, as an annotation, and ends as a usage error does.
fail() {
    local text
    text="$(printf '%s' "$*" | tr '\r\n' '  ')"
    [[ -z "${GITHUB_OUTPUT:-}" ]] || printf 'verdict=error\n' >>"$GITHUB_OUTPUT"
    printf '::error title=driftgate%%3A nothing was judged::%s\n' "${text//%/%25}" >&2
    exit 2
}

say() {
    printf 'driftgate action: %s\n' "$*" >&2
}

action_path="${GITHUB_ACTION_PATH:-}"
[[ -n "$action_path" ]] || fail 'GITHUB_ACTION_PATH is not set; this script is run by action.yml'
temporary="${RUNNER_TEMP:-}"
[[ -n "$temporary" ]] || fail 'RUNNER_TEMP is not set; this script is run by action.yml'
version="${DRIFTGATE_ACTION_VERSION:-}"
version="${version#v}"
# Git for Windows has paths of its own, which only its programs know: it names the folder, and `native` what others are told.
! command -v cygpath >/dev/null || temporary="$(cygpath -u "$temporary")"
work="$(mktemp -d "$temporary/driftgate.XXXXXXXX")"

native() {
    if command -v cygpath >/dev/null; then
        cygpath -m "$1"
    else
        printf '%s' "$1"
    fi
}

# The version of the action's own checkout: a tag may move, and a commit names no release.
own_version() {
    sed -n 's/^version = "\([0-9][0-9A-Za-z.+-]*\)"$/\1/p' "$action_path/Cargo.toml" | head -n 1
}

# The name that Rust has for this machine, as releases are named.
target() {
    local machine
    case "${RUNNER_ARCH:-$(uname -m)}" in
        X64 | x86_64 | amd64) machine=x86_64 ;;
        ARM64 | arm64 | aarch64) machine=aarch64 ;;
        *) return 1 ;;
    esac
    case "${RUNNER_OS:-$(uname -s)}" in
        Linux) printf '%s-unknown-linux-musl' "$machine" ;;
        macOS | Darwin) printf '%s-apple-darwin' "$machine" ;;
        # Windows on ARM runs programs for x86-64.
        Windows | MINGW* | MSYS*) printf 'x86_64-pc-windows-msvc' ;;
        *) return 1 ;;
    esac
}

sha256() {
    if command -v sha256sum >/dev/null; then
        sha256sum "$1"
    else
        shasum -a 256 "$1"
    fi | sed 's/^\\//; s/ .*$//'
}

# Downloads files of a release into the current folder; fails where there is no such release, or no network.
download() {
    local tag=$1 file host scheme
    shift
    host="${server#*://}"
    scheme="${server%%://*}"
    if command -v gh >/dev/null && [[ -n "${DRIFTGATE_ACTION_TOKEN:-}" ]]; then
        # A private repository's releases need the token.
        local patterns=()
        for file in "$@"; do patterns+=(--pattern "$file"); done
        if GH_TOKEN="$DRIFTGATE_ACTION_TOKEN" GH_ENTERPRISE_TOKEN="$DRIFTGATE_ACTION_TOKEN" \
            gh release download "$tag" --repo "$host/$repository" "${patterns[@]}" --clobber >&2; then
            return
        fi
    fi
    command -v curl >/dev/null || return 1
    for file in "$@"; do
        curl --fail --silent --show-error --location --proto "=$scheme" --retry 3 --connect-timeout 10 --max-time 300 \
            --output "$file" "$server/$repository/releases/download/$tag/$file" || return 1
    done
}

# Prints the path of a released program; returns 1 where it cannot be had, and ends everything where it is not what was released.
released() {
    local wanted=$1 machine name archive sum listed
    server="${GITHUB_SERVER_URL:-https://github.com}"
    server="${server%/}"
    repository="${DRIFTGATE_ACTION_REPOSITORY:-}"
    # Empty where the action is used as ./ : then it is this very repository's.
    [[ -n "$repository" ]] || repository="${GITHUB_REPOSITORY:-}"
    [[ "$repository" =~ ^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$ ]] || return 1
    machine="$(target)" || return 1
    name="driftgate-$wanted-$machine"
    archive="$name.tar.gz"
    cd -- "$work" || return 1
    download "v$wanted" "$archive" SHA256SUMS || return 1
    listed="$(sed -n "s/^\([0-9a-f]\{64\}\) [ *]${archive//./\\.}\$/\1/p" SHA256SUMS)"
    sum="$(sha256 "$archive")"
    if [[ -z "$listed" || "$listed" != "$sum" ]]; then
        rm -f -- "$archive"
        fail "$archive of v$wanted is not what SHA256SUMS of the release says (${listed:-not listed} there, $sum here); it was deleted and not run"
    fi
    case "$server" in
        https://github.com | https://*.ghe.com)
            if command -v gh >/dev/null; then
                if [[ "$(gh attestation verify --help 2>/dev/null || true)" != *--signer-workflow* ]]; then
                    rm -f -- "$archive"
                    fail "the gh of this runner is too old to verify where $archive was made; it was deleted and not run. Update gh, or put driftgate on the PATH and set version: path"
                fi
                # The workflow that makes releases, in that repository, and no other, on a runner of GitHub's.
                if ! GH_HOST="${server#*://}" GH_TOKEN="${DRIFTGATE_ACTION_TOKEN:-}" gh attestation verify "$archive" --repo "$repository" \
                    --signer-workflow "$repository/.github/workflows/release.yml" --deny-self-hosted-runners >&2; then
                    rm -f -- "$archive"
                    fail "no attestation says that $repository's release workflow made $archive; it was deleted and not run. To run without: put driftgate on the PATH and set version: path"
                fi
                say "$archive: SHA-256 as released, provenance attested by $repository's release workflow"
            else
                say "$archive: SHA-256 as released; its provenance is not checked, as gh is not on this runner"
            fi
            ;;
        *) say "$archive: SHA-256 as released; its provenance is not checked, as $server has no attestations" ;;
    esac
    tar -xzf "$archive" || fail "$archive cannot be unpacked"
    local program="$name/driftgate"
    [[ ! -f "$program.exe" ]] || program="$program.exe"
    [[ -f "$program" ]] || fail "$archive holds no $program"
    printf '%s/%s' "$work" "$program"
}

# Prints the path of a program that cargo builds from the action's own checkout.
built() {
    command -v cargo >/dev/null || return 1
    [[ -f "$action_path/Cargo.toml" ]] || return 1
    say "building driftgate $(own_version) from $action_path with cargo; put driftgate on the PATH to save the time"
    cargo install --locked --quiet --path "$action_path" --root "$work/built" >&2 || fail 'cargo could not build driftgate from the action'"'"'s checkout; its messages stand above'
    printf '%s/built/bin/driftgate' "$work"
}

program=""
case "$version" in
    "")
        if program="$(command -v driftgate)"; then
            say "$program, from the PATH"
        else
            # What fails in there because it is not what was released ends the script here.
            program="$(released "$(own_version)")" || [[ $? -eq 1 ]] || exit 2
            if [[ -z "$program" ]]; then
                say "no release $(own_version) can be had"
                program="$(built)" || [[ $? -eq 1 ]] || exit 2
            fi
            [[ -n "$program" ]] || fail 'there is no driftgate: none on the PATH, no release to be had, and no cargo to build one. Put driftgate on the PATH of the runner'
        fi
        ;;
    path)
        program="$(command -v driftgate)" || fail 'version: path, and no driftgate is on the PATH. Install it on the runner, or leave version empty'
        say "$program, from the PATH"
        ;;
    *[!0-9A-Za-z.+-]*) fail "version: $version is no version; write a release such as 1.2.3, or path" ;;
    *)
        program="$(released "$version")" || [[ $? -eq 1 ]] || exit 2
        [[ -n "$program" ]] || fail "the release v$version cannot be had from ${GITHUB_SERVER_URL:-https://github.com}; check the version and the network, or put driftgate on the PATH and set version: path"
        ;;
esac

reports="$(native "$work")"
arguments=(check --output "json=$reports/driftgate.json" --output "sarif=${DRIFTGATE_ACTION_SARIF_FILE:-$reports/driftgate.sarif}")
[[ -z "${DRIFTGATE_ACTION_CONFIG:-}" ]] || arguments+=("--config=$DRIFTGATE_ACTION_CONFIG")
[[ -z "${DRIFTGATE_ACTION_SCOPE:-}" ]] || arguments+=("--scope=$DRIFTGATE_ACTION_SCOPE")
[[ -z "${DRIFTGATE_ACTION_FAIL_ON:-}" ]] || arguments+=("--fail-on=$DRIFTGATE_ACTION_FAIL_ON")
[[ -z "${DRIFTGATE_ACTION_MODE:-}" ]] || arguments+=("--mode=$DRIFTGATE_ACTION_MODE")
[[ -z "${DRIFTGATE_ACTION_CREDENTIALS:-}" ]] || arguments+=("--credentials=$DRIFTGATE_ACTION_CREDENTIALS")

# `read` splits and does nothing else: no expansion, no pattern, no quotes.
extra="${DRIFTGATE_ACTION_ARGS:-}"
while [[ "$extra" == *$'\n' ]]; do extra="${extra%$'\n'}"; done
if [[ "$extra" == *$'\n'* ]]; then
    while IFS= read -r line; do
        line="${line%$'\r'}"
        [[ -z "$line" ]] || arguments+=("$line")
    done <<<"$extra"
elif [[ -n "$extra" ]]; then
    words=()
    read -r -a words <<<"$extra"
    arguments+=(${words[@]+"${words[@]}"})
fi

if [[ -n "${DRIFTGATE_ACTION_TOKEN:-}" && -z "${GITHUB_TOKEN:-}" ]]; then
    export GITHUB_TOKEN="$DRIFTGATE_ACTION_TOKEN"
fi
unset DRIFTGATE_ACTION_TOKEN
exec "$program" "${arguments[@]}"
