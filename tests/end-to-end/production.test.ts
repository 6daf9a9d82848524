import { readFile, stat, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";

import { run } from "../../processes/run.ts";
import { Administrator } from "./keycloak.ts";
import { committedStackFile, type StackFile } from "./project.ts";
import { DEPLOYERS, serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";
import { itWith } from "./tools.ts";

const REALM = "Production";
/** It has the roles that docs/configuration.md asks for, and no other. */
const DEPLOYER = DEPLOYERS.withoutRealm;
const PACK = ["--policy-pack", "policy-pack"];
const SCRIPT = resolve(import.meta.dirname, "..", "..", "docs", "deployer.sh");

let stack: Stack;
const administrator = new Administrator(REALM);
let stackFile: StackFile;
let scopesBefore: string[];

beforeAll(async () => {
  stackFile = {
    ...(await committedStackFile("prod")),
    "keycloak:clientId": DEPLOYER,
    "scpcloud:protect": true,
  };
  stack = await Stack.create(REALM, "prod", stackFile);
  scopesBefore = await administrator.clientScopes();
});

afterAll(() => stack.project.remove());

/** A run in which the policy pack had nothing to say. */
async function keepingToThePack(...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await stack.pulumi(...command, ...PACK);
  expect({ exitCode, stderr, stdout }).toMatchObject({ exitCode: 0 });
  expect(stdout).toContain("✅ scpcloud-policies@v1.0.0");
  expect(stdout).not.toMatch(/^ +- \[|can't run policy/m);
  return stdout;
}

/** As a user types it; the password comes from standard input. */
const makeDeployer = (...roles: string[]) => {
  const { bootstrapAdminPasswordFile, caCertificateFile, url } = serverOfTests();
  return run("bash", ["-c", '"$0" "$@" <"$PASSWORD_FILE"', SCRIPT, url, REALM, "admin", "secret", ...roles], {
    cwd: stack.project.directory,
    env: { CURL_CA_BUNDLE: caCertificateFile, PASSWORD_FILE: bootstrapAdminPasswordFile },
  });
};

itWith(
  ["curl", "jq"],
  "docs/deployer.sh makes a deployer with whom doctor finds nothing wrong, also run again, and shows no secret",
  async () => {
    await administrator.deleteClient(DEPLOYERS.complete);
    const refused = await makeDeployer("manage-everything");
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      expect.stringContaining("does not have all of these roles"),
    ]);
    const made = [await makeDeployer("manage-realm"), await makeDeployer("manage-realm")];

    expect(made.map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(Array(2).fill([0, ""]));
    const file = join(stack.project.directory, "secret");
    const secret = await readFile(file, "utf8");
    expect(secret).toMatch(/^\w{32,}$/);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(made.map(({ stderr }) => stderr).join("")).not.toContain(secret);

    await stack.configure({ ...stackFile, "keycloak:clientId": DEPLOYERS.complete });
    const byMade = stack.project.with({ KEYCLOAK_CLIENT_SECRET: secret });
    const { exitCode, stdout } = await byMade.command("doctor", "--stack", "prod");
    await stack.configure(stackFile);
    expect(stdout).toContain(`✓ login: client "${DEPLOYERS.complete}" of realm ${REALM} is accepted`);
    expect(stdout).not.toMatch(/^✗/m);
    expect(exitCode).toBe(0);
  },
);

describe("the production stack, by a deployer with the least roles,", () => {
  it("has a preview in which a pull request's reviewer reads what it violates", async () => {
    const config = join(stack.project.directory, "policies.json");
    await writeFile(config, JSON.stringify({ "client-lifespan": { maximum: 120 } }));
    // As .github/preview.sh calls it.
    const asked = ["--realm-stack", "prod", "--run-preview", "--policy-pack", "policy-pack"];
    const { exitCode, stdout } = await stack.project
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
    expect(await stack.command("verify")).toMatchObject({ exitCode: 0, stderr: "" });
    await keepingToThePack("preview", "--expect-no-changes", "--refresh");
  });

  it("is gone without a trace after destroy, once its customers are not protected", async () => {
    await stack.configure({ ...stackFile, "scpcloud:protect": false });
    await stack.up();
    await stack.destroy();

    expect(await administrator.clients("acme")).toEqual([]);
    expect(await administrator.clientScopes()).toEqual(scopesBefore);
    // The realm was looked up, never declared.
    await expect(administrator.send("GET", "")).resolves.toMatchObject({ realm: REALM });
  });
});
