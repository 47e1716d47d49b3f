#!/bin/sh
# Installs ks-lint or node-layout from the files of a release, after it has verified them.
#
#   install.sh --from DIR|URL [--to DIR] [--program ks-lint|node-layout] [--sha256 HEX]
#
# --from     a directory, or an https address, that has SHA256SUMS and the archives
# --to       what gets bin/, share/, … (/usr/local for root, ~/.local for others)
# --program  ks-lint (the default) or node-layout
# --sha256   the archive's checksum, from a place that you trust; with it, plain http is accepted, too
#
# Needs sha256sum, tar and gzip, and for an address curl. Nothing is written to --to before the archive is verified.
set -eu

fail() {
    echo "install.sh: $*" >&2
    exit 1
}

from='' program=ks-lint sha256=''
if [ "$(id -u)" = 0 ]; then to=/usr/local; else to=${HOME:-}/.local; fi
while [ $# -gt 0 ]; do
    case $1 in
        --from | --to | --program | --sha256)
            [ $# -ge 2 ] || { echo "install.sh: $1 needs a value" >&2; exit 2; }
            case $1 in
                --from) from=$2 ;;
                --to) to=$2 ;;
                --program) program=$2 ;;
                --sha256) sha256=$2 ;;
            esac
            shift 2
            ;;
        -h | --help) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p;}' "$0"; exit 0 ;;
        *) echo "install.sh: unknown argument $1 (see --help)" >&2; exit 2 ;;
    esac
done
[ -n "$from" ] || { echo "install.sh: --from is missing: a directory or an https address (see --help)" >&2; exit 2; }
case $program in ks-lint | node-layout) ;; *) echo "install.sh: --program is ks-lint or node-layout" >&2; exit 2 ;; esac
[ -z "$sha256" ] || printf '%s\n' "$sha256" | grep -Eqx '[0-9a-f]{64}' || fail "--sha256 is not 64 hexadecimal digits"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# Gets a file of the release into $work.
get() {
    case $from in
        https://*) curl --fail --silent --show-error --location --proto '=https' --output "$work/$1" "${from%/}/$1" ;;
        http://*)
            [ -n "$sha256" ] || fail "$from is not encrypted: anybody on the way can replace both archive and checksum; give --sha256 or an https address"
            curl --fail --silent --show-error --location --proto '=http,https' --output "$work/$1" "${from%/}/$1"
            ;;
        *://*) fail "$from: only https:// and directories are read" ;;
        *) cp -- "$from/$1" "$work/$1" ;;
    esac || fail "$1 cannot be had from $from"
}

machine=$(uname -m)
get SHA256SUMS
checksum=${sha256:-'[0-9a-f]{64}'}
line=$(grep -Ex "$checksum [ *]$program-[0-9][0-9A-Za-z.~+-]*-$machine-linux\.tar\.gz" "$work/SHA256SUMS") ||
    fail "SHA256SUMS of $from has no archive of $program for $machine${sha256:+ with the checksum of --sha256}"
[ "$(printf '%s\n' "$line" | wc -l)" -eq 1 ] || fail "SHA256SUMS of $from has several archives of $program: give --sha256"
sha256=${line%% *}
name=${line##*[ *]}

get "$name"
have=$(sha256sum <"$work/$name")
[ "${have%% *}" = "$sha256" ] ||
    fail "$name is not the file that was released: its checksum is ${have%% *}, expected $sha256. Nothing was installed"

# Every name is below the directory of the archive.
directory=${name%.tar.gz}
tar -tzf "$work/$name" >"$work/names" || fail "$name is not an archive"
if grep -Evq "^$directory(/|\$)" "$work/names" || grep -Eq '(^|/)\.\.(/|$)' "$work/names"; then
    fail "$name has files outside $directory. Nothing was installed"
fi
tar -xzf "$work/$name" -C "$work" --no-same-owner
"$work/$directory/bin/$program" --version >/dev/null || fail "$program does not run on this machine. Nothing was installed"

mkdir -p -- "$to"
# A program that runs cannot be overwritten, but replaced.
(cd "$work/$directory" && find . -type d) | while read -r each; do mkdir -p -- "$to/$each"; done
(cd "$work/$directory" && find . ! -type d) | while read -r each; do
    cp -P -- "$work/$directory/$each" "$to/$each.new.$$"
    mv -f -- "$to/$each.new.$$" "$to/$each"
done
echo "installed $("$to/bin/$program" --version) as $to/bin/$program"
case :$PATH: in *:"$to/bin":*) ;; *) echo "$to/bin is not in PATH" ;; esac
