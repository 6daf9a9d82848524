import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { generateX25519Identity, identityToRecipient } from "age-encryption";

import type { Credentials } from "../../outputs";
import { Project, type StackFile } from "./project";
import { REALMS, serverOfTests } from "./server";
import type { Stack } from "./stack";
import { claimsOf } from "./tokens";

const REALM = REALMS.succession;
const STACK = "succession";
const ACME = { organizationUser: "anna", name: "Acme Ltd." };

let project: Project;
let stack: Stack;

const stackFile = (integrations: object): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:bff": { publicUrl: "https://api.scpcloud.example" },
  "scpcloud:contact": "ScpCloud support, support@scpcloud.example",
  "scpcloud:integrations": integrations,
});
const credentials = async () => (await stack.outputs())["credentials"]?.value as Record<string, Credentials>;
const organizationOf = async (one: Credentials | undefined) =>
  (await claimsOf(one ?? { clientSecret: "", basic: "" }, REALM))["organizationId"];

beforeAll(async () => {
  project = await Project.create();
  stack = await project.createStack(STACK, stackFile({ acme: ACME }));
  await stack.up();
});

afterAll(async () => {
  await stack.destroy();
  await project.remove();
});

it("moves a customer from one client to the next, and both get tokens meanwhile", async () => {
  const first = (await credentials())["acme"];
  await project.configure(STACK, stackFile({ acme: ACME, "acme-2": { successorOf: "acme" } }));
  await stack.up();

  const both = await credentials();
  expect(both["acme"]).toEqual(first);
  expect(await organizationOf(both["acme-2"])).toBe(await organizationOf(first));
  const recipient = await identityToRecipient(await generateX25519Identity());
  const handover = await project.command(
    "handover",
    "--stack",
    STACK,
    "--customer",
    "acme-2",
    "--recipient",
    recipient,
  );
  expect(handover.exitCode).toBe(0);
  const customers = await project.command("customers", "--stack", STACK);
  expect(customers.stdout).toMatch(/│ acme-2 +│.*│ acme +│/);

  await project.configure(STACK, stackFile({ acme: { ...ACME, retired: true }, "acme-2": { successorOf: "acme" } }));
  await stack.up();
  await expect(organizationOf(first)).rejects.toThrow("no token: 401");
  const organization = await organizationOf(both["acme-2"]);

  await project.configure(STACK, stackFile({ "acme-2": ACME }));
  await stack.up();
  expect(await organizationOf(both["acme-2"])).toBe(organization);
  expect((await credentials())["acme-2"]).toEqual(both["acme-2"]);

  const record = await readFile(join(project.directory, `handovers.${STACK}.json`), "utf8");
  const printed = [handover.stdout, handover.stderr, customers.stdout, record].join("\n");
  for (const secret of [
    ...Object.values(both).flatMap((one) => Object.values(one) as string[]),
    serverOfTests().deployerSecret,
  ]) {
    expect(printed).not.toContain(secret);
  }
});
