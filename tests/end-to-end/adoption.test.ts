import { basicAuthorization } from "../../contract/credentials.ts";
import { Administrator } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = "Adoption";
const STACK = "adoption";
const CLIENT = "integration-api-service";
/** With characters that HTTP Basic takes encoded only. */
const SECRET = "by+hand%20:&=é-0123456789";

const administrator = new Administrator(REALM);
let stack: Stack;

const stackFile = (integrations: object): StackFile => ({
  "scpcloud:accessTokenLifespan": 600,
  "scpcloud:integrations": integrations,
});
const ADOPTED = { [CLIENT]: { organizationUser: "anna" } };
const told = async (...args: string[]) => {
  const result = await stack.command("adopt", ...args);
  return { ...result, lines: result.stdout.split("\n") };
};

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile(ADOPTED));
  // As somebody clicks it together: the console's defaults, and a mapper of that name.
  await administrator.send("POST", "/clients", {
    clientId: CLIENT,
    secret: SECRET,
    serviceAccountsEnabled: true,
    publicClient: false,
    standardFlowEnabled: true,
    directAccessGrantsEnabled: true,
    fullScopeAllowed: true,
    redirectUris: ["/*"],
    webOrigins: ["/*"],
  });
  await administrator.addMapper(CLIENT, "organizationId", "another organization");
  await administrator.addMapper(CLIENT, "tenant", "acme");
});

afterAll(() => stack.project.remove());

it("shows by a real token what the customer gets today and afterwards, and changes nothing", async () => {
  const before = await administrator.client(CLIENT);

  const { exitCode, lines, stdout } = await told("--preview");

  expect(exitCode).toBe(0);
  expect(lines[0]).toBe(`### ${STACK}: 1 client to adopt`);
  const vanishing = lines.filter((line) => /^\*\*The claim .* vanishes\*\*/.test(line));
  expect(vanishing.map((line) => /`(\w[\w-]*)`/.exec(line)?.[1])).toEqual(
    expect.arrayContaining(["acr", "allowed-origins", "email_verified", "preferred_username", "realm_access"]),
  );
  expect(lines.indexOf(vanishing[0] ?? "")).toBeLessThan(lines.findIndex((line) => line.startsWith("| claim")));
  const row = (claim: string) => lines.find((line) => line.startsWith(`| \`${claim}\``));
  expect(row("organizationId")).toMatch(/`"another organization"` \| `"[0-9a-f-]{36}"` \| changes \|$/);
  expect(row("tenant")).toBe('| `tenant` | `"acme"` | — | stays, by a mapper |');
  expect(row("exp")).toMatch(/`iat \+ 300 s` \| `iat \+ 600 s, not past` \| changes/);
  for (const closing of [
    "- logins by browser (the standard flow)",
    "- direct access grants (a user's password)",
    "- redirect URIs: `/*`",
    "- web origins: `/*`",
  ]) {
    expect(lines).toContain(closing);
  }
  expect(stdout).toMatch(/^- full scope: /m);
  expect(stdout).toMatch(/^- optional client scopes, .*`offline_access`/m);
  expect(stdout).toMatch(/^- the mapper "tenant" with the claim tenant: the program does not touch it/m);
  expect(stdout).toContain(before.id);
  expect(await administrator.client(CLIENT)).toEqual(before);
  expect((await stack.exportStack()).deployment).not.toHaveProperty("resources");

  const data = JSON.parse((await told("--json", "--preview")).stdout) as { adoptions: { claims: object[] }[] };
  expect(data).toMatchObject({ stack: STACK, done: false });
  expect(data.adoptions[0]?.claims).toContainEqual({ claim: "acr", before: '"1"', change: "vanishes" });
});

it("refuses what cannot be adopted, and says why, before anything is changed", async () => {
  const absent = await told("--customer", "nobody", "--customer", "absent");
  expect(absent).toMatchObject({ exitCode: 1, stdout: "" });
  expect(absent.stderr).toContain("nobody: the stack file has no such customer");

  await stack.configure(stackFile({ ...ADOPTED, new: { organizationUser: "reporting@acme.example" } }));
  const others = await told("--yes");
  expect(others.exitCode).toBe(1);
  expect(others.stderr).toContain("Nothing was changed.\n`new`: the stack file changes something here, too.");
  const notThere = await told("--customer", "new");
  expect(notThere.stderr).toBe("new: Keycloak has no such client; pulumi up makes one\n");

  await stack.configure(stackFile(ADOPTED));
  expect((await administrator.client(CLIENT))["fullScopeAllowed"]).toBe(true);
});

it("adopts with the same id, secret and service account; at no moment does a token lack the organization", async () => {
  const before = await administrator.client(CLIENT);
  const claims = () => claimsOf({ clientSecret: SECRET, basic: basicAuthorization(CLIENT, SECRET) }, REALM);
  const { sub } = await claims();
  // The claim comes from a mapper of another name, and that of the program's own name is of another type.
  await administrator.changeMapper(CLIENT, "tenant");
  await administrator.addMapper(CLIENT, "by hand", "another organization");
  await administrator.changeMapper(CLIENT, "by hand", { "claim.name": "organizationId" });
  await administrator.changeMapper(CLIENT, "organizationId", { "claim.name": "tenant" });

  const adoption = told("--yes");
  const organizations: unknown[] = [];
  const isOver = adoption.then(
    () => true,
    () => true,
  );
  do {
    organizations.push((await claims())["organizationId"]);
  } while (!(await Promise.race([isOver, Promise.resolve(false)])));
  const { exitCode, stderr } = await adoption;

  expect(organizations.filter((id) => typeof id !== "string" || id === "")).toEqual([]);
  expect(new Set(organizations).size).toBe(2);

  expect(stderr).toContain(`✓ ${STACK}: adopted ${CLIENT}; ids and secrets are the same, and the tokens as promised`);
  expect(exitCode).toBe(0);
  expect(await administrator.client(CLIENT)).toMatchObject({
    id: before.id,
    secret: SECRET,
    fullScopeAllowed: false,
    standardFlowEnabled: false,
    redirectUris: [],
    webOrigins: [],
    optionalClientScopes: [],
    protocolMappers: [{ name: "organizationId", protocolMapper: "oidc-hardcoded-claim-mapper" }],
  });
  const adopted = await claimsOf(await stack.credentialsOf(CLIENT), REALM);
  expect(adopted).toMatchObject({ sub, scope: "" });
  await stack.preview({ expectNoChanges: true, refresh: true });

  expect((await told()).stdout).toMatch(/^✓ adoption: Keycloak has no client of the stack file/);
  expect((await told("--customer", CLIENT)).stderr).toContain("the stack has it already");
});

it("prints no secret, neither as text nor as data, nor when it fails", () => {
  stack.project.expectUnprinted([SECRET, basicAuthorization(CLIENT, SECRET).replace("Basic ", ""), "eyJ"]);
});
