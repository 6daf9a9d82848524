import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { isMasked, oddityOf } from "../../contract/credentials.ts";
import { didYouMean, SettingsError } from "../../faults/faults.ts";
import { refuse, UserError } from "../../faults/userError.ts";
import type { KeycloakAdmin } from "../../keycloak/admin.ts";
import { findClient, secretTimes } from "../../keycloak/clients.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import type { Settings } from "../../settings/settings.ts";
import type { Stack } from "../cli/stack.ts";
import { addToRecord, readRecord } from "../repository/handoverRecord.ts";
import { differenceLines, verifyStack } from "../tokens/verification.ts";
import { encryptFor } from "./recipients.ts";
import { credentialText, sheet } from "./sheet.ts";

export interface HandoverRequest {
  readonly stack: string;
  readonly clientId: string;
  readonly recipients: readonly string[];
  /** Where the two files are written. */
  readonly directory: string;
  /** Where the record is. */
  readonly projectDirectory: string;
  /** By Keycloak's clock. */
  readonly now: Date;
  /** Whether the user wants it, with what is odd about the secret. */
  readonly agrees: (warnings: readonly string[]) => Promise<boolean>;
}

/**
 * Writes the sheet and the encrypted credential, and notes it down. The secret is tried before: what is handed over gets
 * tokens, and these are what the settings promise. It is in memory and in the encrypted file only.
 * @returns the paths of the two files; nothing where the user did not want it
 */
export async function handOver(
  request: HandoverRequest,
  settings: Settings,
  { outputs }: Pick<Stack, "outputs">,
  keycloak: KeycloakConnection,
  admin: KeycloakAdmin,
): Promise<readonly string[] | undefined> {
  const { agrees, clientId, directory, now, projectDirectory, recipients, stack } = request;
  const { bffUrl, contact } = toldFacts(settings);
  const integration = settings.integrations.find((one) => one.clientId === clientId);
  if (integration === undefined) {
    const known = settings.integrations.map((one) => one.clientId);
    throw new UserError(`There is no customer "${clientId}" in the stack file; ${didYouMean(clientId, known)}.`);
  }
  if (integration.retired) {
    throw new UserError(`${clientId} is retired: its secret gets no tokens.`);
  }
  const credentials = outputs.credentials?.[clientId];
  if (credentials === undefined) {
    throw new UserError(`${clientId} is not deployed yet; run: pulumi up --stack ${stack}`);
  }
  const { clientSecret, basic: authorization } = credentials;
  // Refuses a damaged record before anything is written.
  await readRecord(projectDirectory, stack);
  const { created, overlapEnds } = await refuseOtherSecret(clientSecret, request, admin);
  const oddity = oddityOf(clientSecret);
  const renewal = `scpcloud rotate --stack ${stack} --customer ${clientId}`;
  if (!(await agrees(oddity === undefined ? [] : [`its secret ${oddity}; better have a new one made: ${renewal}`]))) {
    return undefined;
  }
  // A credential is worth no more than its token: the API serves whatever organization that names.
  const { customers, differences } = await verifyStack(settings, outputs, { admin, keycloak }, [clientId]);
  const wrong = [...differences, ...customers.flatMap(differenceLines)];
  refuse(
    wrong.map((line) => `  ${line}`),
    `The secret of ${clientId} is not handed over, since its token is not what the settings promise:`,
    `To see all claims, run: scpcloud verify --stack ${stack}. To see what somebody changed by hand: scpcloud drift ` +
      `--stack ${stack}`,
  );
  const page = sheet({
    clientId,
    name: integration.name,
    bffUrl,
    contact,
    date: now,
    ...(overlapEnds && { previousWorksUntil: overlapEnds }),
  });
  const encrypted = await encryptFor(recipients, credentialText({ clientId, clientSecret, authorization }));
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const files = [join(directory, `${clientId}.html`), join(directory, `${clientId}.age`)] as const;
  await writePrivate(files[0], page);
  await writePrivate(files[1], encrypted);
  const entry = { date: now.toISOString(), ...(created && { secretCreated: created.toISOString() }) };
  const handovers = recipients.map((recipient) => ({ ...entry, recipient }));
  await addToRecord(projectDirectory, stack, clientId, handovers);
  return files;
}

/** What the sheet has to say and only the stack file knows. @throws SettingsError with all that is missing */
function toldFacts({ bff: { publicUrl: bffUrl = "" }, contact }: Settings) {
  const missing = [
    {
      value: bffUrl,
      key: "scpcloud:bff.publicUrl",
      reason: "the sheet tells the customer where to call",
      remedy:
        'write "publicUrl:" further in, below "scpcloud:bff:", with the base URL under which customers reach ' +
        'WebProductionBff, such as "https://api.example.com"',
    },
    {
      value: contact,
      key: "scpcloud:contact",
      reason: "the sheet tells the customer whom to ask",
      remedy: 'write a name with an address, such as "ScpCloud support, support@example.com"',
    },
  ].filter(({ value }) => value === "");
  if (missing.length > 0) {
    throw new SettingsError(missing.map(({ key, reason, remedy }) => ({ key, rule: "must be set", reason, remedy })));
  }
  return { bffUrl, contact };
}

/**
 * The state may have the secret before the present one, which gets tokens as long as the overlap lasts.
 * @returns the times of the present secret
 */
async function refuseOtherSecret(stored: string, { clientId, now, stack }: HandoverRequest, admin: KeycloakAdmin) {
  const client = await findClient(admin, clientId);
  if (client === undefined) {
    throw new UserError(`Keycloak has no client ${clientId}. To see why, run: scpcloud drift --stack ${stack}`);
  }
  const { secret } = client;
  const times = secretTimes(client, now);
  const isHidden = secret === undefined || isMasked(secret);
  if (isHidden && times.overlapEnds !== undefined) {
    throw new UserError(
      `Keycloak does not show the deployer the secret of ${clientId}, and two secrets work: it cannot be said whether the ` +
        "stack has the new one. Whoever hands it over needs the role manage-clients.",
    );
  }
  if (!isHidden && secret !== stored) {
    throw new UserError(
      `Keycloak has another secret of ${clientId} than the stack: a rotation was stopped, or somebody renewed it. The ` +
        `stack's is not handed over. To finish it, run: scpcloud rotate --stack ${stack} --customer ${clientId}`,
    );
  }
  return times;
}

/** A file of this name may have been there with other rights. */
async function writePrivate(path: string, content: string | Uint8Array): Promise<void> {
  await writeFile(path, content, { mode: 0o600 });
  await chmod(path, 0o600);
}
