import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { run } from "../../processes/run.ts";
import { Administrator } from "./keycloak.ts";
import { REALM_NAME as REALM } from "../../development/keycloak/realmImport.ts";
import { committedStackFile, REPOSITORY, type StackFile } from "./project.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { ADMIN_ID, askForToken, claimsOf, expectOriginalToken, startBrowserLogin } from "./tokens.ts";

const CUSTOMER = "integration-api-service";

let stack: Stack;
let stackFile: StackFile;
const administrator = new Administrator(REALM);

beforeAll(async () => {
  stackFile = await committedStackFile("dev");
  stack = await Stack.create(REALM, "dev", stackFile);
  await stack.up();
});

afterAll(() => stack.project.remove());

const credentialsOf = () => stack.credentialsOf(CUSTOMER);

const withIntegrations = (integrations: Record<string, unknown>): StackFile => ({
  ...stackFile,
  "scpcloud:integrations": integrations,
});

describe("the development stack", () => {
  it("gives the original token, claim by claim, and nothing else", async () => {
    const { sub } = await expectOriginalToken(await credentialsOf());
    expect(sub).toBe(await administrator.userId(`service-account-${CUSTOMER}`));
  });

  it("changes nothing at a second preview, which reads Keycloak again", async () => {
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("passes verify, which prints the claims but neither token nor secret", async () => {
    const { exitCode, stdout, stderr } = await stack.command("verify");

    expect(stderr).toBe("");
    expect(stdout).toContain("✓ dev: the tokens of 1 customer are what the settings promise");
    expect(stdout).toContain(ADMIN_ID);
    expect(exitCode).toBe(0);
    const { clientSecret, basic } = await credentialsOf();
    for (const secret of [clientSecret, basic, serverOfTests().deployerSecret, "eyJ"]) {
      expect(stdout).not.toContain(secret);
    }
  });

  it("shows no secret in preview, up, outputs, and keeps them encrypted in the state", async () => {
    const { clientSecret, basic } = await credentialsOf();
    const shown = [
      // It previews first.
      [["up", "--yes", "--diff", "--show-sames"], "clientSecret"],
      [["stack", "output"], "[secret]"],
      [["stack", "export"], "ciphertext"],
    ] as const;

    for (const [command, instead] of shown) {
      const { exitCode, stdout, stderr } = await stack.pulumi(...command);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toContain(instead);
      for (const secret of [clientSecret, basic, serverOfTests().deployerSecret]) {
        expect(stdout + stderr).not.toContain(secret);
      }
    }
  });

  it("refuses a request for a further scope", async () => {
    const { basic } = await credentialsOf();
    for (const scope of [
      "offline_access",
      "microprofile-jwt",
      "organization",
      "profile",
      "email",
      "address",
      "phone",
    ]) {
      const answer = await askForToken(REALM, basic, { grant_type: "client_credentials", scope });
      expect([scope, answer]).toEqual([scope, { status: 400, error: "invalid_scope" }]);
    }
  });

  it("admits neither the password grant nor a login by browser", async () => {
    const { basic } = await credentialsOf();
    const form = { grant_type: "password", username: "anna", password: "irrelevant" };

    await expect(askForToken(REALM, basic, form)).resolves.toEqual({ status: 400, error: "unauthorized_client" });
    await expect(startBrowserLogin(REALM, CUSTOMER)).resolves.toBe(400);
  });
});

describe("a change of the stack file", () => {
  it("as README.md adds a customer is previewed, summed up and compared as it says", async () => {
    const readme = await readFile(join(REPOSITORY, "README.md"), "utf8");
    const [entry, shown] = [...readme.matchAll(/^ {3}```(?:yaml|text)\n([^]*?)^ {3}```$/gm)].map(([, text]) => text);
    const added = (parse(entry ?? "") as { config: StackFile }).config["scpcloud:integrations"] as object;
    await administrator.send("POST", "/users", { username: "reporting@globex.example", enabled: true });
    const inProject = (script: string) =>
      run("bash", ["-c", script], { cwd: stack.project.directory, env: stack.project.environment });
    const git = "git -c user.name=tests -c user.email=tests@example.com";
    await inProject(`git init --quiet && git add Pulumi.dev.yaml && ${git} commit --quiet --message before`);
    await stack.configure(withIntegrations({ ...(stackFile["scpcloud:integrations"] as object), ...added }));

    const preview = await stack.pulumi("preview");
    const summary = await inProject(
      "set -o pipefail; pulumi preview --json --stack dev | ./scpcloud review --stack dev --preview -",
    );
    const claims = await stack.command("review", "--base", "HEAD");

    const lines = (shown ?? "").split("\n").map((line) => line.trim());
    expect(lines).toContain("14 unchanged");
    expect(preview.stdout.split("\n").map((line) => line.trim())).toEqual(
      expect.arrayContaining(lines.filter((line) => line !== "...")),
    );
    expect(summary).toMatchObject({
      exitCode: 0,
      stderr: "",
      stdout: expect.stringMatching(/^### dev: 5 to create; 14 unchanged$/m) as string,
    });
    expect(summary.stdout).toContain("globex-reporting");
    expect(claims).toMatchObject({ exitCode: 0, stderr: "" });
    expect(claims.stdout).toContain("globex-reporting");
    await stack.configure(stackFile);
  });

  it("is told by verify as long as it is not deployed", async () => {
    await stack.configure({
      ...withIntegrations({
        [CUSTOMER]: { organizationId: "00000000-0000-4000-8000-000000000000" },
        acme: { organizationUser: "anna" },
      }),
      "scpcloud:accessTokenLifespan": 600,
    });

    const { exitCode, stdout } = await stack.command("verify");

    expect(exitCode).toBe(3);
    expect(stdout).toContain("✗ acme: not deployed yet; run: pulumi up");
    expect(stdout).toContain(
      `✗ ${CUSTOMER}: claim organizationId is "${ADMIN_ID}"; the contract says "00000000-0000-4000-8000-000000000000"`,
    );
    expect(stdout).toMatch(/claim exp is \d+; the contract says iat \+ 600 s/);
  });

  it("of the organization changes the claim in place, and nothing else of the customer", async () => {
    const before = await administrator.clients(CUSTOMER);
    const claimsBefore = await claimsOf(await credentialsOf(), REALM);
    await stack.configure(withIntegrations({ [CUSTOMER]: { organizationUser: "anna" } }));

    const preview = await stack.preview();
    await stack.up();

    expect(preview).toMatch(/^Resources:\n +~ 1 to update\n +\d+ unchanged$/m);
    expect(await administrator.clients(CUSTOMER)).toEqual(
      before.map((client) => ({ ...client, protocolMappers: expect.anything() as unknown })),
    );
    const claims = await claimsOf(await credentialsOf(), REALM);
    expect(claims["organizationId"]).toBe(await administrator.userId("anna"));
    expect(claims["sub"]).toBe(claimsBefore["sub"]);
  });

  it("that adds and removes customers touches nobody else", async () => {
    const others = { [CUSTOMER]: { organizationUser: "admin" }, first: { organizationUser: "anna" } };
    await stack.configure(withIntegrations({ ...others, leaving: { organizationUser: "reporting@acme.example" } }));
    await stack.up();
    const before = await administrator.clients();
    const outputsBefore = await stack.outputs();

    await stack.configure(withIntegrations({ ...others, coming: { organizationUser: "reporting@acme.example" } }));
    const printed = await stack.up();

    // Four resources and the component, each.
    expect(printed).toMatch(/^Resources:\n +\+ 5 created\n +- 5 deleted\n +10 changes\. /m);
    const after = await administrator.clients();
    const unaffected = (id: string) => id !== "leaving" && id !== "coming";
    expect(after.filter(({ clientId }) => unaffected(clientId))).toEqual(
      before.filter(({ clientId }) => unaffected(clientId)),
    );
    expect(after.map(({ clientId }) => clientId)).not.toContain("leaving");
    expect(after.map(({ clientId }) => clientId)).toContain("coming");
    for (const output of ["integrations", "credentials"]) {
      const value = (outputs: typeof outputsBefore) => outputs[output] as Record<string, unknown>;
      expect(value(await stack.outputs())["first"]).toEqual(value(outputsBefore)["first"]);
      expect(value(await stack.outputs())[CUSTOMER]).toEqual(value(outputsBefore)[CUSTOMER]);
    }
  });

  it("of the shared part changes every customer's token in place", async () => {
    const before = await administrator.clients(CUSTOMER);
    await stack.configure({
      ...stackFile,
      "scpcloud:accountAccess": false,
      "scpcloud:allowedOrigins": [],
      "scpcloud:audience": "another",
    });
    await stack.up();

    const claims = await claimsOf(await credentialsOf(), REALM);
    expect(claims["aud"]).toBe("another");
    expect(Object.keys(claims)).not.toContain("allowed-origins");
    expect(Object.keys(claims)).not.toContain("resource_access");
    expect((await administrator.clients(CUSTOMER)).map(({ id, secret }) => [id, secret])).toEqual(
      before.map(({ id, secret }) => [id, secret]),
    );
    await stack.preview({ expectNoChanges: true, refresh: true });
  });
});
