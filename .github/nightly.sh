#!/usr/bin/env bash
# Runs a command that looks at all stacks of a realm and exits with 3 where somebody should know:
# nightly.sh REALM-STACK FILE COMMAND OPTIONS...
# The text goes to FILE and to the log. Fails where there is something to know, which the step's output `found` says, too,
# or where it cannot be told.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1 file=$2 command=$3
shift 3

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "Nothing to look at: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)."
  exit 0
fi

status=0
npm run --silent "$command" -- --realm-stack "$stack" "$@" 2>&1 | tee "$file" || status=$?
if [ "$status" -eq 3 ]; then
  echo "found=true" >>"${GITHUB_OUTPUT:-/dev/null}"
fi
exit "$status"
