#!/usr/bin/env bash
# Writes the plan of a deployment of a realm's stacks into a file, and as Markdown what its approver has to read:
# plan.sh REALM-STACK PLAN
set -euo pipefail
cd "$(dirname "$0")/.."
stack=$1 plan=$2

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "There is no plan: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)." >&2
  exit 1
fi

PATH=$PATH:$PWD
scpcloud rollout --realm-stack "$stack" --save-plan "$plan" --policy-pack policy-pack
