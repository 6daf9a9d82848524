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

failed=0
npm run --silent summary -- --realm-stack "$stack" || failed=1

# Once more, since the output as data does not have the violations. The progress belongs to the log.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm run --silent rollout -- --realm-stack "$stack" --policy-pack policy-pack >"$log" || violated=1
echo
# A violation comes first in the comment.
echo "<!-- scpcloud: ${violated:+danger }-->"
echo '```text'
cat "$log"
echo '```'
echo '<!-- scpcloud: end of policies -->'
exit "${violated:-$failed}"
