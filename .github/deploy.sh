#!/usr/bin/env bash
# Deploys all stacks of a realm as an approved plan says, and takes a real token for every customer afterwards:
# deploy.sh REALM-STACK PLAN
set -euo pipefail
cd "$(dirname "$0")/.."
if [ $# -ne 2 ] || [[ $1$2 == *--* || $1 == -* ]]; then
  echo "Nothing is deployed: deploy.sh takes a stack's name, the file of its plan and no options." >&2
  exit 1
fi
stack=$1 plan=$2

if [ -z "${PULUMI_BACKEND_URL:-}" ]; then
  echo "Nothing is deployed: the GitHub environment has no variable PULUMI_BACKEND_URL (.github/workflows/README.md)." >&2
  exit 1
fi

# It would delete protected customers in one step (docs/state.md).
if [ -n "${PULUMI_OPTION_IGNORE_PROTECT:-}" ]; then
  echo "Nothing is deployed: PULUMI_OPTION_IGNORE_PROTECT is set. Unset it." >&2
  exit 1
fi

# A runner that died has left its lock. No two runs of this job exist at a time (its concurrency group), so that a lock
# which names this host by the job is of one that has ended: rollout sees that its process is not here, and recovers.
if [ "${RUNNER_ENVIRONMENT:-}" = github-hosted ]; then
  name=deploy-$GITHUB_REPOSITORY_ID-$stack
  sudo hostname "${name:0:63}"
fi

PATH=$PATH:$PWD
scpcloud rollout --realm-stack "$stack" --plan "$plan" --yes --policy-pack policy-pack
scpcloud verify --realm-stack "$stack"
