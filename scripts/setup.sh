#!/usr/bin/env bash
# Installs what building and testing need on a fresh machine with Rust.
#
#   scripts/setup.sh build    a C compiler, make, the headers of the C library and of OpenSSL
#   scripts/setup.sh test     the same, curl, Java with Apache Kafka and Apache Spark, a Python environment with
#                             the programs that tests talk to, and the syslog daemons that send to the server
#                             under test
#   scripts/setup.sh check    the same as test, and cargo-deny
#
# Does nothing when everything is there. System packages need root: as root (or with a sudo that asks
# for no password) they are installed, otherwise the command to run is printed and the exit code is 1.
# The Python environment lies in $HEADWATER_VENV or in the cache folder, named after the contents of
# tests/requirements.txt, so that clones share it; `.venv` in the clone points to it, `.kafka` and `.spark` to
# the jars of both. The syslog daemons are Debian's, unpacked in the cache folder (`.senders` points there) and
# not installed: installing would start services, and rsyslog and syslog-ng exclude each other. cargo-deny
# lies in the cache folder too, where `cargo xtask deny` looks for it.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
requirements=$root/tests/requirements.txt
cache=${XDG_CACHE_HOME:-$HOME/.cache}/headwater
cargo_deny_version=0.20.2

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { printf 'setup: %s\n' "$@" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

require_rust() {
    if ! has cargo && [ -x "${CARGO_HOME:-$HOME/.cargo}/bin/cargo" ]; then
        fail "cargo is installed but not in PATH: run . \"${CARGO_HOME:-$HOME/.cargo}/env\" and repeat"
    fi
    has cargo || fail "Rust is missing: install rustup from https://rustup.rs and repeat" \
        "(the toolchain named in rust-toolchain.toml is fetched on first use)"
}

# A compiler alone is not enough: the headers of the C library are a package of their own.
compiles_c() {
    has cc && printf '#include <stdlib.h>\nint main(void) { return 0; }\n' \
        | cc -x c -fsyntax-only - >/dev/null 2>&1
}

has_openssl() { printf '#include <openssl/ssl.h>\n' | cc -x c -fsyntax-only - >/dev/null 2>&1; }

makes_venv() { has python3 && python3 -c 'import ensurepip, venv' >/dev/null 2>&1; }

is_recent_python() { python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; }

missing_packages() {
    has cc || printf 'gcc '
    compiles_c || printf 'libc6-dev '
    has make || printf 'make '
    has_openssl || printf 'libssl-dev '
    has pkg-config || printf 'pkg-config '
    if [ "$1" != build ] && ! makes_venv; then printf 'python3 python3-venv '; fi
    if [ "$1" != build ] && ! has curl; then printf 'curl '; fi
    if [ "$1" != build ] && ! has java; then printf 'openjdk-17-jre-headless '; fi
    if [ "$1" != build ] && ! has mvn; then printf 'maven '; fi
}

install_packages() {
    local packages prefix=()
    read -r -a packages <<<"$(missing_packages "$1")"
    [ ${#packages[@]} -gt 0 ] || return 0
    has apt-get || fail "missing: ${packages[*]}" \
        "(these are the names of Debian packages: install what your system has for them)"
    if [ "$(id -u)" -ne 0 ]; then
        if has sudo && sudo -n true 2>/dev/null; then
            prefix=(sudo)
        else
            fail "missing: ${packages[*]}" "installing them needs root; run this and repeat:" \
                "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}"
        fi
    fi
    say "installing ${packages[*]}"
    "${prefix[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive \
        "${prefix[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >&2
    [ -z "$(missing_packages "$1")" ] || fail "still missing: $(missing_packages "$1")"
}

venv_folder() {
    local key
    key=$({ python3 --version; cat "$requirements"; } | sha256sum | cut -c1-12)
    realpath -m "${HEADWATER_VENV:-$cache/venv-$key}"
}

# The stamp is written last and holds the requirements: an interrupted or outdated environment is made anew.
venv_is_complete() { cmp -s "$requirements" "$1/headwater-requirements.txt"; }

make_venv() {
    local venv=$1
    is_recent_python || fail "Python 3.11 or later is needed, python3 is $(python3 --version)"
    if [ -n "$(ls -A "$venv" 2>/dev/null)" ] && [ ! -e "$venv/pyvenv.cfg" ]; then
        fail "$venv is neither empty nor a Python environment: set HEADWATER_VENV to another folder"
    fi
    mkdir -p "$venv"
    exec 9>"$venv.lock"
    flock 9
    if venv_is_complete "$venv"; then return 0; fi
    say "making the Python environment $venv (1.4 GB, about a minute)"
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --prefer-binary --requirement "$requirements"
    cp "$requirements" "$venv/headwater-requirements.txt"
}

link_venv() {
    local venv=$1 link=$root/.venv
    [ "$venv" = "$link" ] && return 0
    if [ -d "$link" ] && [ ! -L "$link" ]; then
        fail "$link is a folder of its own: remove it, or set HEADWATER_VENV=$link to use it"
    fi
    [ "$(readlink "$link" || true)" = "$venv" ] || ln -sfn "$venv" "$link"
}

# The jars are complete once their folder has its name.
install_jars() {
    local name=$1 what=$2 pom=$root/tests/counterparts/$1/pom.xml jars
    jars=$cache/$name-$(sha256sum "$pom" | cut -c1-12)
    if [ ! -d "$jars" ]; then
        say "fetching $what for the tests"
        mkdir -p "$cache"
        rm -rf "$jars.new.$$"
        mvn --quiet --batch-mode --file "$pom" dependency:copy-dependencies \
            "-DoutputDirectory=$jars.new.$$" >&2 || fail "failed to fetch $what"
        mv -T "$jars.new.$$" "$jars" 2>/dev/null || rm -rf "$jars.new.$$"
    fi
    [ "$(readlink "$root/.$name" || true)" = "$jars" ] || ln -sfn "$jars" "$root/.$name"
}

# What a Debian package needs and what of it is not installed yet, itself included.
packages_of() { apt-get -qq -s install --no-install-recommends --reinstall "$@" | awk '/^Inst/ {print $2}'; }

download_senders() {
    local packages
    packages=$(packages_of rsyslog rsyslog-openssl && packages_of syslog-ng-core) || return 1
    # apt's own user may not write here; a warning about it says nothing new.
    # shellcheck disable=SC2086
    (cd "$1" && apt-get -qq -o APT::Sandbox::User=root download $packages)
}

update_package_lists() {
    if [ "$(id -u)" -eq 0 ]; then
        apt-get -qq update
    elif has sudo && sudo -n true 2>/dev/null; then
        sudo apt-get -qq update
    else
        fail "the syslog daemons cannot be downloaded; run this and repeat:" "  sudo apt-get update"
    fi
}

senders_folder() {
    local key
    key=$({ cat /etc/os-release; uname -m; } 2>/dev/null | sha256sum | cut -c1-12)
    realpath -m "${HEADWATER_SENDERS:-$cache/senders-$key}"
}

# A program that finds its libraries in the unpacked packages.
write_sender() {
    local folder=$1 name=$2
    shift 2
    mkdir -p "$folder/bin"
    cat >"$folder/bin/$name" <<END
#!/bin/sh
root=\$(dirname "\$(readlink -f "\$0")")/../root
for folder in "\$root"/usr/lib/*-linux-gnu* "\$root"/lib/*-linux-gnu* "\$root"/usr/lib/syslog-ng; do
    libraries=\$libraries:\$folder
done
LD_LIBRARY_PATH=\${libraries#:} exec "\$root/usr/sbin/$name" $* "\$@"
END
    chmod +x "$folder/bin/$name"
}

unpack_senders() {
    local folder=$1 package
    has apt-get || fail "missing: rsyslogd (with OpenSSL) and syslog-ng" \
        "(install what your system has for them, without starting them, and put links in $folder/bin)"
    mkdir -p "$cache"
    exec 8>"$folder.lock"
    flock 8
    if [ -e "$folder/complete" ]; then return 0; fi
    say "unpacking rsyslog and syslog-ng in $folder"
    rm -rf "$folder"
    mkdir -p "$folder/packages"
    if ! download_senders "$folder/packages" 2>/dev/null; then
        update_package_lists
        download_senders "$folder/packages" >&2 || fail "failed to download rsyslog and syslog-ng"
    fi
    for package in "$folder"/packages/*.deb; do dpkg -x "$package" "$folder/root"; done
    rm -rf "$folder/packages"
    write_sender "$folder" rsyslogd '-M "$(echo "$root"/usr/lib/*/rsyslog)"'
    write_sender "$folder" syslog-ng '--module-path="$(echo "$root"/usr/lib/syslog-ng/*/)"'
    "$folder/bin/rsyslogd" -v >/dev/null && "$folder/bin/syslog-ng" -V >/dev/null \
        || fail "rsyslog and syslog-ng do not start from $folder"
    touch "$folder/complete"
}

link_senders() {
    local folder=$1 link=$root/.senders
    [ "$(readlink "$link" || true)" = "$folder" ] || ln -sfn "$folder" "$link"
}

install_cargo_deny() {
    local tools=$cache/tools version
    version=$({ PATH=$tools/bin:$PATH cargo-deny --version || true; } 2>/dev/null)
    if [ "$version" = "cargo-deny $cargo_deny_version" ]; then return 0; fi
    say "installing cargo-deny $cargo_deny_version in $tools (a few minutes)"
    # Fast to build rather than fast to run: it works for two seconds.
    CARGO_TARGET_DIR=$tools/target CARGO_PROFILE_RELEASE_LTO=off \
        CARGO_PROFILE_RELEASE_OPT_LEVEL=1 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install --quiet --locked --root "$tools" "cargo-deny@$cargo_deny_version"
    rm -rf "$tools/target"
}

goal=${1:-test}
case $goal in
    build | test | check) ;;
    *) fail "usage: scripts/setup.sh [build|test|check]" ;;
esac
require_rust
install_packages "$goal"
if [ "$goal" != build ]; then
    venv=$(venv_folder)
    venv_is_complete "$venv" || make_venv "$venv"
    link_venv "$venv"
    install_jars kafka "Apache Kafka (40 MB)"
    install_jars spark "Apache Spark with Delta Lake (220 MB)"
    senders=$(senders_folder)
    [ -e "$senders/complete" ] || unpack_senders "$senders"
    link_senders "$senders"
fi
if [ "$goal" = check ]; then install_cargo_deny; fi
