#!/usr/bin/env bash
# Runs a command that logs in by this job's own OIDC tokens, and renews them while it runs: with-token.sh COMMAND...
# To Keycloak where KEYCLOAK_ISSUER names the realm's issuer, to AWS where AWS_ROLE_ARN names a role.
set -euo pipefail

if [ -z "${KEYCLOAK_ISSUER:-}${AWS_ROLE_ARN:-}" ]; then
  exec "$@"
fi
if [ -z "${ACTIONS_ID_TOKEN_REQUEST_URL:-}" ]; then
  echo "KEYCLOAK_ISSUER or AWS_ROLE_ARN is set, but GitHub gives this job no token: it needs the permission id-token: write." >&2
  exit 1
fi

folder=$(mktemp -d)
fetch() {
  local audience=$1 file=$2
  # By standard input, since everybody on the machine sees arguments.
  curl --silent --show-error --fail --retry 3 --get --data-urlencode "audience=$audience" --config - \
    "$ACTIONS_ID_TOKEN_REQUEST_URL" <<<"header = \"authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN\"" |
    node -e 'process.stdout.write(JSON.parse(require("fs").readFileSync(0, "utf8")).value)' >"$file.new"
  mv "$file.new" "$file"
}
fetch_all() {
  [ -z "${KEYCLOAK_ISSUER:-}" ] || fetch "$KEYCLOAK_ISSUER" "$folder/keycloak"
  [ -z "${AWS_ROLE_ARN:-}" ] || fetch sts.amazonaws.com "$folder/aws"
}
fetch_all
[ -z "${KEYCLOAK_ISSUER:-}" ] || export KEYCLOAK_JWT_TOKEN_FILE=$folder/keycloak
[ -z "${AWS_ROLE_ARN:-}" ] || export AWS_WEB_IDENTITY_TOKEN_FILE=$folder/aws

# A token is good for five minutes. Whoever logs in reads the file anew.
{
  trap 'kill $(jobs -p); exit' TERM
  while sleep "${RENEW_SECONDS:-120}" & wait $!; do fetch_all || true; done
} >/dev/null 2>&1 </dev/null &
renewing=$!
trap 'kill "$renewing"; rm -rf "$folder"' EXIT
"$@"
