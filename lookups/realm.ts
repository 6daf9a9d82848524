import * as v from "valibot";

import { ACCOUNT_CLIENT, ACCOUNT_ROLES, BUILT_IN_SCOPES, realmScopeNames } from "../contract/names.ts";
import { type Fault, SettingsError, shown } from "../faults/faults.ts";
import { type KeycloakAdmin, read } from "../keycloak/admin.ts";
import { findClient, readClientScopes } from "../keycloak/clients.ts";
import type { Settings } from "../settings/settings.ts";

/** A realm as far as it is looked at. Durations in seconds; 0 where there is no limit. */
const REALM = v.object({
  ssoSessionMaxLifespan: v.optional(v.number(), 0),
  clientSessionMaxLifespan: v.optional(v.number(), 0),
  defaultSignatureAlgorithm: v.exactOptional(v.string()),
});
type Realm = v.InferOutput<typeof REALM>;
const ROLES = v.array(v.object({ id: v.string(), name: v.string() }));

export function readRealm(admin: KeycloakAdmin): Promise<Realm> {
  return read(admin, "", REALM);
}

/** What is wrong with the realm's limits, and with its client scopes: an `up` would miss one only after it has made clients. */
export async function realmFaults(admin: KeycloakAdmin, realm: Realm, settings: Settings): Promise<Fault[]> {
  const { accessTokenLifespan, realm: realmName, realmStack } = settings;
  const there = (await readClientScopes(admin)).map(({ name }) => name);
  const isMissing = (name: string) => !there.includes(name);
  return [
    ...lifespanFaults(accessTokenLifespan, realm),
    ...BUILT_IN_SCOPES.filter(isMissing).map((name) => missingClientScope(name, realmName)),
    ...(realmStack === undefined ? [] : realmScopeNames(settings).filter(isMissing)).map((name) => ({
      key: "scpcloud:realmStack",
      rule: `must be a stack that has deployed the client scope "${name}"`,
      reason: `every customer's client gets it, and realm ${realmName} has no such client scope yet`,
      value: shown(realmStack),
      remedy: `run first: pulumi up --stack ${realmStack}; then this stack again`,
    })),
  ];
}

/** Keycloak ends every session, a service account's too, with the realm's sessions. */
export function lifespanFaults(accessTokenLifespan: number, realm: Realm): Fault[] {
  const limits = {
    "SSO Session Max": realm.ssoSessionMaxLifespan,
    "Client Session Max": realm.clientSessionMaxLifespan,
  };
  return Object.entries(limits)
    .filter(([, most]) => most !== 0 && accessTokenLifespan > most)
    .map(([name, most]) => ({
      key: "scpcloud:accessTokenLifespan",
      rule: `must not exceed the realm's "${name}" of ${most} seconds`,
      reason: "Keycloak would silently cut the tokens' lifespan to it",
      value: shown(accessTokenLifespan),
      remedy: `write ${most} or less, or have the realm's setting raised`,
    }));
}

/** The realm lacks one of Keycloak's own client scopes. */
export function missingClientScope(name: string, realm: string): Fault {
  return {
    key: "scpcloud:realm",
    rule: `must be a realm with Keycloak's own client scope "${name}"`,
    reason: "every customer's client gets it; realms have it from Keycloak 26.1 on, unless somebody deleted it",
    value: shown(realm),
    remedy: "update Keycloak, or make the client scope again as a new realm has it",
  };
}

/** By name: the ids of the roles that the account client scope maps; none where the stack does not declare that scope. */
export async function lookUpAccountRoles(
  admin: KeycloakAdmin,
  { accountAccess, realm, realmStack }: Settings,
): Promise<Readonly<Record<string, string>>> {
  if (!accountAccess || realmStack !== undefined) {
    return {};
  }
  const client = await findClient(admin, ACCOUNT_CLIENT);
  const roles = client === undefined ? [] : await read(admin, `/clients/${client.id}/roles`, ROLES);
  const found = roles.filter(({ name }) => ACCOUNT_ROLES.some((role) => role === name));
  if (found.length < ACCOUNT_ROLES.length) {
    throw new SettingsError([
      {
        key: "scpcloud:accountAccess",
        rule: `must be false in a realm whose client ${ACCOUNT_CLIENT} has not the roles ${ACCOUNT_ROLES.join(" and ")}`,
        reason: `realm ${realm} lacks one of them; every realm has them, unless somebody deleted them`,
        remedy: "make the roles again as a new realm has them, or write false",
      },
    ]);
  }
  return Object.fromEntries(found.map(({ name, id }) => [name, id]));
}
