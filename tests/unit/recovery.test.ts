import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { hostname } from "node:os";
import { dirname } from "node:path";

import { recover } from "../../commands/recovery/recovery.ts";
import { removeUnknownPolicies, restorePolicies } from "../../commands/recovery/rotationPolicies.ts";
import { TYPES } from "../../contract/types.ts";
import { PulumiError } from "../../commands/pulumi/pulumiCli.ts";
import { nameOf } from "../../commands/pulumi/owners.ts";
import { CLIENT, customer, fakeAdmin, FakePulumi, INTEGRATION, realmScopes, urnOf } from "./fakePulumi.ts";

const ACME = {
  "/clients?clientId=acme": [{ id: "id-of-acme", clientId: "acme" }],
  "/clients/id-of-acme/protocol-mappers/models": [{ id: "id-of-mapper", name: "organizationId" }],
};
const SCOPES = {
  "/client-scopes": [
    { id: "id-of-profile", name: "profile" },
    { id: "id-of-scope", name: "scpCloud" },
  ],
  "/client-scopes/id-of-scope/protocol-mappers/models": [{ id: "id-of-audience", name: "audience" }],
};

/** The program of one customer, with what else a test has to say. */
const acme = (fields: Partial<FakePulumi> = {}) => Object.assign(new FakePulumi(customer("acme")), fields);
const ACME_CLIENT = urnOf("acme-client", INTEGRATION, CLIENT);
const OLD_CLIENT = urnOf("old-client", INTEGRATION, CLIENT);

async function recovered(
  pulumi: FakePulumi,
  objects: Readonly<Record<string, readonly object[]>> = {},
  ...options: [Parameters<typeof recover>[3]?]
) {
  const lines: string[] = [];
  const result = await recover(pulumi, fakeAdmin(objects), (line) => lines.push(line), ...options);
  return { ...result, lines };
}

describe("recovery", () => {
  test("just runs up where nothing was left behind", async () => {
    const pulumi = new FakePulumi([...realmScopes(), ...customer("acme")]);
    expect(await recovered(pulumi)).toEqual({ adopted: [], pendingOperations: 0, lines: [] });
    expect(pulumi.calls).toEqual(["stack", "preview", "stack", "up (shown)"]);
  });

  test("adopts in two rounds, mappers after their client or scope, under the program's own URNs, and then runs up", async () => {
    const program = [...realmScopes(), ...customer("acme")];
    const pulumi = new FakePulumi(program);
    const { adopted, lines } = await recovered(pulumi, { ...ACME, ...SCOPES });
    expect(adopted).toEqual(["realm-scope", "acme-client", "realm-audience", "acme-organization-id"]);
    expect(lines[3]).toBe(
      "found in Keycloak, but not in the state: HardcodedClaimProtocolMapper acme-organization-id (ScpCloud/client/id-of-acme/id-of-mapper)",
    );
    expect(pulumi.calls).toEqual(["stack", "preview", "import", "preview", "import", "preview", "stack", "up (shown)"]);
    const notAdopted = program.map(({ urn }) => urn).filter((urn) => !pulumi.state.has(urn));
    expect(notAdopted.map(nameOf)).toEqual(["acme-default-scopes"]);
    expect(pulumi.state.size).toBe(program.length - 1);
  });

  // Pulumi refers to parents by name only: a customer may be called as the realm's scopes are, or as another's client.
  test("keeps apart what has the same logical name", async () => {
    const program = [...realmScopes(), ...customer("realm"), ...customer("acme"), ...customer("acme-client")];
    const pulumi = new FakePulumi(program);
    await recovered(pulumi, {
      ...ACME,
      ...SCOPES,
      "/clients?clientId=realm": [{ id: "id-of-realm", clientId: "realm" }],
      "/clients/id-of-realm/protocol-mappers/models": [{ id: "3", name: "organizationId" }],
      "/clients?clientId=acme-client": [{ id: "id-of-acme-client", clientId: "acme-client" }],
    });
    expect(pulumi.state.get(urnOf("realm-client", INTEGRATION, CLIENT))).toBe("id-of-realm");
    expect(pulumi.state.get(urnOf("acme-client-client", INTEGRATION, CLIENT))).toBe("id-of-acme-client");
    expect([...pulumi.state.keys()].filter((urn) => !program.some((declared) => declared.urn === urn))).toEqual([]);
  });

  test("gives up where an import leaves the plan as it was", async () => {
    await expect(recovered(acme({ import: () => undefined }), ACME)).rejects.toThrow("but would still create it");
  });

  test("leaves no file behind where the import fails", async () => {
    const failing = acme({
      import: () => {
        throw new Error("the import failed");
      },
    });
    await expect(recovered(failing, ACME)).rejects.toThrow("the import failed");
    expect(failing.importFiles.map((file) => existsSync(dirname(file)))).toEqual([false]);
  });

  test.each(["delete", "replace", "create-replacement", "delete-replaced"])(
    "refuses to lose a client (%s) before it has changed anything",
    async (op) => {
      const pulumi = acme({ furtherSteps: [{ op, urn: OLD_CLIENT }] });
      await expect(recovered(pulumi, ACME)).rejects.toThrow(
        "Recovery never deletes or replaces a client, but an up would now do it:\n  old-client\n" +
          "Put these customers back into the stack file, recover, and remove them afterwards with pulumi up.",
      );
      expect(pulumi.calls).toEqual(["stack", "preview"]);
    },
  );

  test("says because of what a client would be replaced, and does not call that a removed customer", async () => {
    const pulumi = acme({ furtherSteps: [{ op: "replace", urn: ACME_CLIENT, replaceReasons: ["realmId"] }] });
    const failure = expect(recovered(pulumi, ACME)).rejects;
    await failure.toThrow(
      /\n {2}acme-client, replaced because of realmId\nNo client keeps its secret(?![^]*Put these customers back)/,
    );
  });

  test("refreshes where operations were pending, and looks again at what up would do", async () => {
    const pulumi = acme({ pendingOperations: 2 });
    expect(await recovered(pulumi)).toMatchObject({
      pendingOperations: 2,
      lines: ["2 operations were under way when the run was killed; refreshing the state"],
    });
    expect(pulumi.calls).toEqual(["stack", "preview", "stack", "refresh", "preview", "up (shown)"]);
  });

  test("refuses to lose a client that only the refreshed state shows", async () => {
    const pulumi = acme({ pendingOperations: 1, stepsAfterRefresh: [{ op: "replace", urn: OLD_CLIENT }] });
    await expect(recovered(pulumi)).rejects.toThrow("Recovery never deletes or replaces a client");
    expect(pulumi.calls).toEqual(["stack", "preview", "stack", "refresh", "preview"]);
  });

  const stateWithClient = () => new Map([[ACME_CLIENT, "1"]]);

  test.each([
    ["does not answer for one client", () => Promise.reject(new Error("503")), "503"],
    [
      "masks the secret",
      () => Promise.resolve([{ id: "1", clientId: "acme", secret: "**********" }]),
      "role manage-clients",
    ],
  ])("fails where Keycloak %s: the state's secret may be the one before", async (_, get, reason) => {
    const pulumi = acme({ state: stateWithClient() });
    const failure = recover(pulumi, { ...fakeAdmin({}), get }, () => undefined);
    await expect(failure).rejects.toThrow(reason);
    expect(pulumi.calls).toEqual(["stack"]);
  });

  // Keycloak takes any text: also an empty one, by which anybody gets tokens.
  test.each(["", "a", "${vault.acme}"])(
    "does not read a secret that nobody made as one (%j) into the state, where it has another one or none",
    async (secret) => {
      for (const lacking of [[], [ACME_CLIENT]]) {
        const pulumi = acme({ state: stateWithClient(), withoutSecret: new Set(lacking) });
        const failure = recovered(pulumi, { "/clients?clientId=acme": [{ id: "1", clientId: "acme", secret }] });
        await expect(failure).rejects.toThrow(/\nacme: its secret in Keycloak (is|looks) .*Regenerate/);
        expect(pulumi.calls).toEqual(["stack"]);
      }
    },
  );

  test("adopts no client whose secret nobody made as one, unless the user has seen that", async () => {
    const client = { id: "1", clientId: "acme", secret: "${vault.acme}" };
    const objects = { ...ACME, "/clients?clientId=acme": [client] };
    const pulumi = acme();
    await expect(recovered(pulumi, objects)).rejects.toThrow(
      "acme: its secret looks like a reference to a secret that is elsewhere\nSomebody made or changed them by hand",
    );
    expect(pulumi.calls).toEqual(["stack", "preview"]);
    const seen = { mayBeHandMade: () => true };
    expect(await recovered(pulumi, objects, seen)).toMatchObject({ adopted: ["acme-client"] });
  });

  describe("of a client whose secret the state lacks", () => {
    const lacking = (givesSecrets: boolean) => {
      const program = [...realmScopes(), ...customer("acme"), ...customer("other")];
      const state = new Map(program.map(({ urn }) => [urn, "id"]));
      return Object.assign(new FakePulumi(program), { state, givesSecrets, withoutSecret: new Set([ACME_CLIENT]) });
    };

    test("reads it from Keycloak before all else", async () => {
      const pulumi = lacking(true);
      expect((await recovered(pulumi)).lines).toEqual([
        "the state lacks the secret of acme-client; reading it from Keycloak",
      ]);
      expect(pulumi.calls).toEqual(["stack", "refresh", "preview", "stack", "up (shown)"]);
    });

    test("says what helps where Keycloak does not give it, once up has failed for it", async () => {
      await expect(recovered(lacking(false))).rejects.toThrow(
        /The secret is not known[^]*Keycloak does not give the secret of acme-client\./,
      );
    });
  });

  test("changes nothing where the CLI tells no whole preview", async () => {
    const pulumi = acme();
    const run = pulumi.run.bind(pulumi);
    pulumi.run = async (args) => (await run(args)).replace(/"changeSummary".*\}/, '"changeSummary":{}}');
    await expect(recovered(pulumi, ACME)).rejects.toThrow(PulumiError);
    expect(pulumi.calls).toEqual(["stack", "preview"]);
  });
});

describe("a lock", () => {
  test("of a dead process is removed, and then the work begins", async () => {
    const { pid } = spawnSync("true");
    const pulumi = acme({ lockHolder: `root@${hostname()} (pid ${pid})` });
    const { lines } = await recovered(pulumi);
    expect(lines).toEqual([
      `removing the lock of process ${pid} of root@${hostname()}, since 2026-11-23T12:00:00Z, which has ended`,
    ]);
    expect(pulumi.calls).toEqual(["stack", "preview", "cancel", "preview", "stack", "up (shown)"]);
  });

  test("of a running pulumi stays", async () => {
    const process_ = spawn(process.execPath, ["-e", "setTimeout(() => 0, 60000)", "pulumi"], { stdio: "ignore" });
    const holder = `process ${process_.pid} of root@${hostname()}, since 2026-11-23T12:00:00Z`;
    try {
      const pulumi = acme({ lockHolder: `root@${hostname()} (pid ${process_.pid})` });
      await expect(recovered(pulumi)).rejects.toThrow(
        "The stack is locked by another run, which may still be at work:\n" +
          `  ${holder}. Wait for it, or stop it with Ctrl-C.\n` +
          `If it has certainly ended, run: scpcloud recover --stack dev --ended "${holder}"`,
      );
      expect(pulumi.calls).toEqual(["stack", "preview"]);
    } finally {
      process_.kill();
    }
  });

  test("of another machine is removed for whoever says in its words that its process has ended, and for nobody else", async () => {
    const holder = "process 1 of anna@another-host, since 2026-11-23T12:00:00Z";
    const pulumi = acme({ lockHolder: "anna@another-host (pid 1)" });
    await expect(recovered(pulumi, {}, { ended: [holder.replace("12:00", "11:00")] })).rejects.toThrow(
      `${holder}. It cannot be seen from here, which is ${hostname()}: look on another-host (ps -p 1), or whether that ` +
        `CI job has ended.\nIf it has certainly ended, run: scpcloud recover --stack dev --ended "${holder}"`,
    );
    expect(pulumi.calls).toEqual(["stack", "preview"]);

    const { lines } = await recovered(pulumi, {}, { ended: [holder] });
    expect(lines).toEqual([`removing the lock of ${holder}, which has ended`]);
    expect(pulumi.calls.slice(2)).toEqual(["stack", "preview", "cancel", "preview", "stack", "up (shown)"]);
  });
});

describe("the client profile and client policy of secretRotation", () => {
  const configuration = { a: "1" };
  const PROFILE = { name: "ours", description: "of ours", executors: [{ name: "secret-rotation", configuration }] };
  const POLICY = {
    name: "ours",
    enabled: true,
    profiles: ["ours"],
    conditions: [{ name: "client-attributes", configuration: {} }],
  };
  const IN_KEYCLOAK = { ...PROFILE, executors: [{ executor: "secret-rotation", configuration }] };
  const OTHERS = { name: "of others" };
  const keycloakWith = (...profiles: object[]) => {
    const written: unknown[] = [];
    const admin = {
      ...fakeAdmin({ "/client-policies/profiles": { profiles }, "/client-policies/policies": { policies: [OTHERS] } }),
      change: (...[method, path, json]: unknown[]) => Promise.resolve(void written.push([method, path, json])),
    };
    return { admin, written };
  };

  test("that somebody deleted are made anew from the state, the profile first, and those of others are kept", async () => {
    const { admin, written } = keycloakWith(OTHERS);
    const made = await restorePolicies(
      [
        { urn: "", type: TYPES.clientPolicy, outputs: POLICY },
        { urn: "", type: TYPES.clientProfile, outputs: PROFILE },
      ],
      admin,
    );
    expect(made).toEqual(["client profile ours", "client policy ours"]);
    expect(written).toEqual([
      ["PUT", "/client-policies/profiles", { profiles: [OTHERS, IN_KEYCLOAK] }],
      [
        "PUT",
        "/client-policies/policies",
        { policies: [OTHERS, { ...POLICY, conditions: [{ condition: "client-attributes", configuration: {} }] }] },
      ],
    ]);
  });

  test.each([[[]], [{ profiles: {} }], [{ profiles: [{}] }]])(
    "are not written over where Keycloak's answer is of another form: %j",
    async (answer) => {
      const { admin, written } = keycloakWith();
      const get = () => Promise.resolve(answer);
      const stored = [{ urn: "", type: TYPES.clientProfile, outputs: PROFILE }];
      await expect(restorePolicies(stored, { ...admin, get })).rejects.toThrow("not as Keycloak does");
      expect(written).toEqual([]);
    },
  );

  test("that only Keycloak has are removed where they are as a killed run leaves them, and else stay, which is told", async () => {
    const planned = { urn: "", type: TYPES.clientProfile, name: "profile", inputs: PROFILE, isComponent: false };
    const left = keycloakWith(OTHERS, IN_KEYCLOAK);
    expect(await removeUnknownPolicies([planned], left.admin)).toEqual(["client profile ours"]);
    expect(left.written).toEqual([["PUT", "/client-policies/profiles", { profiles: [OTHERS] }]]);

    const foreign = keycloakWith({ ...IN_KEYCLOAK, executors: [] });
    await expect(removeUnknownPolicies([planned], foreign.admin)).rejects.toThrow("Nothing was changed in it.");
    expect(foreign.written).toEqual([]);
  });
});
