import * as v from "valibot";

import type { ConfigurationSource } from "../../settings/source.ts";
import { withStackFiles } from "../../settings/stackFile/withStackFiles.ts";
import { UNKNOWN } from "../pulumi/preview.ts";
import { type PulumiCli, pulumiCli, readJson } from "../pulumi/pulumiCli.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";

const CREDENTIALS = v.object({ basic: v.string(), clientSecret: v.string() });
const DEPLOYED = v.object({ organizationId: v.string(), serviceAccountUserId: v.string() });

/** An `up` that was stopped leaves nulls and unknown values: they count as absent. */
const known = v.transform((value: unknown): unknown => {
  const isOpen = (item: unknown) => item === null || item === UNKNOWN;
  return value && JSON.parse(JSON.stringify(value), (_, item: unknown) => (isOpen(item) ? undefined : item));
});

/** The outputs of a stack (outputs.ts), as far as the commands use them; all absent before the first `up`. */
const OUTPUTS = v.pipe(
  v.unknown(),
  known,
  v.object({
    integrations: v.exactOptional(v.record(v.string(), DEPLOYED)),
    credentials: v.exactOptional(v.record(v.string(), CREDENTIALS)),
    apiEnvironment: v.exactOptional(v.record(v.string(), v.string())),
  }),
);

export type StackOutputs = v.InferOutput<typeof OUTPUTS>;

/** A stack as the commands need it: its configuration, not yet checked, and the outputs of its last `up`. */
export type Stack = Awaited<ReturnType<typeof loadStack>>;

/** Asks the Pulumi CLI, without selecting the stack, so that the user's choice stays as it is. */
export async function loadStack(name: string) {
  const [source, outputs] = await Promise.all([loadConfiguration(name), readOutputs(pulumiCli(name))]);
  return { source, outputs };
}

/** What the last `up` of a stack left; secrets in plain text. */
export function readOutputs(pulumi: PulumiCli): Promise<StackOutputs> {
  return readJson(pulumi, OUTPUTS, ["stack", "output", "--json", "--show-secrets"]);
}

/** Pulumi writes lists and maps as data, too. This command holds no value to the types in Pulumi.yaml. */
const CONFIGURATION = v.record(
  v.string(),
  v.object({ value: v.string(), objectValue: v.optional(v.unknown()), secret: v.boolean() }),
);

/** The stack's configuration; its state is not read. */
export async function loadConfiguration(name: string): Promise<ConfigurationSource> {
  const entries = Object.entries(
    await readJson(pulumiCli(name), CONFIGURATION, ["config", "--show-secrets", "--json"]),
  );
  const source = {
    values: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
    hasParts: Object.fromEntries(entries.map(([key, { objectValue }]) => [key, objectValue !== undefined])),
    secretKeys: new Set(entries.filter(([, { secret }]) => secret).map(([key]) => key)),
    environment: process.env,
  };
  return withStackFiles(name, source, PROJECT_DIRECTORY);
}

const STACKS = v.array(v.object({ name: v.string(), current: v.boolean() }));

/** The stacks that the backend has of the project, by their full names, and whether they are selected. */
export function listStacks(pulumi: PulumiCli): Promise<v.InferOutput<typeof STACKS>> {
  return readJson(pulumi, STACKS, ["stack", "ls", "--json"], { global: true });
}

/** The stack that is selected in the project's folder, if any. */
export async function selectedStack(): Promise<string | undefined> {
  return (await listStacks(pulumiCli(""))).find(({ current }) => current)?.name;
}

/** The URL of the backend that is logged in to; empty where the CLI tells none. */
export async function backendUrl(pulumi: PulumiCli): Promise<string> {
  const whoami = v.object({ url: v.optional(v.string(), "") });
  return (await readJson(pulumi, whoami, ["whoami", "--json"], { global: true })).url;
}
