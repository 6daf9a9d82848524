import { refuseEmptyRealm } from "../cli/emptyRealm";
import type { Stack } from "../cli/stack";
import { loginAsDeployer } from "../../keycloak/admin";
import { foreignPolicies } from "../../keycloak/clientPolicies";
import type { KeycloakConnection } from "../../keycloak/http";
import { otherUsers } from "../../keycloak/users";
import { changingSteps } from "../pulumi/preview";
import { type PulumiCli, runBothPreviews } from "../pulumi/pulumiCli";
import type { Settings } from "../../settings/settings";
import { changesByHand, followingChanges } from "./changes";
import { withoutConsequences } from "./consequences";
import { type DriftReport, driftReport, findingsOf, mayBePolicy, pendingOwners } from "./report";
import { managedResources } from "./managedResources";
import { tokenDifferences } from "./tokenDrift";
import { tellOtherUser } from "./tell";
import { remade, unmanagedChanges } from "./unmanaged";

/** Finds out what is not as the last `up` left it. Changes nothing, neither on a server nor in the state. */
export async function findDrift(
  name: string,
  { outputs }: Stack,
  settings: Settings,
  keycloak: KeycloakConnection,
  pulumi: PulumiCli,
): Promise<DriftReport> {
  const admin = await loginAsDeployer(keycloak, settings);
  await refuseEmptyRealm(name, outputs, settings, admin);
  const { plain, refreshed } = await runBothPreviews(pulumi);
  const changes = changesByHand(refreshed, plain);
  const causes = withoutConsequences(changes);
  const managed = managedResources(refreshed);

  const lost = changes.filter(({ kind }) => kind === "lost").map(({ resource }) => resource);
  const moving = [...changingSteps(plain).values()].filter(({ op }) => /delete|replace/.test(op));
  const gone = new Set([...lost, ...moving].map(({ urn }) => urn));
  const present = [...managed.values()].filter(({ urn }) => !gone.has(urn));

  const [again, policies, unmanaged, tokens, others] = await Promise.all([
    remade(causes, admin),
    causes.some(mayBePolicy) ? foreignPolicies(admin).then((found) => found.map((policy) => policy.name)) : [],
    unmanagedChanges(present, lost, outputs, admin, admin.now()),
    tokenDifferences(settings, outputs, { admin, keycloak }, pendingOwners(plain)),
    otherUsers(admin, settings.integrations, outputs.integrations),
  ]);
  return driftReport(
    {
      stack: name,
      findings: [...findingsOf(causes, again, policies), ...unmanaged.findings, ...others.map(tellOtherUser)],
      following: followingChanges(refreshed, plain, changes, managed).map(({ name: resource }) => resource),
      tokens,
      hiddenSecrets: unmanaged.hiddenSecrets,
      unfinishedRotations: unmanaged.unfinishedRotations,
      policies,
    },
    plain,
  );
}
