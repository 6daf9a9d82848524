import { type Fault, shown } from "../settings/faults.ts";

/** A realm's limits for sessions, in seconds; undefined where it is not known, and 0 where there is none. */
export interface SessionLimits {
  readonly ssoSessionMax: number | undefined;
  readonly clientSessionMax: number | undefined;
}

/** Keycloak ends every session, a service account's too, with the realm's sessions. */
export function lifespanFaults(
  accessTokenLifespan: number,
  { ssoSessionMax, clientSessionMax }: SessionLimits,
): Fault[] {
  const limits = { "SSO Session Max": ssoSessionMax, "Client Session Max": clientSessionMax };
  return Object.entries(limits).flatMap(([name, most = 0]) =>
    most === 0 || accessTokenLifespan <= most
      ? []
      : {
          key: "scpcloud:accessTokenLifespan",
          rule: `must not exceed the realm's "${name}" of ${most} seconds`,
          reason: "Keycloak would silently cut the tokens' lifespan to it",
          value: shown(accessTokenLifespan),
          remedy: `write ${most} or less, or have the realm's setting raised`,
        },
  );
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
