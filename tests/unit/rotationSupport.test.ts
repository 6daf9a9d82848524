import { rotationInWords, rotationPair } from "../../components/secretRotation.ts";
import type * as http from "../../keycloak/http.ts";
import { rotationFaults } from "../../keycloak/rotationSupport.ts";
import { checkLogin } from "../../lookups/loginCheck.ts";
import { lookUpRotation } from "../../lookups/policies.ts";
import { issuerOf, type Settings } from "../../settings/settings.ts";
import { accepted, configuration } from "./configuration.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const SETTINGS = { realm: "ScpCloud", overlapDays: 14, deployer: { clientId: "deployer" } } as Settings;

/** A server that says this of its features. */
const serverWith = (features: unknown) =>
  ({
    request: (path: string) => {
      expect(path).toBe("/admin/serverinfo");
      return Promise.resolve({ status: 200, body: { features } });
    },
  }) as unknown as http.KeycloakConnection;
const tokenWith = (...roles: string[]) =>
  `.${Buffer.from(JSON.stringify({ resource_access: { "realm-management": { roles } } })).toString("base64url")}.`;
const rotation = (enabled: boolean) => [
  { name: "DOCKER", enabled: false },
  { name: "CLIENT_SECRET_ROTATION", enabled },
];

describe("that secrets overlap", () => {
  it.each([
    ["set up by who may manage the realm", rotation(true), ["manage-clients", "manage-realm"], {}, []],
    ["looked at only", rotation(true), ["view-clients", "view-realm"], {}, []],
    [
      "of customers only, whose realm's stack sets it up",
      rotation(true),
      ["manage-clients"],
      { realmStack: "prod" },
      [],
    ],
    ["where server and token do not tell", undefined, [], {}, []],
    ["set up by who may not manage the realm", rotation(true), ["manage-clients"], {}, ["keycloak:clientId"]],
  ])("is judged by the server's features and the deployer's roles: %s", async (_, features, roles, further, keys) => {
    const token = roles.length > 0 ? tokenWith(...roles) : "opaque";
    const faults = await rotationFaults(serverWith(features), token, { ...SETTINGS, ...further });
    expect(faults.map(({ key }) => key)).toEqual(keys);
  });

  it("is a fault on a server whose feature is off, with the option that switches it on", async () => {
    const [fault] = await rotationFaults(serverWith(rotation(false)), tokenWith("view-clients"), SETTINGS);

    expect(fault).toMatchObject({ key: "scpcloud:secretRotation" });
    expect(fault?.remedy).toContain("--features=client-secret-rotation");
  });

  it.each([[undefined], [[]], [{ features: "none" }], [{ features: [{ enabled: false }] }]])(
    "is not judged by an answer of another form than Keycloak's: %j",
    async (body) => {
      const server = { request: () => Promise.resolve({ status: 200, body }) } as unknown as http.KeycloakConnection;
      await expect(rotationFaults(server, "opaque", SETTINGS)).rejects.toThrow("not as Keycloak does");
    },
  );

  it("is not asked for where the stack does not want it", async () => {
    const { deployer, realm } = SETTINGS;
    const silent = { request: () => Promise.reject(new Error("asked")) } as unknown as http.KeycloakConnection;

    expect(await rotationFaults(silent, "opaque", { deployer, realm })).toEqual([]);
  });
});

describe("what makes secrets overlap", () => {
  const { policy, profile } = rotationPair(14);
  const [ofProfile, ofPolicy] = rotationInWords(14);
  const OURS = {
    profile: {
      name: profile.name,
      executors: profile.executors.map(({ name, ...one }) => ({ executor: name, ...one })),
    },
    policy: { ...policy, conditions: policy.conditions.map(({ name, ...one }) => ({ condition: name, ...one })) },
  };
  const lookUp = (profiles: readonly object[], policies: readonly object[]) =>
    lookUpRotation(
      fakeAdmin({
        "/client-policies/profiles?include-global-profiles=true": { profiles },
        "/client-policies/policies": { policies },
      }),
      14,
    );

  it("is known again in Keycloak by its content, beside that of others", async () => {
    const others = { name: "others" };
    expect(await lookUp([others, OURS.profile], [others, OURS.policy])).toEqual({ others: [], missing: [] });
    expect(await lookUp([others], [others])).toEqual({ others: [], missing: [ofProfile, ofPolicy] });
  });

  it.each<[string, object, object]>([
    [ofProfile, { ...OURS.profile, executors: [] }, OURS.policy],
    [ofPolicy, OURS.profile, { ...OURS.policy, conditions: [{ condition: "any-client" }] }],
    [ofPolicy, OURS.profile, { ...OURS.policy, profiles: ["others"] }],
  ])("is somebody else's where its content is another one: %s", async (words, oneProfile, onePolicy) => {
    expect(await lookUp([oneProfile], [onePolicy])).toEqual({ others: [words], missing: [] });
  });

  it.each([
    ["who may view the realm", ["view-realm"], { overlapDays: 14 }, [ofProfile, ofPolicy]],
    ["who may not", ["view-clients"], { overlapDays: 14 }, undefined],
    ["of customers only", ["view-realm"], { overlapDays: 14, realmStack: "prod" }, undefined],
    ["without secretRotation", ["view-realm"], {}, undefined],
  ])("is looked for before anything is declared, by a deployer %s", async (_, roles, further, missing) => {
    const settings = accepted(configuration());
    const path = `/admin/realms/${settings.realm}`;
    const answers: Readonly<Record<string, unknown>> = {
      [`/realms/${settings.realm}/.well-known/openid-configuration`]: { issuer: issuerOf(settings) },
      [path]: { realm: settings.realm },
      "/admin/serverinfo": {},
      [`${path}/client-policies/profiles?include-global-profiles=true`]: {},
      [`${path}/client-policies/policies`]: {},
    };
    const server = {
      request: (asked: string) => Promise.resolve({ status: 200, body: answers[asked] ?? [] }),
    } as unknown as http.KeycloakConnection;
    const credentials = { kind: "accessToken", accessToken: tokenWith(...roles) } as const;
    const deployer = { ...settings.deployer, credentials };
    const { rotation } = await checkLogin(server, { ...settings, deployer, ...further });
    expect(rotation?.missing).toEqual(missing);
  });
});
