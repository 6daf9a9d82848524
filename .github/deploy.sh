#!/usr/bin/env bash
# Deploys a stack, and takes a real token for every customer afterwards: deploy.sh STACK
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "Nothing is deployed: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)." >&2
  exit 1
fi

pulumi up --stack "$stack" --yes --non-interactive --policy-pack policy-pack
npm run verify -- --stack "$stack"
