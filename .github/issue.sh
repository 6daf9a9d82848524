#!/usr/bin/env bash
# Keeps one open issue while something is so: opens or renews it with a text, and closes it without: issue.sh TITLE [FILE]
set -euo pipefail
title=$1 file=${2:-}

# By the marker, since anybody may change a title; and of nobody else's, should it quote this one.
marker="<!-- scpcloud: $title -->"
own='.[] | select(.author.login == "app/github-actions" and (.body | startswith(env.MARKER))) | .number'
number=$(MARKER=$marker gh issue list --state open --limit 1000 --json author,body,number --jq "$own" | sed -n 1p)

if [ -z "$file" ]; then
  [ -z "$number" ] || gh issue close "$number" --comment "It is so no longer.${RUN_URL:+ [Run]($RUN_URL)}"
  exit
fi

body=$(mktemp)
trap 'rm -f "$body"' EXIT
# As code by its indentation, which no text ends. GitHub takes 65,536 characters.
text=$(sed 's/^/    /' "$file")
printf '%s\n%s\n\n%s\n' "$marker" "${RUN_URL:+[Run]($RUN_URL)}" "${text:0:60000}" >"$body"
if [ -n "$number" ]; then
  gh issue edit "$number" --body-file "$body"
else
  gh issue create --title "$title" --body-file "$body"
fi
