import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Credentials } from "../../outputs.ts";
import { Administrator } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { claimsOf } from "./tokens.ts";

const REALM = "Drift";
const STACK = "drift";
const DRIFT = 3;
const CUSTOMERS = ["acme", "globex", "hooli", "initech", "leaving"] as const;

const administrator = new Administrator(REALM);
let stack: Stack;

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile());
  await stack.up();
});

afterAll(() => stack.project.remove());

/** All but the last customer get tokens, and none can be deleted by an `up`. */
const stackFile = (changes: StackFile = {}): StackFile => ({
  "scpcloud:protect": true,
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:accountAccess": true,
  "scpcloud:integrations": Object.fromEntries(
    CUSTOMERS.map((customer) => [
      customer,
      { organizationId: organizationOf(customer), ...(customer === "leaving" ? { retired: true } : {}) },
    ]),
  ),
  ...changes,
});

const organizationOf = (customer: (typeof CUSTOMERS)[number]): string =>
  `00000000-0000-4000-8000-00000000000${CUSTOMERS.indexOf(customer)}`;

const drift = async (...args: string[]) => {
  const { exitCode, stdout, stderr } = await stack.command("drift", ...args);
  expect(stderr).toBe("");
  return { exitCode, stdout, lines: stdout.split("\n") };
};

const expectNoDrift = async () => {
  const { exitCode, stdout } = await drift();
  expect(stdout).toMatch(
    new RegExp(
      `^✓ ${STACK}: no drift; everything is as the last up left it, and the tokens of 4 customers are as promised$`,
      "m",
    ),
  );
  expect(exitCode).toBe(0);
};

const repair = () => stack.up({ refresh: true });

it("tells none where there is none", expectNoDrift);

it("takes a preview of what is not deployed only where the program declares something else than the state has", async () => {
  const previewed = async (name: string) => {
    const file = join(stack.project.directory, name);
    // An option that only a preview has.
    await stack.project.with({ PULUMI_OPTION_SAVE_PLAN: file }).command("drift", "--stack", STACK);
    return existsSync(file);
  };
  expect(await previewed("all.json")).toBe(false);
  await stack.configure(stackFile({ "scpcloud:accessTokenLifespan": 600 }));
  try {
    expect(await previewed("pending.json")).toBe(true);
  } finally {
    await stack.configure(stackFile());
  }
});

it("takes what is not deployed yet for no drift", async () => {
  await stack.configure(stackFile({ "scpcloud:accessTokenLifespan": 600, "scpcloud:audience": "another" }));
  try {
    const { exitCode, lines } = await drift();

    expect(lines[0]).toBe(`✓ ${STACK}: no drift; everything is as the last up left it`);
    expect(lines).toContain("Not deployed yet, which is no drift:");
    expect(lines).toContain(
      "- 5 customers: `acme`, `globex`, `hooli`, `initech`, `leaving`: update client (accessTokenLifespan)",
    );
    expect(lines).toContain("- acme, globex, hooli, initech, leaving");
    expect(exitCode).toBe(0);
  } finally {
    await stack.configure(stackFile());
  }
});

describe("what an administrator changes by hand", () => {
  const SENTENCES = [
    "- someone deleted the client of customer hooli, with its secret, its mapper and its client scopes",
    "- someone disabled the client of customer initech, which gets no tokens any more",
    "- someone regenerated the secret of customer globex: the one that was handed over is refused",
    "- someone switched on DPoP on customer initech, which gets no tokens any more",
    "- someone added the optional client scope `offline_access` to customer initech",
    "- someone enabled the retired customer leaving again, or Keycloak refused to retire it",
    "- someone switched on direct access grants on customer acme",
    "- someone switched on full scope on customer acme",
    "- someone added the default client scope `profile` to customer acme",
    "- someone added the mapper `debug` (claim `debug`) to customer acme",
    "- someone changed the audience of all customers' tokens from `scpCloud` to `everyone`",
    `- someone changed the claim organizationId of customer acme from \`${organizationOf("acme")}\` to \`${organizationOf("globex")}\``,
    "- someone changed the longest session in seconds, which ends tokens, of customer initech from `0` to `60`",
    "- someone deleted the mapper `organizationId` of customer globex: its tokens lack the claim `organizationId`",
  ];
  let before: Readonly<Record<string, Credentials>>;
  let regenerated: string;

  it("stays with a plain up, which does not look, and is told in words, the most dangerous first, without a secret", async () => {
    before = await stack.credentials();
    await administrator.changeClient("acme", { directAccessGrantsEnabled: true, fullScopeAllowed: true });
    await administrator.changeMapper("acme", "organizationId", { "claim.value": organizationOf("globex") });
    await administrator.addScope("acme", "default", "profile");
    await administrator.addMapper("acme", "debug", "yes");
    await administrator.changeMapper("globex", "organizationId");
    regenerated = await administrator.regenerateSecret("globex");
    await administrator.deleteClient("hooli");
    const attributes = { "dpop.bound.access.tokens": "true", "client.session.max.lifespan": "60" };
    await administrator.changeClient("initech", { enabled: false, attributes });
    await administrator.addScope("initech", "optional", "offline_access");
    await administrator.changeClient("leaving", { enabled: true });
    await administrator.changeScopeMapper("scpCloud", "audience", { "included.custom.audience": "everyone" });
    await stack.up();

    const { exitCode, lines, stdout } = await drift();

    expect(lines.filter((line) => line.startsWith("- someone"))).toEqual(SENTENCES);
    expect(lines[0]).toBe(`✗ ${STACK}: 14 changes by hand, 9 differences in tokens`);
    expect(lines).toContainEqual(
      expect.stringMatching(/^- acme: `claim debug is "yes", but the contract .* by the mapper "debug"/),
    );
    expect(lines).toContain("- leaving: `retired, but its client is enabled and it gets tokens`");
    expect(lines.some((line) => line.startsWith("- Then hand the present secrets over to globex, hooli: "))).toBe(true);
    expect(exitCode).toBe(DRIFT);
    const data = await drift("--json");
    expect(data.exitCode).toBe(DRIFT);
    expect(JSON.parse(data.stdout)).toMatchObject({ stack: STACK, drift: true, pending: [] });
    const secrets = [...Object.values(before).flatMap((one) => Object.values(one) as string[]), regenerated];
    for (const secret of [...secrets, serverOfTests().deployerSecret, "eyJ"]) {
      expect(stdout + data.stdout).not.toContain(secret);
    }
  });

  it("is repaired by up --refresh, the protected client too, all but what nobody declares; of that is told what tokens show", async () => {
    const changeRole = async (method: string) => {
      const role = await administrator.send("GET", "/roles/offline_access");
      const { id } = await administrator.client("acme");
      await administrator.send(method, `/clients/${id}/scope-mappings/realm`, [role]);
    };
    await changeRole("POST");
    // No claim depends on these.
    const attributes = { "pkce.code.challenge.method": "S256" };
    await administrator.changeClient("globex", { description: "by hand", attributes });
    await repair();

    const { exitCode, lines } = await drift();

    expect(lines[0]).toBe(`✗ ${STACK}: 1 change by hand, 2 differences in tokens`);
    expect(lines.filter((line) => line.startsWith("- someone"))).toEqual([
      "- someone added the mapper `debug` (claim `debug`) to customer acme",
    ]);
    expect(lines).toContain(
      "- Delete the added mappers in Keycloak's console: up does not touch what it has not made.",
    );
    expect(lines).toContain(
      '- acme: `claim realm_access is {"roles":["offline_access"]}, but the contract does not have it. It is written by the ' +
        'mapper "realm roles" of the client scope roles`',
    );
    expect(exitCode).toBe(DRIFT);
    await administrator.changeMapper("acme", "debug");
    await changeRole("DELETE");
    await expectNoDrift();
  });

  it("leaves the customers concerned with new secrets, and all others with theirs", async () => {
    const after = await stack.credentials();
    expect(after["globex"]?.clientSecret).toBe(regenerated);
    expect(after["hooli"]?.clientSecret).not.toBe(before["hooli"]?.clientSecret);
    for (const customer of ["acme", "initech", "leaving"]) {
      expect(after[customer]).toEqual(before[customer]);
    }
    for (const customer of ["globex", "hooli"] as const) {
      const claims = await claimsOf(after[customer] as Credentials, REALM);
      expect(claims["organizationId"]).toBe(organizationOf(customer));
    }
  });
});

it("tells what was changed by hand from what is not deployed yet, in one and the same property too", async () => {
  const integrations = stackFile()["scpcloud:integrations"] as Record<string, unknown>;
  const moved = { ...integrations, acme: { organizationId: "00000000-0000-4000-8000-000000000009" } };
  await stack.configure(stackFile({ "scpcloud:integrations": moved }));
  await administrator.changeMapper("acme", "organizationId", { "claim.value": "by hand" });

  const { exitCode, lines } = await drift();

  expect(lines.filter((line) => line.startsWith("- someone"))).toEqual([
    `- someone changed the claim organizationId of customer acme from \`${organizationOf("acme")}\` to \`by hand\``,
  ]);
  expect(lines).toContain("- `acme`: update hardcoded claim protocol mapper organizationId (claimValue)");
  expect(lines).toContain("The tokens of these customers were not compared, since not all is deployed:");
  expect(exitCode).toBe(DRIFT);
  await stack.configure(stackFile());
  await administrator.changeMapper("acme", "organizationId", { "claim.value": organizationOf("acme") });
});

it("tells a deleted client scope once, not of each customer, and that a client was made public", async () => {
  await administrator.deleteScope("scpCloud");
  await administrator.changeClient("acme", { publicClient: true });

  const { exitCode, lines } = await drift();

  expect(lines.filter((line) => line.startsWith("- someone")).sort()).toEqual([
    "- someone deleted the client scope scpCloud, with its mappers, and so from every customer",
    "- someone made the client of customer acme public: its secret is lost",
  ]);
  expect(exitCode).toBe(DRIFT);
});

it("tells none of what one up has repaired; and says that what was deleted and made anew has to be adopted, and recover does", async () => {
  await repair();
  await administrator.deleteClient("hooli");
  await administrator.send("POST", "/clients", {
    clientId: "hooli",
    serviceAccountsEnabled: true,
    secret: "made-by-hand-0123456789",
  });
  await administrator.changeMapper("acme", "organizationId");
  await administrator.addMapper("acme", "organizationId", "by hand");

  const { lines } = await drift();

  expect(lines.filter((line) => line.startsWith("- someone"))).toEqual([
    "- someone deleted the client of customer hooli, with its secret, its mapper and its client scopes, and made another one in its place",
    "- someone deleted the mapper `organizationId` of customer acme: its tokens lack the claim `organizationId`, and made another one in its place",
  ]);
  await stack.refresh();
  const recovery = await stack.command("recover", "--yes");
  expect(recovery.stdout).toContain("adopted 2 (hooli-client, acme-organization-id)");
  await expectNoDrift();
  expect((await stack.credentials())["hooli"]?.clientSecret).toBe("made-by-hand-0123456789");
});

it("is an error, and not drift, where Keycloak does not answer", async () => {
  await stack.configure(stackFile({ "keycloak:url": "https://localhost:9" }));
  const { exitCode, stderr, stdout } = await stack.command("drift");
  await stack.configure(stackFile());

  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/keycloak:url\n +must be a Keycloak that answers,\n.*\n +Found: https:\/\/localhost:9\n/);
});

it("tells a client policy of the realm that changes clients back beside somebody, and that no up repairs that", async () => {
  const executors = [{ executor: "consent-required", configuration: { "auto-configure": true } }];
  const conditions = [{ condition: "any-client", configuration: {} }];
  await administrator.setPolicies("profiles", [{ name: "consent", executors }]);
  await administrator.setPolicies("policies", [
    { name: "ask-users", enabled: true, conditions, profiles: ["consent"] },
  ]);
  await stack.configure(stackFile({ "scpcloud:accessTokenLifespan": 600 }));
  for (const run of ["after the first up", "after the second"]) {
    await repair();
    const { exitCode, stdout } = await drift();
    expect(`${run}: ${stdout}`).toContain(
      "- someone, or a client policy, switched on the consent of users on customer acme",
    );
    expect(stdout).toContain("a client policy of the realm (enabled: `ask-users`), whenever a client is written");
    expect(exitCode).toBe(DRIFT);
  }
});
