import { refuse, UserError } from "../../faults/userError.ts";
import { oddSecret } from "../../keycloak/clients.ts";
import { type OtherUser, otherUsers } from "../../keycloak/users.ts";
import { withKeycloak } from "../cli/connected.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { endPluginsOfDeadRuns } from "../locks/deadRuns.ts";
import { mendFileBackend } from "../locks/fileBackend.ts";
import { exportState, otherStackOf, ownStateAgain } from "../pulumi/exportedState.ts";
import { pulumiCli } from "../pulumi/pulumiCli.ts";
import { recover, type Recovery } from "./recovery.ts";

/**
 * What `scpcloud recover` does: brings a stack of this project to its target after an `up` that was killed.
 * @param ended the holders of locks that have ended as the user says
 * @param variables further environment variables of the Pulumi CLI
 */
export async function recoverStack(
  name: string,
  report: (line: string) => void,
  ended: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<Recovery> {
  const pulumi = pulumiCli(name, variables);
  for (const plugin of await endPluginsOfDeadRuns(PROJECT_DIRECTORY)) {
    report(`ended what a killed run had left: ${plugin}`);
  }
  await mendFileBackend(pulumi, report, ended);
  return withKeycloak(name, async ({ stack: { outputs }, settings, admin }) => {
    const other = otherStackOf(name, await exportState(pulumi));
    if (other !== undefined) {
      throw new UserError(`The state is that of the stack ${other}.\n  Do: ${ownStateAgain(name)}`);
    }
    refuseOtherUsers(await otherUsers(admin, settings.integrations, outputs.integrations));
    const recovery = await recover(pulumi, admin, report, {
      ended,
      mayBeHandMade: (client) =>
        outputs.integrations?.[client.clientId] !== undefined && oddSecret(client) === undefined,
    });
    const { adopted } = recovery;
    const did =
      adopted.length === 0 ? "nothing had to be adopted" : `adopted ${adopted.length} (${adopted.join(", ")})`;
    report(`✓ ${name}: ${did}; the stack is at its target`);
    return recovery;
  });
}

/** @throws UserError where an `up` would give a customer another organization, though the stack file says the same */
export function refuseOtherUsers(others: readonly OtherUser[]): void {
  refuse(
    others.map(({ clientId, text }) => `  ${clientId}: ${text}`),
    "Recovery gives no customer another organization, but an up would now do it:",
    "If it is the customer's user, write organizationId with the new id in place of organizationUser, and recover. " +
      "If not, name another user.",
  );
}
