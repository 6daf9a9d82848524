import { basicAuthorization, isKnownSecret } from "../../contract/credentials.ts";
import { refuse, UserError } from "../../faults/userError.ts";
import { minutes } from "../../keycloak/clients.ts";
import { fetchToken, TokenRefusedError } from "../../keycloak/tokens.ts";
import type { RotationTools } from "./customerSecrets.ts";
import type { RotationStep } from "./rotationPlan.ts";

interface Proving {
  readonly present: string;
  readonly previous: string;
  readonly worksUntil: Date | undefined;
}

/** Takes tokens with both secrets. @returns in words which of them work @throws UserError where one does not as it should */
export async function prove(clientId: string, secrets: Proving, tools: RotationTools): Promise<string> {
  const { present, previous, worksUntil } = secrets;
  if ((await refusal(clientId, present, tools)) !== undefined) {
    throw new UserError(
      `${clientId}: Keycloak refuses its own new secret; run: scpcloud verify --stack ${tools.pulumi.stack}`,
    );
  }
  const previousWorks = isKnownSecret(previous) && (await refusal(clientId, previous, tools)) === undefined;
  const shouldWork = worksUntil !== undefined && worksUntil > tools.admin.now();
  if (previousWorks !== shouldWork) {
    throw new UserError(
      `${clientId}: the new secret gets tokens, but the previous one ` +
        (previousWorks ? "does, too, although it should have stopped" : "does not, although it should"),
    );
  }
  return shouldWork
    ? `✓ both secrets get tokens; the previous one works until ${minutes(worksUntil)}`
    : "✓ the new secret gets tokens; the previous one is refused";
}

/** How Keycloak refuses a token for a secret; undefined where it gives one. */
async function refusal(clientId: string, secret: string, { keycloak, settings }: RotationTools) {
  try {
    await fetchToken(keycloak, settings.realm, basicAuthorization(clientId, secret));
    return undefined;
  } catch (error) {
    if (error instanceof TokenRefusedError) {
      return error;
    }
    throw error;
  }
}

/**
 * Makes no secret where Keycloak would refuse it for another reason than its value: a client policy, or DPoP. It answers
 * 400 then, and 401 to a wrong or expired secret (tried on 26.7.3).
 */
export async function refuseWhereRefused(work: readonly RotationStep[], tools: RotationTools): Promise<void> {
  const refused = await Promise.all(
    work.map(async ({ secrets: { client, present } }) => {
      const error = await refusal(client.clientId, present, tools);
      return error?.status === 400 ? [`${client.clientId}: ${error.said}`] : [];
    }),
  );
  refuse(
    refused.flat(),
    "Nothing was changed. Keycloak refuses these clients' tokens, whatever their secrets are:",
    "Look at the client policies in the realm settings, and run: scpcloud drift",
  );
}
