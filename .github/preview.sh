#!/usr/bin/env bash
# Writes as Markdown what a deployment of a realm's stacks would change, and what the policy pack says: preview.sh REALM-STACK
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "### $stack: no preview"
  echo
  echo "This job's GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)."
  exit 0
fi

npm run --silent summary -- --realm-stack "$stack" --policy-pack policy-pack
