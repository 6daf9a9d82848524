import { rotationInWords, rotationPair } from "../../components/secretRotation.ts";
import { loginAsDeployer } from "../../keycloak/admin.ts";
import type { KeycloakConnection } from "../../keycloak/http.ts";
import { rotationFaults } from "../../keycloak/rotationSupport.ts";
import { lookUpRotation } from "../../lookups/policies.ts";
import type { Settings } from "../../settings/settings.ts";
import { fakeAdmin } from "./fakePulumi.ts";

const SETTINGS = {
  realm: "ScpCloud",
  overlapDays: 14,
  deployer: { clientId: "deployer", credentials: {} },
} as Settings;

/** A deployer with this token, and a server that says this of itself. */
const deployer = (token: string, body: unknown) => {
  const request = (path: string) => {
    expect(path).toBe("/admin/serverinfo");
    return Promise.resolve({ status: 200, body });
  };
  return loginAsDeployer({ request } as unknown as KeycloakConnection, SETTINGS, token);
};
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
    const faults = await rotationFaults(await deployer(token, { features }), { ...SETTINGS, ...further });
    expect(faults.map(({ key }) => key)).toEqual(keys);
  });

  it("is a fault on a server whose feature is off, with the option that switches it on", async () => {
    const [fault] = await rotationFaults(
      await deployer(tokenWith("view-clients"), { features: rotation(false) }),
      SETTINGS,
    );

    expect(fault).toMatchObject({ key: "scpcloud:secretRotation" });
    expect(fault?.remedy).toContain("--features=client-secret-rotation");
  });

  it.each([[undefined], [[]], [{ features: "none" }], [{ features: [{ enabled: false }] }]])(
    "is not judged by an answer of another form than Keycloak's: %j",
    async (body) => {
      await expect(rotationFaults(await deployer("opaque", body), SETTINGS)).rejects.toThrow("not as Keycloak does");
    },
  );

  it("is not asked for where the stack does not want it", async () => {
    const silent = { roles: [], serverInfo: () => Promise.reject(new Error("asked")) };
    const { deployer: who, realm } = SETTINGS;

    expect(await rotationFaults(silent, { deployer: who, realm })).toEqual([]);
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
  const inRealm = (profiles: readonly object[], policies: readonly object[], ...roles: string[]) => ({
    ...fakeAdmin({
      "/client-policies/profiles?include-global-profiles=true": { profiles },
      "/client-policies/policies": { policies },
    }),
    roles,
  });
  const lookUp = (profiles: readonly object[], policies: readonly object[]) =>
    lookUpRotation(inRealm(profiles, policies, "view-realm"), { overlapDays: 14 });

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
    const rotation = await lookUpRotation(inRealm([], [], ...roles), further);
    expect(rotation?.missing).toEqual(missing);
  });
});
