// Runs the program in a thread. Each resource that it declares is at once what the state has, as after an `up`.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { parentPort, workerData } from "node:worker_threads";

import { type Declared, keyOf, type Task } from "./deployed.ts";

const { deployed, index, project, stack, values } = workerData as Task;
const { leaveOutDebugging } = createRequire(import.meta.url)("../../pulumiSdk.cjs") as {
  readonly leaveOutDebugging: () => void;
};
leaveOutDebugging();
const { runtime } = await import("@pulumi/pulumi");

const declared: Declared = {};
await runtime.setMocks(
  {
    newResource: ({ custom, inputs, name, type }) => {
      const key = keyOf(type, name);
      declared[key] = inputs as Declared[string];
      const { id = "", outputs = {} } = deployed[key] ?? {};
      return { id: custom === false ? undefined : id, state: { ...(inputs as object), ...outputs } };
    },
    call: ({ token }) => {
      throw new Error(`nobody answers ${token} here`);
    },
  },
  project,
  stack,
  true,
);
runtime.setAllConfig({ ...values });
// The SDK's mocks know no hooks. Nothing is done here that would call one.
const accept = (_: unknown, done: (error: null, reply: object) => void) => done(null, {});
Object.assign(runtime.getMonitor() as object, { registerErrorHook: accept, registerResourceHook: accept });

const program = (await import(pathToFileURL(index).href)) as { readonly default: () => Promise<unknown> };
await program.default();
await runtime.disconnect();
parentPort?.postMessage(declared);
