import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { Administrator } from "./keycloak.ts";
import { committedStackFile, Project, type StackFile } from "./project.ts";
import { DEPLOYERS, REALMS } from "./server.ts";
import type { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = REALMS.production;
/** It has the roles that docs/configuration.md asks for, and no other. */
const DEPLOYER = DEPLOYERS.withoutRealm;
const PACK = ["--policy-pack", "policy-pack"];

let project: Project;
let stack: Stack;
const administrator = new Administrator(REALM);
let stackFile: StackFile;
let scopesBefore: string[];

beforeAll(async () => {
  scopesBefore = await administrator.clientScopes();
  project = await Project.create();
  stackFile = {
    ...(await committedStackFile("prod")),
    ...project.connection(REALM),
    "keycloak:clientId": DEPLOYER,
    "scpcloud:protect": true,
  };
  stack = await project.createStack("prod", stackFile);
});

afterAll(() => project.remove());

/** A run in which the policy pack had nothing to say. */
async function keepingToThePack(...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await project.pulumi(...command, "--stack", "prod", ...PACK);
  expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain("✅ scpcloud-policies@v1.0.0");
  expect(stdout).not.toMatch(/^ +- \[|can't run policy/m);
  return stdout;
}

describe("the production stack, by a deployer with the least roles,", () => {
  it("has a preview in which a pull request's reviewer reads what it violates", async () => {
    const config = join(project.directory, "policies.json");
    await writeFile(config, JSON.stringify({ "client-lifespan": { maximum: 120 } }));
    // As .github/preview.sh calls it.
    const asked = ["--realm-stack", "prod", "--run-preview", "--policy-pack", "policy-pack"];
    const { exitCode, stdout } = await project
      .with({ PULUMI_OPTION_POLICY_PACK_CONFIG: config })
      .command("review", ...asked);

    expect(stdout).toMatch(
      /^### prod: \d+ to create; .*\n\n<!-- scpcloud: danger -->\nThe policy pack refuses the deployment:\n\n```text\nclient-lifespan of acme-reporting/m,
    );
    expect(exitCode).toBe(1);
  });

  it("gives lean tokens with the organization's user", async () => {
    await keepingToThePack("up", "--yes");

    const credentials = await stack.credentialsOf("acme-reporting");
    const { exp, iat, jti, sub, clientHost, clientAddress, ...rest } = await claimsOf(credentials, REALM);
    expect(rest).toEqual({
      iss: "https://host.docker.internal:28443/realms/Production",
      aud: "scpCloud",
      typ: "Bearer",
      azp: "acme-reporting",
      client_id: "acme-reporting",
      scope: "",
      organizationId: await administrator.userId("reporting@acme.example"),
    });
    // A second may begin while Keycloak makes the token.
    expect([300, 301]).toContain(Number(exp) - Number(iat));
    expect([jti, sub, clientHost, clientAddress].map((claim) => typeof claim)).toEqual(Array(4).fill("string"));
    expect((await administrator.clients("acme")).map(({ name }) => name)).toEqual([
      "Acme, operation entries for reporting",
    ]);
    expect(await project.command("verify", "--stack", "prod")).toMatchObject({ exitCode: 0, stderr: "" });
    await keepingToThePack("preview", "--expect-no-changes", "--refresh");
  });

  it("is gone without a trace after destroy, once its customers are not protected", async () => {
    await project.configure("prod", { ...stackFile, "scpcloud:protect": false });
    await stack.up();
    await stack.destroy();

    expect(await administrator.clients("acme")).toEqual([]);
    expect(await administrator.clientScopes()).toEqual(scopesBefore);
    // The realm was looked up, never declared.
    await expect(administrator.send("GET", "")).resolves.toMatchObject({ realm: REALM });
  });
});
