import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

import { VERBS } from "../../commands/verbs.ts";
import type { Credentials } from "../../outputs.ts";
import { basicAuthorization } from "../../contract/credentials.ts";
import { run } from "../../processes/run.ts";
import { callBff, concurrently } from "./containers.ts";
import { killTree } from "./interruption.ts";
import { Administrator } from "./keycloak.ts";
import type { StackFile } from "./project.ts";
import { startProxy } from "./proxy.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { startStandIns } from "./standIns.ts";
import { askForToken, claimsOf } from "./tokens.ts";
import { until } from "./until.ts";

const REALM = "Rotation";
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

const PAIR = "scpcloud-secret-rotation-14-days";

const INTEGRATIONS = {
  acme: { organizationId: `${ORGANIZATION}1` },
  globex: { organizationId: `${ORGANIZATION}2` },
  leaving: { organizationId: `${ORGANIZATION}3`, retired: true },
};

const administrator = new Administrator(REALM);
let stack: Stack;
/** Each secret that there was before or after one of this file's commands. */
const secrets = new Set<string>();

const stackFile = (changes: StackFile = {}): StackFile => ({
  "scpcloud:backchannelUrl": serverOfTests().url,
  "scpcloud:accessTokenLifespan": 60,
  "scpcloud:secretRotation": { overlapDays: 14 },
  "scpcloud:integrations": INTEGRATIONS,
  ...changes,
});
/** Of the client profiles and the client policies. */
const names = async () => {
  const [profiles, policies] = [await administrator.policies("profiles"), await administrator.policies("policies")];
  return [...profiles, ...policies].map(({ name }) => name).sort();
};

const attributesOf = (client: object) => (client as { attributes?: Record<string, string> }).attributes ?? {};
/** Notes the secrets, and how the customers send them. */
const noteSecrets = async () => {
  const clients = await administrator.clients();
  for (const { clientId, secret, ...client } of clients) {
    for (const one of [secret, attributesOf(client)["client.secret.rotated"]]) {
      if (one) {
        secrets.add(one).add(basicAuthorization(clientId, one).slice("Basic ".length));
      }
    }
  }
};
/** Notes the secrets that there are before and after a command. */
const noting = async <T>(action: () => Promise<T>): Promise<T> => {
  await noteSecrets();
  const result = await action();
  await noteSecrets();
  return result;
};
const command = (...words: [string, ...string[]]) => noting(() => stack.project.command(...words));
const rotate = (clientId: string, ...args: string[]) =>
  command("rotate", "--stack", STACK, "--customer", clientId, ...args);
/** The same on a terminal, where the question is answered. */
const onTerminal = (answer: string, ...args: string[]) =>
  noting(() => stack.project.commandOnTerminal(answer, "rotate", "--stack", STACK, ...args));
/** Runs a command while the stack file says something else. */
const during = async <T>(changes: StackFile, action: () => Promise<T>): Promise<T> => {
  await stack.configure(stackFile(changes));
  const result = await action();
  await stack.configure(stackFile());
  return result;
};

const credentialsOf = (clientId: string) => stack.credentialsOf(clientId);
const secretOf = async (clientId: string) => (await administrator.client(clientId)).secret ?? "";
const previousOf = async (clientId: string) =>
  attributesOf(await administrator.client(clientId))["client.secret.rotated"] ?? "";
const organizationOf = async (credentials: Credentials) => (await claimsOf(credentials, REALM))["organizationId"];
const tokenStatus = async (clientId: string, secret: string) =>
  (await askForToken(REALM, basicAuthorization(clientId, secret), { grant_type: "client_credentials" })).status;
/** Has a customer one secret only, which looks as if it were of 2023. */
const haveOneOldSecret = async (clientId: string) => {
  if ((await previousOf(clientId)) !== "") {
    await administrator.endOverlap(clientId);
  }
  await administrator.changeClient(clientId, { attributes: { "client.secret.creation.time": "1700000000" } });
};

beforeAll(async () => {
  stack = await Stack.create(REALM, STACK, stackFile());
  await administrator.setPolicies("profiles", [OTHERS]);
  await administrator.setPolicies("policies", [POLICY_OF_OTHERS]);
  await stack.up();
});

afterAll(() => stack.project.remove());

it("the setting secretRotation declares a profile and a policy, and keeps those of others", async () => {
  expect(await administrator.policies("profiles")).toContainEqual(OTHERS);
  expect(await administrator.policies("policies")).toContainEqual(POLICY_OF_OTHERS);
  expect(await names()).toEqual(["of-others", "of-others", PAIR, PAIR]);
});

describe("rotate", () => {
  it("says what will happen, and changes nothing where nobody can answer, or somebody says no", async () => {
    const before = await secretOf("acme");
    await haveOneOldSecret("acme");
    const { exitCode, stderr, stdout } = await rotate("acme");
    const refused = await onTerminal("n", "--customer", "acme");

    expect(stdout).toMatch(/^acme: gets a new secret; the present one works until \d{4}-\d\d-\d\d \d\d:\d\d UTC\n$/);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^\nStack     ${STACK}\nBackend   file://.*\nKeycloak  https://.*, realm ${REALM}\n- `),
    );
    const line = `scpcloud rotate --stack ${STACK} --customer acme --yes`;
    expect(stderr).toContain(`\nNothing was changed, because there is no terminal to ask on. To go on: ${line}\n`);
    expect(refused.exitCode).toBe(1);
    expect(refused.shown).toMatch(/^acme: gets a new secret; [^]*Go on\? \[y\/N\] n\s+Nothing was changed\.\s+$/);
    expect(await secretOf("acme")).toBe(before);
  });

  it("makes a new secret that the stack knows, and takes over the one of a run that was stopped when Keycloak had made it", async () => {
    const [acme, globex] = [await credentialsOf("acme"), await credentialsOf("globex")];
    await haveOneOldSecret("globex");
    const made = await administrator.regenerateSecret("globex");
    const drift = await command("drift", "--stack", STACK);
    expect(drift.stdout).toContain(`scpcloud rotate --stack ${STACK} --customer globex`);
    expect(drift.exitCode).toBe(0);

    const { exitCode, stderr, stdout } = await rotate("acme", "--customer", "globex", "--yes");

    expect([exitCode, stderr]).toEqual([0, expect.stringContaining("- renew the secret of 2 customers")]);
    expect(stdout).toMatch(/^1 of 2: acme: ✓ both secrets get tokens; the previous one works until \d{4}-/m);
    expect(stdout).toMatch(/^2 of 2: globex: ✓ both secrets get tokens; /m);
    expect(stdout).toContain(`scpcloud handover --stack ${STACK} --customer acme --recipient age1...`);
    const [newAcme, newGlobex] = [await credentialsOf("acme"), await credentialsOf("globex")];
    expect(newAcme.clientSecret).toBe(await secretOf("acme"));
    expect(newAcme.clientSecret).not.toBe(acme.clientSecret);
    expect(newGlobex.clientSecret).toBe(made);
    expect(await Promise.all([acme, newAcme].map(organizationOf))).toEqual(Array(2).fill(`${ORGANIZATION}1`));
    expect(await Promise.all([globex, newGlobex].map(organizationOf))).toEqual(Array(2).fill(`${ORGANIZATION}2`));
  });

  it("leaves neither drift nor a difference, and the other commands get along with two secrets", async () => {
    const quiet = { exitCode: 0, stderr: "" };
    // No difference either: it would be listed below.
    expect(await command("drift", "--stack", STACK)).toEqual({
      ...quiet,
      stdout: `✓ ${STACK}: no drift; everything is as the last up left it, and the tokens of 2 customers are as promised\n`,
    });
    expect(await command("verify", "--stack", STACK, "--all")).toMatchObject(quiet);
    expect(await command("doctor", "--stack", STACK)).toMatchObject({
      ...quiet,
      stdout: expect.stringContaining("✓ secret rotation: a previous secret works for 14 days") as string,
    });
    const { stdout } = await command("customers", "--stack", STACK, "--json", "--older-than", "0d");
    const { customers } = JSON.parse(stdout) as { customers: { secret: object }[] };
    expect(customers[0]?.secret).toMatchObject({ ageInDays: 0, previousWorksUntil: expect.any(String) as string });
  });

  it("does not begin anew when it is run again, which would end the secret that the customer has", async () => {
    const present = await secretOf("acme");
    const { exitCode, stdout } = await rotate("acme", "--yes");

    expect(stdout).toMatch(/^acme: is left alone: .*; the one before works until /);
    expect(exitCode).toBe(0);
    expect(await secretOf("acme")).toBe(present);
  });

  it("stops the previous secret at once with --no-overlap, and says so before it asks", async () => {
    await haveOneOldSecret("globex");
    const previous = await secretOf("globex");
    const { exitCode, shown } = await onTerminal("y", "--customer", "globex", "--no-overlap");

    expect(shown).toMatch(/^globex: gets a new secret; the present one stops AT ONCE[^]*Go on\? /);
    expect(shown).toContain("globex: ✓ the new secret gets tokens; the previous one is refused");
    expect(exitCode).toBe(0);
    expect(await tokenStatus("globex", previous)).toBe(401);
    expect((await credentialsOf("globex")).clientSecret).toBe(await secretOf("globex"));
  });

  it("ends overlaps early with --end-overlap, and warns where the new secret was not handed over", async () => {
    const present = await credentialsOf("acme");
    const previous = await previousOf("acme");
    const { exitCode, stdout } = await rotate("acme", "--customer", "globex", "--end-overlap", "--yes");

    expect(stdout).toContain("THE NEW SECRET WAS NOT HANDED OVER YET");
    expect(stdout).toContain("acme: ✓ the new secret gets tokens; the previous one is refused");
    expect(stdout).toContain("globex: no previous secret works; nothing to stop");
    expect(exitCode).toBe(0);
    expect(await tokenStatus("acme", previous)).toBe(401);
    expect(await organizationOf(present)).toBe(`${ORGANIZATION}1`);
  });

  it("refuses all that cannot be, at once, and what would deploy something else along, and changes nothing", async () => {
    await haveOneOldSecret("acme");
    const before = await secretOf("acme");
    const unfit = await rotate("acme", "--customer", "acne", "--customer", "leaving", "--yes");
    await administrator.changeClient("acme", { directAccessGrantsEnabled: true });
    const changed = await rotate("acme", "--yes");
    await administrator.changeClient("acme", { directAccessGrantsEnabled: false });

    expect(unfit.stderr).toMatch(/^acne: the stack file has no such customer; .*acme/m);
    expect(unfit.stderr).toMatch(/^leaving: the customer is retired/m);
    expect(changed.stderr).toContain("changed something of acme");
    expect([unfit.exitCode, changed.exitCode]).toEqual([1, 1]);
    expect(await secretOf("acme")).toBe(before);
  });
});

describe("a rotation that was stopped", () => {
  it("when Keycloak had made the secret, is finished by recover", async () => {
    await haveOneOldSecret("acme");
    const made = await administrator.regenerateSecret("acme");
    const { exitCode, stdout } = await command("recover", "--stack", STACK, "--yes");

    expect(stdout).toContain("Keycloak has another secret than the state of acme-client");
    expect(exitCode).toBe(0);
    expect((await credentialsOf("acme")).clientSecret).toBe(made);
  });

  it("by a kill when Keycloak had made the secret, is not undone by up, and finished by running it again", async () => {
    await haveOneOldSecret("globex");
    const before = await credentialsOf("globex");
    let victim: ReturnType<Stack["startCommand"]> | undefined;
    const proxy = await startProxy(({ method, url }) =>
      method === "POST" && url?.endsWith("/client-secret")
        ? (body) => (victim === undefined ? body : (void killTree(victim), body))
        : undefined,
    );
    await during({ "keycloak:url": proxy.url, "scpcloud:requireHttps": false }, async () => {
      victim = stack.startCommand("rotate", "--customer", "globex", "--yes");
      await once(victim, "exit");
    });
    proxy.close();
    const made = await secretOf("globex");
    expect(made).not.toBe(before.clientSecret);

    await stack.pulumi("cancel", "--yes");
    const renamed = { ...INTEGRATIONS, globex: { ...INTEGRATIONS.globex, name: "renamed" } };
    const deployed = await during({ "scpcloud:integrations": renamed }, () => stack.tryUp());
    expect(deployed.stdout).toContain('Keycloak has another secret of the client "globex" than this stack\'s state');
    expect(deployed.exitCode).not.toBe(0);
    expect(await secretOf("globex")).toBe(made);

    expect(await rotate("globex", "--yes")).toMatchObject({ exitCode: 0 });
    expect((await credentialsOf("globex")).clientSecret).toBe(made);
    expect(await organizationOf(before)).toBe(`${ORGANIZATION}2`);
  });
});

describe("a customer that moves from the previous to the new secret", () => {
  it("gets its data without a failed call, and the previous one is refused when the overlap is over", async () => {
    await haveOneOldSecret("acme");
    const before = await credentialsOf("acme");
    const services = await startStandIns(stack);
    const answers: number[] = [];
    let isOver = false;
    let used: Credentials = before;
    const call = async () => answers.push((await callBff(services.bffUrl, used)).status);
    // With pauses: without them the load takes a core from the rotation that it accompanies.
    const load = Array.from({ length: 2 }, async () => {
      while (!isOver) {
        await call();
        await delay(20);
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

    const profiles = await administrator.policies("profiles");
    await administrator.shortenOverlap(2);
    await rotate("acme", "--again", "--yes");
    await administrator.setPolicies("profiles", profiles);
    // A client has two secrets at most: the second rotation ended the first one's overlap.
    expect(await tokenStatus("acme", before.clientSecret)).toBe(401);
    const previous = used;
    await until(
      () => tokenStatus("acme", previous.clientSecret),
      (status) => status === 401,
    );
    const fresh = await startStandIns(stack);
    expect((await callBff(fresh.bffUrl, previous)).status).toBe(401);
    expect((await callBff(fresh.bffUrl, await credentialsOf("acme"))).status).toBe(200);
    await fresh.stop();
  });
});

describe("the setting secretRotation of a deployed stack", () => {
  it("is told by drift where somebody changed it in Keycloak; with other days there is another pair in its place, and clients and secrets stay", async () => {
    const before = await administrator.client("acme");
    const conditions = [{ condition: "any-client", configuration: {} }];
    const policies = (await administrator.policies("policies")).map((policy) =>
      policy.name === "of-others" ? policy : { ...policy, enabled: false, conditions },
    );
    await administrator.setPolicies("policies", policies);
    await administrator.shortenOverlap(60);
    const { exitCode, stdout } = await command("drift", "--stack", STACK);
    await stack.configure(stackFile({ "scpcloud:secretRotation": { overlapDays: 7 } }));
    await stack.up({ refresh: true });

    // Nothing else: the dates of secrets are no drift.
    expect(stdout).toContain(`✗ ${STACK}: 4 changes by hand

- someone added the condition \`any-client\` to the client policy \`${PAIR}\`
- someone changed for how long a customer's previous secret works beside its new one from 14 days to 1 minute
- someone switched off the client policy \`${PAIR}\`: a secret that is renewed stops at once
- someone took the condition \`client-attributes\` from the client policy \`${PAIR}\`

What to do:`);
    expect(exitCode).toBe(3);
    const pair = PAIR.replace("14", "7");
    expect(await names()).toEqual(["of-others", "of-others", pair, pair]);
    expect(await administrator.client("acme")).toEqual(before);
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("is taken out only when no previous secret works, leaves no policy behind, and can be set again", async () => {
    const { id, secret } = await administrator.client("globex");
    const previous = await previousOf("globex");
    await stack.configure(stackFile({ "scpcloud:secretRotation": {} }));
    await expect(stack.up()).rejects.toThrow(/The previous secret of the client "globex" works until/);
    expect(await tokenStatus("globex", previous)).toBe(200);
    expect(await rotate("globex", "--end-overlap", "--yes")).toMatchObject({ exitCode: 0 });
    await stack.up();

    expect(await names()).toEqual(["of-others", "of-others"]);
    expect(await administrator.client("globex")).toMatchObject({ id, secret });
    expect(await tokenStatus("globex", previous)).toBe(401);

    await stack.configure(stackFile());
    await stack.up();
  });
});

describe("no command prints a secret", () => {
  const RECIPIENT = "age14eqk52gremnngg7dp5aawh26070hwuvtdg4ruyf89u6gq2eu8qtsvkjpar";
  /** What the tests above have not run yet. */
  const REMAINING = [
    ["drift", "--stack", STACK, "--json"],
    ["doctor", "--stack", STACK, "--json"],
    ["customers", "--stack", STACK],
    ["review", "--stack", STACK, "--base", "HEAD"],
    ["review", "--realm-stack", STACK, "--run-preview"],
    ["adopt", "--stack", STACK, "--preview"],
    ["adopt", "--stack", STACK, "--json", "--preview"],
    ["rotate", "--stack", STACK, "--customer", "acme", "--json", "--preview"],
    ["handover", "--stack", STACK, "--customer", "acme", "--recipient", RECIPIENT, "--yes"],
    ["move", "--from", STACK, "--to", "elsewhere", "--customer", "acme", "--preview"],
    ["rollout", "--realm-stack", STACK, "--preview"],
  ];
  const RUN_ABOVE = [
    ["doctor", "--stack", STACK],
    ["verify", "--stack", STACK, "--all"],
    ["recover", "--stack", STACK, "--yes"],
    ["rotate", "--stack", STACK, "--customer", "acme", "--yes"],
  ];
  const ALL = [...REMAINING, ...RUN_ABOVE];
  const isData = (call: readonly string[]) => call.includes("--json");

  beforeAll(async () => {
    const commit = "git -c user.name=tests -c user.email=tests@example.com commit --quiet --message before";
    const script = `git init --quiet && git add Pulumi.${STACK}.yaml && ${commit}`;
    expect(await run("bash", ["-c", script], { cwd: stack.project.directory })).toMatchObject({ exitCode: 0 });
  });

  it("and those that are tried are all that there are", () => {
    // What rehearse starts has an own Keycloak, and no secret of this stack.
    const all = Object.values(VERBS).flatMap((verbs) => Object.keys(verbs).filter((name) => name !== "rehearse"));
    expect([...new Set(ALL.map(([name]) => name))].sort()).toEqual(all.sort());
    expect(RUN_ABOVE.filter((call) => !stack.project.printed.includes(call.join(" ")))).toEqual([]);
  });

  it.each([
    [
      "when it works, as text and as data, also where a rotation was stopped",
      REMAINING,
      {},
      ["drift", "doctor", "customers", "review", "adopt", "rotate", "move", "rollout"],
    ],
    [
      "as text, when the login is refused",
      ALL.filter((call) => !isData(call)),
      { "keycloak:clientId": "nobody" },
      ["review"],
    ],
    [
      "as data, when Keycloak does not answer",
      [...ALL.filter(isData), ...RUN_ABOVE.slice(1)],
      { "keycloak:url": "https://localhost:1" },
      [],
    ],
  ])("%s", async (_, calls, changes, working) => {
    await administrator.regenerateSecret("acme");
    const actions = calls.map(
      ([name = "", ...args]) =>
        async () =>
          [name, await command(name, ...args)] as const,
    );
    // At the same time: all of them read only, or come to nothing.
    const results = await during(changes, () => concurrently(actions, 4));

    const succeeded = results.filter(([, { exitCode }]) => exitCode === 0).map(([name]) => name);
    expect([...new Set(succeeded)].sort()).toEqual([...working].sort());
    for (const [name, { stdout, stderr }] of results) {
      expect(`${name}: ${stdout}${stderr}`).toMatch(/: [^]*\w{3}/);
    }
    expect(secrets.size).toBeGreaterThan(10);
    stack.project.expectUnprinted([...secrets]);
  });
});
