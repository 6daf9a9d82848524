#!/usr/bin/env bash
# Writes as Markdown what a deployment would change, and what the policy pack says of it: preview.sh STACK
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
# Pulumi's own messages, if it has any besides its output, belong to the log. What failed the summary says.
{ pulumi preview --stack "$stack" --non-interactive --json || true; } |
  npm run --silent summary -- --stack "$stack" || failed=1

# Once more, since the output as data does not have the violations.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
pulumi preview --stack "$stack" --non-interactive --color never --policy-pack policy-pack >"$log" 2>&1 || violated=1
echo
# A violation comes first in the comment.
echo "<!-- scpcloud: ${violated:+danger }-->"
echo '```text'
# From the title to the next one.
sed -n '/^Policies:/,/^$/p' "$log" | grep . || echo "The policy pack was not asked: the preview failed before."
echo '```'
echo '<!-- scpcloud: end of policies -->'
exit "${violated:-$failed}"
