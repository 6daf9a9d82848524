import { readdir } from "node:fs/promises";
import { join } from "node:path";

import type { Stack } from "@pulumi/pulumi/automation";

import type { Credentials } from "../../outputs";
import { killRotation } from "./interruption";
import { Meddler } from "./meddling";
import { giveAdminApiScope, makeAdminApiScope, startNextKeycloak } from "./nextKeycloak";
import { Project, type StackFile } from "./project";
import type { Proxy } from "./proxy";
import { RotationServer } from "./rotationServer";
import { basic, callBff, concurrently } from "./services";
import { DEPLOYERS, REALMS, type ServerOfTests, serverOfTests } from "./server";
import { StandIns } from "./standIns";
import { askForToken, claimsOf } from "./tokens";
import { until } from "./until";

const REALM = REALMS.rotation;
const STACK = "rotation";
const ORGANIZATION = "00000000-0000-4000-8000-00000000000";
const OTHERS = { name: "of-others", description: "", executors: [{ executor: "secure-session", configuration: {} }] };
const POLICY_OF_OTHERS = {
  name: "of-others",
  description: "",
  enabled: true,
  conditions: [{ condition: "client-roles", configuration: { roles: ["of-others"] } }],
  profiles: ["of-others"],
};

/** At how many points a rotation is killed; a campaign takes 20, which need half an hour. */
const KILLS = Number(process.env["SCPCLOUD_ROTATION_KILLS"] ?? 2);

const meddler = new Meddler(REALM);
let plainServer: ServerOfTests;
let server: RotationServer;
let project: Project;
let stack: Stack;

const stackFile = (changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:backchannelUrl": server.url,
  "scpcloud:accessTokenLifespan": 60,
  "scpcloud:secretRotation": { overlapDays: 14 },
  "scpcloud:integrations": {
    acme: { organizationId: `${ORGANIZATION}1` },
    globex: { organizationId: `${ORGANIZATION}2` },
    leaving: { organizationId: `${ORGANIZATION}3`, retired: true },
  },
  ...changes,
});
const names = async (kind: "profiles" | "policies") =>
  (await server.read<{ name: string }>(kind)).map(({ name }) => name).sort();

const rotate = (clientId: string, ...args: string[]) =>
  project.command("rotate", "--stack", STACK, "--customer", clientId, ...args);
const credentialsOf = async (clientId: string): Promise<Credentials> =>
  ((await stack.outputs())["credentials"]?.value as Record<string, Credentials>)[clientId] as Credentials;
const secretOf = async (clientId: string) => (await meddler.client(clientId)).secret ?? "";
const previousOf = async (clientId: string) =>
  ((await meddler.client(clientId))["attributes"] as Record<string, string>)["client.secret.rotated"] ?? "";
const organizationOf = async (credentials: Credentials) => (await claimsOf(credentials, REALM))["organizationId"];
const tokenStatus = async (clientId: string, secret: string) =>
  (await askForToken(REALM, basic(clientId, secret), { grant_type: "client_credentials" })).status;
/** Has a secret look as if it were of 2023. */
const age = (clientId: string) =>
  meddler.changeClient(clientId, { attributes: { "client.secret.creation.time": "1700000000" } });

beforeAll(async () => {
  plainServer = serverOfTests();
  server = await RotationServer.start(REALM);
  project = await Project.create();
  await server.write("profiles", [OTHERS]);
  await server.write("policies", [POLICY_OF_OTHERS]);
  stack = await project.createStack(STACK, stackFile());
  await stack.up();
});

afterAll(async () => {
  await stack.destroy();
  expect([await names("profiles"), await names("policies")]).toEqual([["of-others"], ["of-others"]]);
  await project.remove();
  await server.stop();
});

describe("the setting secretRotation", () => {
  it("declares a profile and a policy, keeps those of others, and leaves nothing to do", async () => {
    expect(await server.read("profiles")).toContainEqual(OTHERS);
    expect(await server.read("policies")).toContainEqual(POLICY_OF_OTHERS);
    expect(await names("profiles")).toEqual(["of-others", "scpcloud-secret-rotation-14-days"]);
    expect(await names("policies")).toEqual(["of-others", "scpcloud-secret-rotation-14-days"]);
    await stack.preview({ expectNoChanges: true, refresh: true });
    expect((await project.command("doctor", "--stack", STACK)).stdout).toContain(
      "✓ secret rotation: a previous secret works for 14 days",
    );
  });

  it("with other days makes another pair in place of the first, and keeps clients and secrets", async () => {
    const before = await meddler.client("acme");
    await project.configure(STACK, stackFile({ "scpcloud:secretRotation": { overlapDays: 7 } }));
    await stack.up();

    expect(await names("profiles")).toEqual(["of-others", "scpcloud-secret-rotation-7-days"]);
    expect(await names("policies")).toEqual(["of-others", "scpcloud-secret-rotation-7-days"]);
    expect(await meddler.client("acme")).toEqual(before);
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("taken out leaves nothing behind, and can be set again", async () => {
    const { id, secret } = await meddler.client("acme");
    await project.configure(STACK, stackFile({ "scpcloud:secretRotation": {} }));
    await stack.up();

    expect([await names("profiles"), await names("policies")]).toEqual([["of-others"], ["of-others"]]);
    const client = await meddler.client("acme");
    expect(client).toMatchObject({ id, secret });
    expect(client["attributes"]).not.toHaveProperty("scpcloud.rotation");

    await project.configure(STACK, stackFile());
    await stack.up();
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("that somebody took apart in Keycloak is told by drift, and put together by up --refresh", async () => {
    const profiles = await server.read("profiles");
    const policies = await server.read("policies");
    await server.write("policies", [POLICY_OF_OTHERS]);
    await server.shortenOverlap(60);
    const { exitCode, stdout } = await project.command("drift", "--stack", STACK);
    await stack.up({ refresh: true });

    expect(stdout).toContain("✗ rotation: 2 changes by hand");
    expect(stdout).toContain("- someone deleted the client policy `scpcloud-secret-rotation-14-days`");
    expect(stdout).toContain("- someone changed executors of the client profile `scpcloud-secret-rotation-14-days`");
    expect(exitCode).toBe(3);
    expect(await server.read("profiles")).toEqual(profiles);
    expect(await server.read("policies")).toEqual(policies);
  });

  it("is a fault of a deployer that may manage clients, but not the realm", async () => {
    await project.configure(STACK, stackFile({ "keycloak:clientId": DEPLOYERS.withoutRealm }));
    const { stdout } = await project.command("doctor", "--stack", STACK);
    await project.configure(STACK, stackFile());

    expect(stdout).toMatch(/^✗ secret rotation: keycloak:clientId must be a client with the role manage-realm/m);
  });

  it("is a fault at preview on a server without the feature", async () => {
    const elsewhere = await Project.create(plainServer);
    const file = { ...stackFile(), ...elsewhere.connection(REALM) };
    await elsewhere.createStack(STACK, file);
    const { exitCode, stdout } = await elsewhere.pulumi("preview", "--stack", STACK);
    await elsewhere.remove();

    expect(exitCode).not.toBe(0);
    expect(stdout).toContain("CLIENT_SECRET_ROTATION is off");
    expect(stdout).toContain("--features=client-secret-rotation");
  });
});

describe("rotate", () => {
  it("says what will happen, and changes nothing without an answer", async () => {
    const before = await secretOf("acme");
    await age("acme");
    const { exitCode, stderr, stdout } = await rotate("acme");

    expect(stdout).toMatch(/^acme: gets a new secret; the present one works until \d{4}-\d\d-\d\d \d\d:\d\d UTC\n$/);
    expect([exitCode, stderr]).toEqual([1, "Nothing was changed; to go on, say --yes.\n"]);
    expect(await secretOf("acme")).toBe(before);
  });

  it("makes a new secret that the stack knows, while the previous one works on", async () => {
    const before = await credentialsOf("acme");
    const { exitCode, stderr, stdout } = await rotate("acme", "--yes");

    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^acme: ✓ both secrets get tokens; the previous one works until \d{4}-/m);
    expect(stdout).toContain(`npm run handover -- --stack ${STACK} --customer acme --recipient age1...`);
    const after = await credentialsOf("acme");
    expect(after.clientSecret).toBe(await secretOf("acme"));
    expect(after.clientSecret).not.toBe(before.clientSecret);
    expect([await organizationOf(before), await organizationOf(after)]).toEqual(Array(2).fill(`${ORGANIZATION}1`));
  });

  it("is neither drift nor a difference, and customers and doctor get along with it", async () => {
    await stack.preview({ expectNoChanges: true, refresh: true });
    for (const command of ["drift", "verify", "doctor", "recover"]) {
      const result = await project.command(command, "--stack", STACK);
      expect({ command, ...result }).toMatchObject({ exitCode: 0, stderr: "" });
    }
    const { stdout } = await project.command("customers", "--stack", STACK, "--json");
    const { customers } = JSON.parse(stdout) as { customers: { secret: object }[] };
    expect(customers[0]?.secret).toMatchObject({ ageInDays: 0, previousWorksUntil: expect.any(String) as string });
  });

  it("is not begun anew by a second run, which would end the secret that the customer has", async () => {
    const present = await secretOf("acme");
    const { exitCode, stdout } = await rotate("acme", "--yes");

    expect(stdout).toMatch(/^acme: is left alone: .*; the one before works until /);
    expect(exitCode).toBe(0);
    expect(await secretOf("acme")).toBe(present);
  });

  it("ends the overlap early with --end-overlap, and warns where the new secret was not handed over", async () => {
    const present = await credentialsOf("acme");
    const previous = await previousOf("acme");
    const { exitCode, stdout } = await rotate("acme", "--end-overlap", "--yes");

    expect(stdout).toContain("THE NEW SECRET WAS NOT HANDED OVER YET");
    expect(stdout).toContain("✓ acme: the previous secret is refused, the new one gets tokens");
    expect(exitCode).toBe(0);
    expect(await tokenStatus("acme", previous)).toBe(401);
    expect(await organizationOf(present)).toBe(`${ORGANIZATION}1`);
    expect((await rotate("acme", "--end-overlap", "--yes")).stdout).toContain("nothing to stop");
  });

  it("stops the previous secret at once with --no-overlap, and says so before", async () => {
    const previous = await secretOf("globex");
    await age("globex");
    const { exitCode, stdout } = await rotate("globex", "--no-overlap", "--yes");

    expect(stdout).toContain("globex: gets a new secret; the present one stops AT ONCE");
    expect(stdout).toContain("globex: ✓ the new secret gets tokens; the previous one is refused");
    expect(exitCode).toBe(0);
    expect(await tokenStatus("globex", previous)).toBe(401);
    expect((await credentialsOf("globex")).clientSecret).toBe(await secretOf("globex"));
  });

  it("refuses all that cannot be, at once, and changes nothing", async () => {
    const before = await secretOf("acme");
    const { exitCode, stderr } = await rotate("acme", "--customer", "acne", "--customer", "leaving", "--yes");

    expect(stderr).toMatch(/^acne: the stack file has no such customer; .*acme/m);
    expect(stderr).toMatch(/^leaving: the customer is retired/m);
    expect(exitCode).toBe(1);
    expect(await secretOf("acme")).toBe(before);
  });

  it("refuses where it would deploy something else along", async () => {
    await age("acme");
    const before = await secretOf("acme");
    await meddler.changeClient("acme", { directAccessGrantsEnabled: true });
    const { exitCode, stderr } = await rotate("acme", "--yes");
    await meddler.changeClient("acme", { directAccessGrantsEnabled: false });

    expect(stderr).toContain("changed something of acme");
    expect(exitCode).toBe(1);
    expect(await secretOf("acme")).toBe(before);
  });

  it("without secretRotation in the stack file wants --no-overlap", async () => {
    await age("acme");
    await project.configure(STACK, stackFile({ "scpcloud:secretRotation": {} }));
    const { exitCode, stderr } = await rotate("acme", "--yes");
    await project.configure(STACK, stackFile());

    expect(stderr).toContain("acme: its present secret would stop at once");
    expect(stderr).toContain("--no-overlap");
    expect(exitCode).toBe(1);
  });
});

describe("a rotation that was stopped when Keycloak had made the secret", () => {
  const stop = async () => {
    await age("acme");
    const before = await credentialsOf("acme");
    const made = await meddler.regenerateSecret("acme");
    return { before, made };
  };

  it("is no drift, and is taken up by running rotate again, without a further secret", async () => {
    const { before, made } = await stop();
    const drift = await project.command("drift", "--stack", STACK);
    expect(drift.stdout).toContain(`npm run rotate -- --stack ${STACK} --customer acme`);
    expect(drift.exitCode).toBe(0);

    const { exitCode, stdout } = await rotate("acme", "--yes");
    expect(stdout).toContain("acme: ✓ both secrets get tokens");
    expect(exitCode).toBe(0);
    expect((await credentialsOf("acme")).clientSecret).toBe(made);
    expect(await organizationOf(before)).toBe(`${ORGANIZATION}1`);
    await rotate("acme", "--end-overlap", "--yes");
  });

  it("is finished by recover", async () => {
    const { made } = await stop();
    const { exitCode, stdout } = await project.command("recover", "--stack", STACK);

    expect(stdout).toContain("Keycloak has another secret than the state of acme-client");
    expect(exitCode).toBe(0);
    expect((await credentialsOf("acme")).clientSecret).toBe(made);
    await rotate("acme", "--end-overlap", "--yes");
  });

  it.each(Array.from({ length: KILLS }, (_, index) => index + 1))(
    "at a random point, killed for the %i. time, ends in one state",
    async () => {
      await age("acme");
      const before = await credentialsOf("acme");
      await killRotation(project, STACK, "acme");
      expect(await organizationOf(before)).toBe(`${ORGANIZATION}1`);

      const again = await rotate("acme", "--yes");
      expect(again).toMatchObject({ exitCode: 0 });
      // Killed at its very end, it has left nothing but the lock.
      expect(await project.command("recover", "--stack", STACK)).toMatchObject({ exitCode: 0 });
      expect((await credentialsOf("acme")).clientSecret).toBe(await secretOf("acme"));
      expect(await organizationOf(before)).toBe(`${ORGANIZATION}1`);
      await stack.preview({ expectNoChanges: true, refresh: true });
      await rotate("acme", "--end-overlap", "--yes");
    },
  );
});

describe("under the rules of Keycloak 26.8.2", () => {
  let proxy: Proxy;
  const rotateAs = async (clientId: string) => {
    const changes = { "keycloak:url": proxy.url, "keycloak:clientId": clientId, "scpcloud:requireHttps": false };
    await project.configure(STACK, stackFile(changes));
    const result = await rotate("acme", "--yes");
    await project.configure(STACK, stackFile());
    return result;
  };

  beforeAll(async () => {
    proxy = await startNextKeycloak();
    await meddler.act(async (administrator) => {
      await makeAdminApiScope(administrator, REALM);
      await giveAdminApiScope(administrator, DEPLOYERS.complete);
      await giveAdminApiScope(administrator, DEPLOYERS.viewer);
    });
    await age("acme");
  });

  afterAll(async () => {
    // The state remembers by which way the provider went to Keycloak.
    await stack.up();
    proxy.close();
  });

  it("a deployer who may only view is refused, with the reason, and nothing is changed", async () => {
    const before = await secretOf("acme");
    const { exitCode, stderr } = await rotateAs(DEPLOYERS.viewer);

    expect(stderr).toContain(
      "acme: Keycloak does not show the deployer its secret; who renews one needs the role manage-clients",
    );
    expect(exitCode).toBe(1);
    expect(await secretOf("acme")).toBe(before);
  });

  it("a deployer set up as docs/keycloak-versions.md says renews a secret with overlap", async () => {
    const before = await credentialsOf("acme");
    const { exitCode, stderr, stdout } = await rotateAs(DEPLOYERS.complete);

    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("acme: ✓ both secrets get tokens");
    expect((await credentialsOf("acme")).clientSecret).not.toBe(before.clientSecret);
    await rotate("acme", "--end-overlap", "--yes");
  });
});

describe("a customer that moves from the previous to the new secret", () => {
  it("gets its data without a failed call, and the previous one is refused when the overlap is over", async () => {
    await age("acme");
    const before = await credentialsOf("acme");
    const services = await StandIns.start(stack, server.caCertificateFile);
    const answers: number[] = [];
    let isOver = false;
    let used: Credentials = before;
    const call = async () => answers.push((await callBff(services.bffUrl, used)).status);
    const load = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        await call();
      }
    });
    try {
      expect(await rotate("acme", "--yes")).toMatchObject({ exitCode: 0 });
      await call();
      used = await credentialsOf("acme");
      const before = answers.length;
      await until(
        () => answers.length,
        (length) => length > before + 100,
      );
    } finally {
      isOver = true;
      await Promise.all(load);
      await services.stop();
    }
    expect(used.clientSecret).not.toBe(before.clientSecret);
    expect(new Set(answers)).toEqual(new Set([200]));

    await server.shortenOverlap(2);
    await rotate("acme", "--again", "--yes");
    const previous = used;
    await until(
      () => tokenStatus("acme", previous.clientSecret),
      (status) => status === 401,
    );
    const fresh = await StandIns.start(stack, server.caCertificateFile);
    expect((await callBff(fresh.bffUrl, previous)).status).toBe(401);
    expect((await callBff(fresh.bffUrl, await credentialsOf("acme"))).status).toBe(200);
    await fresh.stop();
  });
});

describe("no command prints a secret", () => {
  const OF_ONE_STACK = [
    ["verify", "--all"],
    ["drift"],
    ["drift", "--json"],
    ["doctor"],
    ["doctor", "--json"],
    ["customers"],
    ["customers", "--json", "--older-than", "0d"],
    ["claims", "--base", "HEAD"],
    ["summary"],
    ["adopt"],
    ["adopt", "--json"],
    ["service-configuration"],
    ["handover", "--customer", "acme", "--recipient", "age1nokey"],
    ["rotate", "--customer", "acme"],
    ["rotate", "--customer", "acme", "--again", "--yes"],
    ["rotate", "--customer", "acme", "--end-overlap", "--yes"],
    ["recover"],
  ];
  const CALLS = [
    ...OF_ONE_STACK.map(([name = "", ...args]) => [name, "--stack", STACK, ...args]),
    ["move", "--from", STACK, "--to", "elsewhere", "--customer", "acme"],
    ["rollout", "--realm-stack", STACK],
  ];
  /** @param limit so many at a time: those that come to nothing do not get in each other's way */
  const outputOf = async (limit: number) => {
    const calls = CALLS.map(
      ([name = "", ...args]) =>
        () =>
          project.command(name, ...args),
    );
    const results = await concurrently(calls, limit);
    return results.map(({ stdout, stderr }) => stdout + stderr).join("");
  };
  /** All that Keycloak and the stack know at the moment. */
  const secretsNow = async () => {
    const credentials = (await stack.outputs())["credentials"]?.value as Record<string, Credentials>;
    const known = Object.values(credentials).flatMap(({ basic, clientSecret }) => [basic.slice(6), clientSecret]);
    const inKeycloak = await Promise.all(["acme", "globex"].flatMap((id) => [secretOf(id), previousOf(id)]));
    return [...known, ...inKeycloak, serverOfTests().deployerSecret].filter((secret) => secret !== "");
  };

  it("and the list of those that are tried has all of them", async () => {
    const files = await readdir(join(__dirname, "..", "..", "commands"));
    const all = files.filter((file) => file.endsWith(".ts")).map((file) => file.replace(".ts", ""));
    expect([...new Set(CALLS.map(([name]) => name))].sort()).toEqual(all.sort());
  });

  it.each([
    ["when it works, also where a rotation was stopped", 1, {}],
    ["when the login is refused", 4, { "keycloak:clientId": "nobody" }],
    ["when Keycloak does not answer", 4, { "keycloak:url": "https://localhost:1" }],
  ])("%s", async (_, limit, changes) => {
    await meddler.regenerateSecret("acme");
    const before = await secretsNow();
    await project.configure(STACK, stackFile(changes));
    const output = await outputOf(limit);
    await project.configure(STACK, stackFile());

    for (const secret of [...before, ...(await secretsNow())]) {
      expect(output.includes(secret)).toBe(false);
    }
    expect(output).toMatch(/^[✓✗] /m);
  });
});
