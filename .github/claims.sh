#!/usr/bin/env bash
# Writes as Markdown how customers' tokens differ from those of another revision, for every stack file: claims.sh BASE
# Needs neither Pulumi nor a secret. Fails where the program would refuse a stack file.
set -euo pipefail
cd "$(dirname "$0")/.."
base=$1
PATH=$PATH:$PWD

# Also of the stacks whose file is removed.
stacks() {
  { ls && git ls-tree --name-only "$base"; } | sed -n 's/^Pulumi\.\(.*\)\.yaml$/\1/p' | sort -u
}

failed=0
while IFS= read -r stack; do
  status=0
  text=$(scpcloud review --stack "$stack" --base "$base" </dev/null) || status=$?
  # 3: a token changes.
  case $status in 0 | 3) ;; *) failed=1 ;; esac
  printf '%s\n\n' "${text:-### $stack: no claims; the log of the run says why}"
done < <(stacks)
exit "$failed"
