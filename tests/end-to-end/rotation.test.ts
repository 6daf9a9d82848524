import type { Stack } from "@pulumi/pulumi/automation";

import { Meddler } from "./meddling";
import { Project, type StackFile } from "./project";
import { RotationServer } from "./rotationServer";
import { DEPLOYERS, REALMS, type ServerOfTests, serverOfTests } from "./server";

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

const meddler = new Meddler(REALM);
let plainServer: ServerOfTests;
let server: RotationServer;
let project: Project;
let stack: Stack;

const stackFile = (changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:accessTokenLifespan": 300,
  "scpcloud:secretRotation": { overlapDays: 14 },
  "scpcloud:integrations": {
    acme: { organizationId: `${ORGANIZATION}1` },
    globex: { organizationId: `${ORGANIZATION}2` },
  },
  ...changes,
});
const names = async (kind: "profiles" | "policies") =>
  (await server.read<{ name: string }>(kind)).map(({ name }) => name).sort();

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

    await project.configure(STACK, stackFile());
    await stack.up();
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
