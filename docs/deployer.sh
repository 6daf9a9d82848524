#!/usr/bin/env bash
# Makes the deployer in a realm of yours, a client that may do what this program needs and nothing else:
#   docs/deployer.sh KEYCLOAK-URL REALM ADMINISTRATOR SECRET-FILE [ROLE...]
# It asks for the password of the administrator, who is one of the realm master. The client's secret goes into the file,
# which only you can read. Roles beyond the usual three: docs/configuration.md, "The deployer". It may be run again.
# Needs curl and jq. For a private CA, set CURL_CA_BUNDLE.
set -euo pipefail
if [ $# -lt 4 ]; then
  sed -n '2,6s/^# //p' "$0" >&2
  exit 2
fi
url=${1%/} realm=$2 administrator=$3 file=$4
roles=(manage-clients view-users view-realm "${@:5}")
client=scpcloud-deployer

# Neither password nor token stands in a process's arguments, which everybody on the machine can read.
if [ -t 0 ]; then
  read -rsp "Password of $administrator: " password && echo >&2
else
  read -r password || [ -n "$password" ]
fi
token=$(printf %s "$password" | curl --silent --show-error --fail-with-body \
  --data grant_type=password --data client_id=admin-cli --data-urlencode "username=$administrator" \
  --data-urlencode password@- "$url/realms/master/protocol/openid-connect/token" | jq -r .access_token)

# api METHOD PATH [BODY]: a call of the realm's admin REST API.
api() {
  local body=()
  [ $# -lt 3 ] || body=(--header "Content-Type: application/json" --data "$3")
  printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --fail-with-body --config - --request "$1" "${body[@]}" "$url/admin/realms/$realm$2"
}
id_of() { api GET "/clients?clientId=$1" | jq -r '.[0].id // empty'; }

id=$(id_of "$client")
if [ -z "$id" ]; then
  api POST /clients "{
    \"clientId\": \"$client\", \"name\": \"ScpCloud deployer\", \"publicClient\": false, \"serviceAccountsEnabled\": true,
    \"standardFlowEnabled\": false, \"directAccessGrantsEnabled\": false, \"fullScopeAllowed\": false
  }"
  id=$(id_of "$client")
fi
management=$(id_of realm-management)
account=$(api GET "/clients/$id/service-account-user" | jq -r .id)
all=$(api GET "/clients/$management/roles")
wanted=$(jq -c --args '[.[] | select(.name | IN($ARGS.positional[]))]' "${roles[@]}" <<<"$all")
if [ "$(jq length <<<"$wanted")" -ne "$(printf '%s\n' "${roles[@]}" | sort -u | wc -l)" ]; then
  echo "The client realm-management of $realm does not have all of these roles: ${roles[*]}" >&2
  exit 1
fi
api POST "/users/$account/role-mappings/clients/$management" "$wanted"
# So that a token of the deployer has these roles.
api POST "/clients/$id/scope-mappings/clients/$management" "$wanted"

umask 077
api GET "/clients/$id/client-secret" | jq -j .value >"$file"
echo "✓ $client of realm $realm has the roles ${roles[*]}; its secret is in $file" >&2
echo "Next: pulumi config set --secret keycloak:clientSecret <'$file' && rm '$file'" >&2
