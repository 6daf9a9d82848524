import { basicAuthorization } from "../../contract/credentials";
import { fetchToken, TokenRefusedError } from "../../keycloak/tokens";
import { ownerOf, parentsOf } from "../pulumi/owners";
import { changingSteps } from "../pulumi/preview";
import { runBothPreviews } from "../pulumi/pulumiCli";
import { RotationError } from "./customerSecrets";
import type { RotationTools } from "./rotateSecrets";
import type { RotationStep } from "./rotationPlan";

/**
 * Makes no secret where Keycloak would refuse it for another reason than its value: a client policy, or DPoP. It answers
 * 400 then, and 401 to a wrong or expired secret (tried on 26.7.3).
 */
export async function refuseWhereRefused(
  work: readonly RotationStep[],
  { keycloak, settings }: RotationTools,
): Promise<void> {
  const refused = await Promise.all(
    work.map(async ({ secrets: { client, present } }) => {
      const { clientId } = client;
      const error = await fetchToken(keycloak, settings.realm, basicAuthorization(clientId, present)).then(
        () => undefined,
        (reason: unknown) => (reason instanceof TokenRefusedError ? reason : Promise.reject(reason as Error)),
      );
      return error?.status === 400 ? [`${clientId}: ${error.said}`] : [];
    }),
  );
  if (refused.flat().length > 0) {
    throw new RotationError(
      [
        "Nothing was changed. Keycloak refuses these clients' tokens, whatever their secrets are:",
        ...refused.flat(),
        "Look at the client policies in the realm settings, and run: scpcloud drift",
      ].join("\n"),
    );
  }
}

/** Refuses where somebody changed these clients: the state would then say that the last `up` has left them so. */
export async function refuseOtherChanges(urns: readonly string[], { pulumi, stack }: RotationTools): Promise<void> {
  if (urns.length === 0) {
    return;
  }
  const { plain, refreshed } = await runBothPreviews(pulumi, ...urns.flatMap((urn) => ["--target", urn]));
  const changing = [plain, refreshed].flatMap((preview) => [...changingSteps(preview).keys()]);
  if (changing.length > 0) {
    const parents = parentsOf([...refreshed.steps, ...plain.steps]);
    const names = [...new Set(changing.map((urn) => ownerOf(urn, parents).name))].sort();
    throw new RotationError(
      `Nothing was changed. The stack file, or somebody in Keycloak, changed something of ${names.join(", ")}, which has ` +
        `to be deployed before. See what it is: scpcloud drift --stack ${stack}. Deploy it: pulumi up --refresh ` +
        `--stack ${stack}`,
    );
  }
}
