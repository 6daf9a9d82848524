import { askingOnce, loginAsDeployer } from "../../keycloak/admin.ts";
import { foreignPolicies } from "../../keycloak/clientPolicies.ts";
import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { otherUsers } from "../../keycloak/users.ts";
import { readSettings } from "../../settings/read.ts";
import type { Settings } from "../../settings/settings.ts";
import { changesByOwner } from "../changes/resourceChanges.ts";
import { refuseEmptyRealm } from "../cli/emptyRealm.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { loadStack, type Stack } from "../cli/stack.ts";
import { ofStacks } from "../cli/verb.ts";
import { changingSteps } from "../pulumi/preview.ts";
import { pulumiCli, runBothPreviews } from "../pulumi/pulumiCli.ts";
import { changesByHand, followingChanges, managedResources, withoutConsequences } from "./changesByHand.ts";
import { isAllDeployed } from "./deployed.ts";
import { type DriftReport, driftReport, driftText, findingsOf, mayBePolicy } from "./report.ts";
import { tokenDifferences } from "./tokenDrift.ts";
import { remade, tellOtherUser, unmanagedChanges } from "./unmanaged.ts";

export default ofStacks(
  {
    purpose:
      "Says in words what somebody changed in Keycloak behind the program's back, and what " +
      "helps against it. Prints neither tokens nor secrets.",
    changes: "nothing",
    options: {},
    examples: [
      ["--stack prod", "of one stack"],
      ["--realm-stack prod", "of all stacks of a realm, as the nightly workflow asks"],
    ],
    fine: "there is no drift",
    found: "there is drift",
  },
  async ({ stack: name }) => {
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    try {
      const report = await findDrift(name, stack, settings, keycloak);
      return { text: driftText(report), data: report, exitCode: report.drift ? EXIT_CODES.found : 0 };
    } finally {
      await keycloak.close();
    }
  },
);

async function findDrift(
  name: string,
  { outputs, source }: Stack,
  settings: Settings,
  keycloak: KeycloakConnection,
): Promise<DriftReport> {
  const admin = askingOnce(await loginAsDeployer(keycloak, settings));
  await refuseEmptyRealm(name, outputs, settings, admin);
  const pulumi = pulumiCli(name);
  const { plain, refreshed } = await runBothPreviews(pulumi, [], () => isAllDeployed(pulumi, source));
  const changes = changesByHand(refreshed, plain);
  const causes = withoutConsequences(changes);
  const pending = changesByOwner(plain);

  const lost = changes.filter(({ property }) => property === undefined).map(({ resource }) => resource);
  const moving = [...changingSteps(plain).values()].filter(({ op }) => /delete|replace/.test(op));
  const gone = new Set([...lost, ...moving].map(({ urn }) => urn));
  const present = [...managedResources(refreshed).values()].filter(({ urn }) => !gone.has(urn));

  const [again, policies, unmanaged, tokens, others] = await Promise.all([
    remade(causes, admin),
    causes.some(mayBePolicy) ? foreignPolicies(admin).then((found) => found.map((policy) => policy.name)) : [],
    unmanagedChanges(present, lost, outputs, admin, admin.now()),
    tokenDifferences(
      settings,
      outputs,
      { admin, keycloak },
      pending.map(({ owner }) => owner),
    ),
    otherUsers(admin, settings.integrations, outputs.integrations),
  ]);
  return driftReport(
    {
      ...unmanaged,
      stack: name,
      findings: [...findingsOf(causes, again, policies), ...unmanaged.findings, ...others.map(tellOtherUser)],
      following: followingChanges(refreshed, plain, changes).map(({ name: resource }) => resource),
      tokens,
      policies,
    },
    pending,
  );
}
