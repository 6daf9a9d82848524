#!/usr/bin/env bash
# Opens an issue, or gives the open one of that title another text: issue.sh TITLE FILE
set -euo pipefail
title=$1 file=$2

body=$(mktemp)
trap 'rm -f "$body"' EXIT
text=$(cat "$file")
# GitHub takes 65,536 characters; a fence longer than any in the text keeps it together.
printf '````text\n%s\n````\n\n%s\n' "${text:0:60000}" "${RUN_URL:+[Run]($RUN_URL)}" >"$body"

number=$(
  TITLE=$title gh issue list --state open --limit 1000 --json number,title \
    --jq '.[] | select(.title == env.TITLE) | .number' | sed -n 1p
)
if [ -n "$number" ]; then
  gh issue edit "$number" --body-file "$body"
else
  gh issue create --title "$title" --body-file "$body"
fi
