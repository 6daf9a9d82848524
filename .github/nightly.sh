#!/usr/bin/env bash
# Looks for drift and for old secrets in all stacks of a realm, with one issue for each while it is so: nightly.sh REALM-STACK
# Fails where there is something to know, and where it cannot be told.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1
PATH=$PATH:$PWD

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "Nobody looks at $stack: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)." >&2
  exit 1
fi

text=$(mktemp)
trap 'rm -f "$text"' EXIT
failed=0

look() {
  local title=$1 status=0
  shift
  scpcloud "$1" --realm-stack "$stack" "${@:2}" 2>&1 | tee "$text" || status=$?
  case $status in
    0) .github/issue.sh "$title" ;;
    # Found; any other status is an error, which says nothing of what there is.
    3) .github/issue.sh "$title" "$text" ;;
  esac
  [ "$status" -eq 0 ] || failed=1
}

look "Drift in $stack" drift
look "Old secrets in $stack" customers --older-than 365d
exit "$failed"
