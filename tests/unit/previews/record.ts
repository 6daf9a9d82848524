import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { format } from "prettier";

import { Administrator } from "../../end-to-end/keycloak.ts";
import { Project, type StackFile } from "../../end-to-end/project.ts";
import { REALMS, startServerOfTests, stopServerOfTests } from "../../end-to-end/server.ts";
import type { Credentials } from "../../../outputs.ts";
import { type Places, withoutAccidents } from "./normalize.ts";
import { CUSTOMERS, SCENARIOS } from "./scenarios.ts";

/**
 * Records what `pulumi preview --json` says of this program on a real Keycloak, for the tests of the summary:
 * npm run previews:record. Where the program has changed, so do the recordings, and nothing else.
 */
const STACK = "prod";
const REPOSITORY = resolve(import.meta.dirname, "..", "..", "..");

const FAILING = ["failing", "protectedRemoved"];

let project: Project;
let places: Places;
const secrets: string[] = [];

async function main(): Promise<void> {
  await startServerOfTests(["production", "failures"]);
  try {
    project = await Project.create();
    try {
      await recordAll();
    } finally {
      await project.remove();
    }
  } finally {
    await stopServerOfTests();
  }
}

async function recordAll(): Promise<void> {
  const stackFile: StackFile = {
    ...project.connection(REALMS.production),
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:allowedOrigins": ["https://app.example.com"],
    "scpcloud:integrations": CUSTOMERS,
    "scpcloud:protect": false,
  };
  places = {
    url: String(stackFile["keycloak:url"]),
    caCertificate: String(stackFile["keycloak:rootCaCertificate"]),
    directory: project.directory,
    repository: REPOSITORY,
  };
  const stack = await project.createStack(STACK, stackFile);
  await stack.up();
  const credentials = (await stack.outputs())["credentials"]?.value as Record<string, Credentials>;
  secrets.push(...Object.values(credentials).flatMap(({ clientSecret, basic }) => [clientSecret, basic]));

  for (const [name, changes] of Object.entries(SCENARIOS)) {
    await record(name, { ...stackFile, ...changes });
  }
  await record("realmMoved", { ...stackFile, ...project.connection(REALMS.failures) });

  const protectedFile = { ...stackFile, "scpcloud:protect": true };
  await project.configure(STACK, protectedFile);
  await stack.up();
  await record("protectedRemoved", { ...protectedFile, ...SCENARIOS["customerRemoved"] });
  await record("unprotected", stackFile);
  await recordDrift(protectedFile);
}

/** Somebody changes the shared client scope in the console, and then deletes a client. */
async function recordDrift(stackFile: StackFile): Promise<void> {
  const administrator = new Administrator(REALMS.production);
  try {
    const scopes = (await administrator.send("GET", "/client-scopes")) as { id: string; name: string }[];
    const scope = scopes.find(({ name }) => name === "scpCloud");
    await administrator.send("PUT", `/client-scopes/${scope?.id}`, { ...scope, description: "Changed by hand" });
    await record("scopeDrifted", stackFile, "--refresh");
    const [client] = await administrator.clients("initech");
    await administrator.send("DELETE", `/clients/${client?.id}`);
    await record("clientGone", stackFile, "--refresh");
  } finally {
  }
}

async function record(name: string, stackFile: StackFile, ...args: string[]): Promise<void> {
  await project.configure(STACK, stackFile);
  await preview(name, ...args);
}

async function preview(name: string, ...args: string[]): Promise<void> {
  const { exitCode, stdout, stderr } = await project.pulumi("preview", "--json", "--stack", STACK, ...args);
  if ((exitCode === 0) === FAILING.includes(name)) {
    throw new Error(`${name}: exit code ${exitCode}\n${stdout}${stderr}`);
  }
  if (secrets.some((secret) => stdout.includes(secret))) {
    throw new Error(`${name}: the preview tells a secret.`);
  }
  const json = JSON.stringify(withoutAccidents(stdout, places));
  const text = await format(json, { parser: "json", printWidth: 120 });
  await writeFile(join(import.meta.dirname, `${name}.json`), text);
  console.log(`${name}: ${text.length} characters`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
