import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { format } from "prettier";

import { Administrator } from "../../end-to-end/keycloak.ts";
import { Project, type StackFile } from "../../end-to-end/project.ts";
import { startServerOfTests, stopServerOfTests } from "../../end-to-end/server.ts";
import { Stack } from "../../end-to-end/stack.ts";
import { onlyRead } from "./onlyRead.ts";

/**
 * Records what `pulumi preview --json` says of this program on a real Keycloak, for the tests of the summary:
 * npm run previews:record. Where the program has changed, so do the recordings, and nothing else.
 */
const REALM = "Production";
const STACK = "prod";
const FAILING = ["failing", "protectedRemoved"];

const organization = (number: number) => ({
  organizationId: `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`,
});
const CUSTOMERS = {
  acme: organization(1),
  globex: { ...organization(2), name: "Globex" },
  initech: organization(3),
};
const { globex, ...OTHERS } = CUSTOMERS;

/** What a stack file says other than the one that was deployed, by the name of the preview's recording. */
const SCENARIOS: Readonly<Record<string, StackFile>> = {
  unchanged: {},
  customerAdded: { "scpcloud:integrations": { ...CUSTOMERS, umbrella: organization(4) } },
  customerRemoved: { "scpcloud:integrations": OTHERS },
  customerRetired: { "scpcloud:integrations": { ...CUSTOMERS, globex: { ...globex, retired: true } } },
  customerRenamed: { "scpcloud:integrations": { ...OTHERS, "globex-eu": globex } },
  organizationChanged: { "scpcloud:integrations": { ...CUSTOMERS, acme: organization(5) } },
  sharedChange: { "scpcloud:accessTokenLifespan": 600 },
  sharedMapperRemoved: { "scpcloud:allowedOrigins": [] },
  failing: { "scpcloud:accessTokenLifespan": 59 },
};

let project: Project;
const secrets: string[] = [];

async function main(): Promise<void> {
  await startServerOfTests();
  try {
    project = await Project.create(REALM);
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
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:allowedOrigins": ["https://app.example.com"],
    "scpcloud:integrations": CUSTOMERS,
    "scpcloud:protect": false,
  };
  const stack = await Stack.createIn(project, STACK, stackFile);
  await stack.up();
  const credentials = await stack.credentials();
  secrets.push(...Object.values(credentials).flatMap(({ clientSecret, basic }) => [clientSecret, basic]));

  for (const [name, changes] of Object.entries(SCENARIOS)) {
    await record(name, { ...stackFile, ...changes });
  }
  const elsewhere = "Failures";
  await new Administrator(elsewhere).makeRealm();
  await record("realmMoved", { ...stackFile, "keycloak:realm": elsewhere, "scpcloud:realm": elsewhere });

  const protectedFile = { ...stackFile, "scpcloud:protect": true };
  await project.configure(STACK, protectedFile);
  await stack.up();
  await record("protectedRemoved", { ...protectedFile, ...SCENARIOS["customerRemoved"] });
  await record("unprotected", stackFile);
  await recordDrift(protectedFile);
}

/** Somebody changes the shared client scope in the console, and then deletes a client. */
async function recordDrift(stackFile: StackFile): Promise<void> {
  const administrator = new Administrator(REALM);
  const scopes = (await administrator.send("GET", "/client-scopes")) as { id: string; name: string }[];
  const scope = scopes.find(({ name }) => name === "scpCloud");
  await administrator.send("PUT", `/client-scopes/${scope?.id}`, { ...scope, description: "Changed by hand" });
  await administrator.deleteClient("initech");
  await record("clientGone", stackFile, "--refresh");
}

async function record(name: string, stackFile: StackFile, ...args: string[]): Promise<void> {
  await project.configure(STACK, stackFile);
  const { exitCode, stdout, stderr } = await project.pulumi("preview", "--json", "--stack", STACK, ...args);
  if ((exitCode === 0) === FAILING.includes(name)) {
    throw new Error(`${name}: exit code ${exitCode}\n${stdout}${stderr}`);
  }
  if (secrets.some((secret) => stdout.includes(secret))) {
    throw new Error(`${name}: the preview tells a secret.`);
  }
  const json = JSON.stringify(onlyRead(stdout));
  const text = await format(json, { parser: "json", printWidth: 120 });
  await writeFile(join(import.meta.dirname, `${name}.json`), text);
  console.log(`${name}: ${text.length} characters`);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
