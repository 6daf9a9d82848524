import type { Fault } from "../faults/faults.ts";
import type { Settings } from "../settings/settings.ts";
import type { KeycloakManager } from "./admin.ts";
import { deployerName } from "./adminFaults.ts";

const FEATURE = "CLIENT_SECRET_ROTATION";

/**
 * Why secrets cannot overlap although the stack file says so: the server does not do it, or the deployer may not set it
 * up. Keycloak shows its features to every deployer (tried on 26.1.4 and 26.7.3); what it does not show is no fault.
 */
export async function rotationFaults(
  admin: Pick<KeycloakManager, "roles" | "serverInfo">,
  { deployer, overlapDays, realm, realmStack }: Pick<Settings, "deployer" | "overlapDays" | "realm" | "realmStack">,
): Promise<Fault[]> {
  if (overlapDays === undefined) {
    return [];
  }
  const { features } = await admin.serverInfo();
  const feature = features.find(({ name }) => name === FEATURE);
  const { roles = [] } = admin;
  return [
    ...(feature?.enabled === false
      ? [
          {
            key: "scpcloud:secretRotation",
            rule: "must be left out, unless the server does client secret rotation",
            reason:
              `Keycloak says that its feature ${FEATURE} is off; it is on by default from 26.8.0, and before that it has ` +
              "to be switched on",
            remedy:
              "have Keycloak started with --features=client-secret-rotation, or take secretRotation out of the stack " +
              "file: docs/credentials.md tells how to renew a secret without it",
          },
        ]
      : []),
    // Who may not manage clients only looks; and another stack has set it up for the clients of this one.
    ...(realmStack === undefined && roles.includes("manage-clients") && !roles.includes("manage-realm")
      ? [
          {
            key: "keycloak:clientId",
            rule: "must be a client with the role manage-realm of realm-management, where secretRotation is set",
            reason: "what makes secrets overlap, a client profile and a client policy, belongs to the realm",
            value: deployer.clientId ?? deployerName(deployer),
            remedy: `give its service account this role in realm ${realm}, or take secretRotation out of the stack file`,
          },
        ]
      : []),
  ];
}
