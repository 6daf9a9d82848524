#!/usr/bin/env bash
# Tells in words what somebody changed in Keycloak since the last deployment: drift.sh STACK FILE
# The text goes to FILE and to the log. Fails where there is drift, which the step's output `found` says, too, or where it
# cannot be told.
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1 file=$2

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "Nothing to look at: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)."
  exit 0
fi

status=0
npm run --silent drift -- --stack "$stack" 2>&1 | tee "$file" || status=$?
if [ "$status" -eq 3 ]; then
  echo "found=true" >>"${GITHUB_OUTPUT:-/dev/null}"
fi
exit "$status"
