#!/usr/bin/env bash
# Writes as Markdown what a deployment of a realm's stacks would change, and what the policy pack says:
# preview.sh REALM-STACK FOLDER, with the stack files of a pull request, which may not lead elsewhere
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1 folder=$2

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "### $stack: no preview"
  echo
  echo "This job's GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)."
  exit 0
fi

if ! refusal=$(node .github/stack-files.ts "$folder" --checked 2>&1); then
  printf '### %s: no preview\n\n<!-- scpcloud: danger -->\nMain previews none of this pull request (.github/workflows/README.md):\n\n' "$stack"
  sed 's/^/    /' <<<"$refusal"
  printf '\n<!-- scpcloud: end of danger -->\n'
  exit 1
fi

PATH=$PATH:$PWD
scpcloud review --realm-stack "$stack" --run-preview --policy-pack policy-pack
