import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { withTemporaryFile } from "../../processes/files.ts";
import { stackFileName } from "../../settings/stackFile/files.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { exportState, otherStackOf, ownStateAgain, type State } from "../pulumi/exportedState.ts";
import { type PulumiCli, PulumiError } from "../pulumi/pulumiCli.ts";
import { type Check, right, warning, wrong } from "./check.ts";

const ABOUT = "encryption";

/**
 * Whether the secrets of state and stack file can be decrypted, and whether the state is this stack's. The stack file's
 * passphrase is tried on a copy, since Pulumi asks for it only where it encrypts or decrypts something.
 */
export async function checkEncryption(pulumi: PulumiCli, directory = PROJECT_DIRECTORY): Promise<Check[]> {
  const { stack } = pulumi;
  const state = await exportState(pulumi, "--show-secrets");
  const other = otherStackOf(stack, state);
  if (other !== undefined) {
    return [wrong("state", `it is that of the stack ${other}`, ownStateAgain(stack))];
  }
  const older = await checkPlugin(state, pulumi);
  if (older.length > 0) {
    return older;
  }
  const file = stackFileName(stack);
  const text = await readFile(join(directory, file), "utf8").catch(() => "");
  if (/^encryptionsalt:/m.test(text)) {
    await withTemporaryFile(
      text,
      (path) => pulumi.run(["config", "set", "--secret", "scpcloud:probe", "probe", "--config-file", path]),
      file,
    );
  } else if (!/^secretsprovider:/m.test(text)) {
    const found = `${file} has neither encryptionsalt nor secretsprovider; the next preview writes a new salt into it`;
    const remedy = `take the line from git (git log -p ${file}): what was encrypted with the old salt cannot be read with another`;
    return [warning(ABOUT, found, remedy)];
  }
  return [right(ABOUT, "the state's secrets can be decrypted, and the passphrase is that of the stack file")];
}

/** A plugin refuses what a newer one wrote. A resource with the mark `__meta` shows which one is installed. */
async function checkPlugin({ deployment }: State, pulumi: PulumiCli): Promise<Check[]> {
  const marked = deployment.resources?.find(
    ({ outputs, type }) => type?.startsWith("keycloak:") && outputs?.["__meta"] !== undefined,
  );
  if (marked === undefined) {
    return [];
  }
  try {
    await pulumi.run(["refresh", "--preview-only", "--target", marked.urn]);
  } catch (error) {
    if (error instanceof PulumiError && error.output.includes("is greater than schema version")) {
      return [wrong("state", error.told, error.remedy ?? "")];
    }
  }
  // Other checks tell what else fails there.
  return [];
}
