import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { Worker } from "node:worker_threads";

import packageJson from "../../package.json" with { type: "json" };
import type { ConfigurationSource } from "../../settings/source.ts";
import { recordOf } from "../../values/shapes.ts";
import { SECRET_MARK } from "../changes/propertyChanges.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { projectName } from "../cli/stackName.ts";
import { exportState, type State, type StateResource } from "../pulumi/exportedState.ts";
import { nameOf, typeOf } from "../pulumi/owners.ts";
import type { PulumiCli } from "../pulumi/pulumiCli.ts";

/** The inputs of the program's resources, by {@link keyOf}. */
export type Declared = Record<string, Readonly<Record<string, unknown>>>;

/** What the thread gets that runs the program (declare.ts). */
export interface Task {
  readonly project: string;
  readonly stack: string;
  /** The program's index.ts. */
  readonly index: string;
  readonly values: ConfigurationSource["values"];
  /** What the state has, by {@link keyOf}. */
  readonly deployed: Readonly<Record<string, DeployedResource>>;
}

interface DeployedResource {
  readonly id?: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly outputs: Readonly<Record<string, unknown>>;
}

/** A resource's type and name, which tell it apart in this program; the SDK's mocks do not tell its parents. */
export function keyOf(type: string, name: string): string {
  return `${type} ${name}`;
}

/**
 * Whether all is deployed: the program declares what the state has, by the inputs. It runs in a thread here, without Pulumi's
 * engine and the provider, in a quarter of a preview's CPU time. False also where that cannot be told: then a preview tells.
 */
export async function isAllDeployed(pulumi: PulumiCli, source: ConfigurationSource): Promise<boolean> {
  const deployed = deployedIn(await exportState(pulumi), pulumi.stack);
  const declared = deployed && (await declare(pulumi.stack, source, deployed));
  return declared !== undefined && isDeployed(declared, deployed ?? {});
}

export function isDeployed(declared: Declared, deployed: Task["deployed"]): boolean {
  return isDeepStrictEqual(
    declared,
    Object.fromEntries(Object.entries(deployed).map(([key, { inputs }]) => [key, inputs])),
  );
}

/** What a state has that its program declares; undefined where an `up` would change something whatever the program says. */
export function deployedIn({ deployment }: State, stack: string): Task["deployed"] | undefined {
  const { pending_operations: pending = [], resources = [] } = deployment;
  const isOfProgram = ({ type = "" }: { readonly type?: string }) => !type.startsWith("pulumi:");
  const providers = resources.filter(({ type }) => type === "pulumi:providers:keycloak");
  const version = packageJson.dependencies["@pulumi/keycloak"];
  const own = resources.filter(isOfProgram);
  // Somebody may have imported the state of another stack, of whose resources an `up` keeps none.
  const isOfStack = ({ urn }: StateResource) => urn.startsWith(`urn:pulumi:${stack}::${projectName()}::`);
  const found = own.map(({ id, inputs, outputs, urn }): [string, DeployedResource] => [
    keyOf(typeOf(urn), nameOf(urn)),
    { ...(id === undefined ? {} : { id }), inputs: plainOf(inputs), outputs: plainOf(outputs) },
  ]);
  const deployed = Object.fromEntries(found);
  return pending.length === 0 &&
    providers.every(({ inputs }) => recordOf(inputs)["version"] === version) &&
    own.every(isOfStack) &&
    own.every((resource) => UNFINISHED.every((mark) => !resource[mark])) &&
    Object.keys(deployed).length === own.length
    ? deployed
    : undefined;
}

/** Marks of a resource that an `up` would delete, replace or finish. */
const UNFINISHED = ["delete", "pendingReplacement", "taint", "initErrors"];

const SOME_SECRET = "a secret that the state has encrypted";

/** Without the provider's defaults, which the program does not say, and with a text for each secret. */
function plainOf(properties: unknown): Readonly<Record<string, unknown>> {
  const plain = JSON.stringify(recordOf(properties), (_, value: unknown) => {
    const { __defaults: defaults, ...own } = recordOf(value);
    if (SECRET_MARK in own) {
      return SOME_SECRET;
    }
    return Array.isArray(defaults)
      ? Object.fromEntries(Object.entries(own).filter(([name]) => !defaults.includes(name)))
      : value;
  });
  return JSON.parse(plain) as Readonly<Record<string, unknown>>;
}

/** Undefined where the program fails so, as with settings that are wrong. */
function declare(
  stack: string,
  { ownValues, secretKeys, values }: ConfigurationSource,
  deployed: Task["deployed"],
): Promise<Declared | undefined> {
  const index = join(PROJECT_DIRECTORY, "index.ts");
  const task: Task = { project: projectName(), stack, index, values: ownValues ?? values, deployed };
  // As Pulumi does, since the program reads the stack files of the folder that it runs in. A thread shares this process's.
  process.chdir(PROJECT_DIRECTORY);
  return new Promise((resolve) => {
    const worker = new Worker(new URL("./declare.ts", import.meta.url), {
      workerData: task,
      env: { ...process.env, PULUMI_CONFIG_SECRET_KEYS: JSON.stringify([...secretKeys]) },
      stdout: true,
      stderr: true,
    });
    worker.on("message", resolve);
    worker.on("error", () => resolve(undefined));
    worker.on("exit", () => resolve(undefined));
  });
}
