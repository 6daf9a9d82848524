import type { Stack } from "../cli/stack";
import { loginAsDeployer } from "../../keycloak/admin";
import { foreignPolicies } from "../../keycloak/clientPolicies";
import type { KeycloakConnection } from "../../keycloak/http";
import { changingSteps, type Preview } from "../pulumi/preview";
import type { Settings } from "../../settings/settings";
import { changesByHand } from "./changes";
import { withoutConsequences } from "./consequences";
import { type DriftReport, driftReport, findingsOf, mayBePolicy, pendingOwners } from "./report";
import { managedResources } from "./managedResources";
import { tokenDifferences } from "./tokenDrift";
import { remade, unmanagedChanges } from "./unmanaged";

/** A preview, which either asks the servers what they have or believes the state. */
export type PreviewRunner = (options: { readonly refresh: boolean }) => Promise<Preview>;

/** Finds out what is not as the last `up` left it. Changes nothing, neither on a server nor in the state. */
export async function findDrift(
  name: string,
  { outputs }: Stack,
  settings: Settings,
  keycloak: KeycloakConnection,
  preview: PreviewRunner,
): Promise<DriftReport> {
  // First, as a preview that refreshes tells a refused login, or a server that does not answer, in the provider's words.
  const admin = await loginAsDeployer(keycloak, settings);
  const refreshed = await preview({ refresh: true });
  // What is not yet deployed would show in both.
  const plain = changingSteps(refreshed).size === 0 ? refreshed : await preview({ refresh: false });
  const { changes, following } = changesByHand(refreshed, plain);
  const causes = withoutConsequences(changes);

  const lost = changes.filter(({ kind }) => kind === "lost").map(({ resource }) => resource);
  const moving = [...changingSteps(plain).values()].filter(({ op }) => /delete|replace/.test(op));
  const gone = new Set([...lost, ...moving].map(({ urn }) => urn));
  const present = [...managedResources(refreshed).values()].filter(({ urn }) => !gone.has(urn));

  const [again, policies, unmanaged, tokens] = await Promise.all([
    remade(causes, admin),
    causes.some(mayBePolicy) ? foreignPolicies(admin).then((found) => found.map((policy) => policy.name)) : [],
    unmanagedChanges(present, lost, outputs, admin),
    tokenDifferences(settings, outputs, keycloak, pendingOwners(plain)),
  ]);
  const findings = [...findingsOf(causes, again, policies), ...unmanaged.findings];
  return driftReport(
    name,
    findings,
    following.map((resource) => resource.name),
    tokens,
    plain,
    unmanaged.hiddenSecrets,
    policies,
    unmanaged.unfinishedRotations,
  );
}
