import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { type EngineEvent, policiesIn } from "./engineEvents.ts";
import { type Preview, readPreview, withPolicies } from "./preview.ts";
import { PulumiError, runPulumi } from "./pulumiCli.ts";

/**
 * What an `up` of a stack would do, and what a policy pack says of it. A preview that failed tells its errors.
 * @throws PulumiError where there is no preview at all
 */
export async function previewWithPolicies(
  stack: string,
  directory: string,
  policyPack: string | undefined,
): Promise<Preview> {
  const folder = await mkdtemp(join(tmpdir(), "scpcloud-preview-"));
  // The output as data does not have what policies say.
  const events = join(folder, "events");
  const asking = policyPack === undefined ? [] : ["--policy-pack", policyPack, "--event-log", events];
  try {
    const { stdout } = await runPulumi(["preview", "--json", "--suppress-permalink", ...asking, "--stack", stack], {
      cwd: directory,
      // The CLI does not know --event-log without it.
      env: { PULUMI_DEBUG_COMMANDS: "true" },
    }).catch((error: unknown) => {
      const [, json] = error instanceof PulumiError ? (/^\s*(\{[^]*\})/.exec(error.output) ?? []) : [];
      if (json === undefined) {
        throw error;
      }
      return { stdout: json };
    });
    const preview = readPreview(stdout);
    if (policyPack === undefined) {
      return preview;
    }
    const told = await readEvents(events).catch((error: unknown) => {
      // Nothing is told of a run that failed before its events.
      if (preview.errors.length === 0) {
        throw error;
      }
      return [];
    });
    return withPolicies(preview, policiesIn(told));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One a line. */
async function readEvents(file: string): Promise<EngineEvent[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as EngineEvent);
}
