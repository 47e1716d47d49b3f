#!/usr/bin/env bash
# What the action runs. Everything that a workflow gives is in variables: see action.yml.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

fail() {
    # An annotation is one line; a percent sign begins an escape.
    local text=${1//'%'/'%25'}
    text=${text//$'\r'/'%0D'}
    echo "::error title=ks-lint::${text//$'\n'/'%0A'}"
    exit 2
}

one_line() {
    case $2 in *$'\n'* | *$'\r'*) fail "the input '$1' has a line break" ;; esac
}

for name in SYNTAX POLICY FAIL_ON SARIF VERSION FROM; do
    variable=KS_LINT_$name
    one_line "${name,,}" "${!variable:-}"
done

if [ -n "${KS_LINT_FROM:-}" ]; then
    "$here/../install.sh" --from "$KS_LINT_FROM" --to "$HOME/.local" || fail "ks-lint cannot be installed from $KS_LINT_FROM"
    export PATH=$HOME/.local/bin:$PATH
elif [ -n "${KS_LINT_VERSION:-}" ] || ! command -v ks-lint >/dev/null; then
    [[ ${KS_LINT_VERSION:-0} =~ ^[0-9][0-9A-Za-z.]*$ ]] || fail "the input 'version' is not a version: $KS_LINT_VERSION"
    place=$(mktemp -d)
    python3 -m venv "$place"
    # Only the wheel: nothing is built here.
    "$place/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "ks-lint${KS_LINT_VERSION:+==$KS_LINT_VERSION}"
    export PATH=$place/bin:$PATH
fi

arguments=()
[ -z "${KS_LINT_SYNTAX:-}" ] || arguments+=("--syntax=$KS_LINT_SYNTAX")
[ -z "${KS_LINT_POLICY:-}" ] || arguments+=("--policy=$KS_LINT_POLICY")
[ -z "${KS_LINT_FAIL_ON:-}" ] || arguments+=("--fail-on=$KS_LINT_FAIL_ON")
paths=()
while IFS= read -r path || [ -n "$path" ]; do
    [ -z "$path" ] || paths+=("$path")
done <<<"${KS_LINT_PATHS:-.}"
[ ${#paths[@]} -gt 0 ] || paths=(.)

status=0
ks-lint check --format github "${arguments[@]}" -- "${paths[@]}" || status=$?
if [ -n "${KS_LINT_SARIF:-}" ]; then
    # The same findings again: the exit status is that of the first run.
    ks-lint check --format sarif "${arguments[@]}" -- "${paths[@]}" >"$KS_LINT_SARIF" || [ $? -lt 2 ] || status=2
    echo "sarif=$KS_LINT_SARIF" >>"$GITHUB_OUTPUT"
fi
exit "$status"
