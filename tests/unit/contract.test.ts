import { type Claims, describeExpectation, tokenContract } from "../../contract/tokenContract.ts";
import { compareClaims } from "../../contract/compareClaims.ts";
import { readSettings } from "../../settings/read.ts";
import { stackValues } from "../stackFile.ts";

const ORGANIZATION = "c7834e89-74ff-42ae-a6d8-8693f24b1351";
const NOW = 1_800_000_000;
const ADDRESS = "172.18.0.1";

const contractOf = (stack: string, serviceAccountUserId?: string) => {
  const settings = readSettings({ ...stackValues(stack), environment: { KEYCLOAK_CLIENT_SECRET: "secret" } });
  const clientId = settings.integrations[0]?.clientId ?? "";
  return tokenContract(settings, {
    clientId,
    organizationId: ORGANIZATION,
    ...(serviceAccountUserId === undefined ? {} : { serviceAccountUserId }),
  });
};

/** The token that was once clicked together by hand, as the note has it. */
const ORIGINAL_TOKEN: Claims = {
  exp: NOW + 1800,
  iat: NOW,
  jti: "trrtcc:0b2f7a9e-5e0c-4f5e-9d0f-0a8a2f6f0a11",
  iss: "https://host.docker.internal:28443/realms/ScpCloud",
  aud: ["scpCloud", "account"],
  sub: "1c9d8a70-2f61-4b0a-8a55-6d6a3a1f2b3c",
  typ: "Bearer",
  azp: "integration-api-service",
  "allowed-origins": ["/*"],
  resource_access: { account: { roles: ["manage-account", "manage-account-links", "view-profile"] } },
  scope: "",
  organizationId: ORGANIZATION,
  clientHost: ADDRESS,
  clientAddress: ADDRESS,
  client_id: "integration-api-service",
};

const differences = (claims: Claims, stack = "dev") =>
  compareClaims(contractOf(stack), claims, NOW).filter(({ verdict }) => verdict !== "equal");

describe("the development stack's contract", () => {
  test("is the original token's table, field for field", () => {
    const described = Object.entries(contractOf("dev")).map(([claim, expectation]) => [
      claim,
      describeExpectation(expectation),
    ]);
    expect(Object.fromEntries(described)).toEqual({
      exp: expect.stringContaining("iat + 1800 s") as string,
      iat: "the time of issue",
      iss: '"https://host.docker.internal:28443/realms/ScpCloud"',
      aud: '["scpCloud","account"]',
      sub: "the service account's user id",
      typ: '"Bearer"',
      azp: '"integration-api-service"',
      client_id: '"integration-api-service"',
      "allowed-origins": '["/*"]',
      resource_access: '{"account":{"roles":["manage-account","manage-account-links","view-profile"]}}',
      scope: '""',
      organizationId: `"${ORGANIZATION}"`,
      clientHost: "the caller's address",
      clientAddress: "the caller's address",
      jti: "an opaque id",
    });
  });

  test.each<[string, Claims]>([
    ["the original token", {}],
    [
      "the roles in another order",
      { resource_access: { account: { roles: ["view-profile", "manage-account", "manage-account-links"] } } },
    ],
    ["the second that may begin while Keycloak makes the token", { exp: NOW + 1801 }],
    ["a clock that is half a minute ahead", { iat: NOW + 30, exp: NOW + 1830 }],
    ["a clock that is half a minute behind", { iat: NOW - 1829, exp: NOW - 29 }],
  ])("is met by %s", (_, changes) => {
    expect(differences({ ...ORIGINAL_TOKEN, ...changes })).toEqual([]);
  });

  test("does not have realm_access", () => {
    expect(differences({ ...ORIGINAL_TOKEN, realm_access: { roles: ["offline_access"] } })).toEqual([
      { claim: "realm_access", found: '{"roles":["offline_access"]}', verdict: "unexpected" },
    ]);
  });

  test.each<[string, Claims]>([
    ["a role more", { account: { roles: ["manage-account", "manage-account-links", "view-profile", "view-groups"] } }],
    ["a role less", { account: { roles: ["manage-account", "view-profile"] } }],
    ["a role twice", { account: { roles: ["manage-account", "manage-account", "view-profile"] } }],
    ["another client's roles", { ...(ORIGINAL_TOKEN["resource_access"] as object), broker: { roles: [] } }],
  ])("notices %s", (_, resource_access) => {
    expect(differences({ ...ORIGINAL_TOKEN, resource_access })).toMatchObject([
      { claim: "resource_access", verdict: "different" },
    ]);
  });

  test.each<[string, Claims[string]]>([
    ["exp", NOW + 1799],
    ["exp", NOW + 1802],
    ["exp", "1800001800"],
    ["iat", NOW + 3600],
    ["iss", "https://host.docker.internal:28443/realms/scpcloud"],
    ["aud", "scpCloud"],
    ["aud", ["scpCloud"]],
    ["sub", "admin"],
    ["allowed-origins", []],
    ["organizationId", ORGANIZATION.toUpperCase()],
    ["clientHost", ""],
    ["clientAddress", "a b"],
  ])("notices %s as %j", (claim, value) => {
    expect(differences({ ...ORIGINAL_TOKEN, [claim]: value })).toContainEqual(
      expect.objectContaining({ claim, found: JSON.stringify(value), verdict: "different" }),
    );
  });

  test("holds the service account to its user, where that one is known", () => {
    const contract = contractOf("dev", "1c9d8a70-2f61-4b0a-8a55-6d6a3a1f2b3c");
    const subject = (sub: string) =>
      compareClaims(contract, { ...ORIGINAL_TOKEN, sub }, NOW).find(({ claim }) => claim === "sub")?.verdict;
    expect(subject("1c9d8a70-2f61-4b0a-8a55-6d6a3a1f2b3c")).toBe("equal");
    expect(subject(ORGANIZATION)).toBe("different");
  });

  test("notices an expired token, and says that this is the trouble", () => {
    const expired = compareClaims(contractOf("dev"), ORIGINAL_TOKEN, NOW + 1831).find(({ claim }) => claim === "exp");
    expect(expired?.verdict).toBe("different");
    expect(expired?.expected).toMatch(/past/);
  });
});

describe("the production stack's contract", () => {
  test("has one plain audience, and its own issuer, customer and lifespan", () => {
    expect(contractOf("prod")).toMatchObject({
      aud: { kind: "value", value: "scpCloud" },
      iss: { kind: "value", value: "https://keycloak.scpcloud.example/realms/ScpCloud" },
      azp: { kind: "value", value: "acme-reporting" },
      exp: { kind: "lifespan", seconds: 300 },
    });
  });

  test("is not met by development's token, since it has neither origins nor roles", () => {
    expect(differences(ORIGINAL_TOKEN, "prod").map(({ claim, verdict }) => `${claim} ${verdict}`)).toEqual([
      "allowed-origins unexpected",
      "aud different",
      "azp different",
      "client_id different",
      "exp different",
      "iss different",
      "resource_access unexpected",
    ]);
  });
});
