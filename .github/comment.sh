#!/usr/bin/env bash
# Makes a folder's texts the review's one comment on a pull request, instead of what it said before:
# comment.sh NUMBER FOLDER [REALM-STACKS], these a JSON list, once their previews have ended
set -euo pipefail
number=$1
shift

marker='<!-- scpcloud: review -->'
text=$(node "$(dirname "$0")/comment.ts" "$@")
body=$(mktemp)
trap 'rm -f "$body"' EXIT
printf '%s\nCommit %s%s\n\n%s\n' "$marker" "$COMMIT" "${RUN_URL:+, [run]($RUN_URL)}" "$text" >"$body"

comments=repos/$GITHUB_REPOSITORY/issues/$number/comments
# Nobody else's comment, should it quote this one.
own='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith(env.MARKER))) | .id'
id=$(MARKER=$marker gh api --paginate "$comments" --jq "$own" | sed -n 1p)
if [ -n "$id" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" --field "body=@$body" --silent
else
  gh api --method POST "$comments" --field "body=@$body" --silent
fi
