import fc from "fast-check";

import { reviewClaims } from "../../commands/review/claimsReview.ts";
import type { RevisionFiles } from "../../commands/repository/revision.ts";
import { DECLARED_KEYS } from "../stackFile.ts";
import { type Changes, customers, linesOf, review, revision } from "./reviewConfiguration.ts";

const TWO_CUSTOMERS = customers({
  acme: { organizationUser: "anna" },
  globex: { organizationId: "7f6c1a52-3a1e-4f53-9d0c-0b8f2a6f4f11" },
});

describe("other changes of the stack file", () => {
  test("are told by their paths without values", () => {
    const after = {
      ...customers({ acme: { organizationUser: "anna", name: "Acme" } }),
      "keycloak:url": "https://elsewhere.example.com",
      "scpcloud:api": { additionalIssuers: ["https://old.example.com/realms/ScpCloud"], section: "Jwt" },
      "keycloak:clientSecret": { secure: "AAAB-ciphertext" },
    };
    expect(linesOf({}, after).slice(1)).toEqual([
      "Also changed, with no effect on tokens: `keycloak:clientSecret`, `keycloak:url`, " +
        "`scpcloud:api.additionalIssuers`, `scpcloud:api.section`, `scpcloud:integrations.acme.name`.",
    ]);
    expect(JSON.stringify(review({}, after))).not.toMatch(/ciphertext|elsewhere|old\.example/);
  });

  const retired = (organizationUser: string) => customers({ acme: { organizationUser, retired: true } });

  test.each<[string, Changes, Changes, string[]]>([
    [
      "not what the tables tell already",
      {},
      { ...customers({ acme: { organizationUser: "bo" } }), "scpcloud:publicUrl": "https://b.example.com" },
      [],
    ],
    [
      "whatever has no effect because nobody has a token",
      retired("anna"),
      { ...retired("bo"), "scpcloud:audience": "other" },
      ["scpcloud:audience", "scpcloud:integrations.acme.organizationUser"],
    ],
    [
      "none where a value is only written otherwise, or is the default",
      {},
      { "scpcloud:accessTokenLifespan": "300", "scpcloud:realm": "ScpCloud", "scpcloud:api": {} },
      [],
    ],
  ])("are %s", (_, before, after, told) => {
    expect(review(before, after).otherChanges).toEqual(told);
  });
});

describe("a stack file that the program refuses", () => {
  const wrong = { "scpcloud:accessTokenLifespan": 59 };
  const refusalOf = (stack: string) =>
    reviewClaims("prod", revision("base", {}), { ...revision("head", {}), stack }).faults.head;

  test("is told with the program's own words", () => {
    const lines = linesOf({}, wrong);
    expect(lines.slice(0, 4)).toEqual([
      "prod: the stack file is refused, so there are no tokens to compare",
      "In the working tree:",
      "```text",
      "1 fault in the stack's configuration; nothing was changed.",
    ]);
    expect(lines).toContain("  Found: 59");
  });

  test("at the base does not keep the new one from being shown", () => {
    const lines = linesOf(wrong, TWO_CUSTOMERS);
    expect(lines.slice(0, 2)).toEqual([
      "prod: nothing to compare with, 2 customers added",
      "The program refuses the stack file at `0123456789ab`, so it was never deployed; every customer counts as new.",
    ]);
    expect(lines).toContain("#### Added: `acme`, `globex`");
  });

  test("because it is no YAML shows nothing of it, since it may hold a secret", () => {
    const refusal = refusalOf("config:\n  a: hunter2\n  a: [hunter2\n");
    expect(refusal).toContain("Pulumi.prod.yaml\n  must be YAML that Pulumi and this program read alike");
    expect(refusal).not.toContain("hunter2");
  });

  test("because Pulumi would read it otherwise is told together with all else", () => {
    const refusal = refusalOf("config:\n  audience: a\n  scpcloud:audience: b\n  scpcloud:requireHttps: maybe\n");
    expect(refusal).toContain("scpcloud:audience\n  must be written once,");
    expect(refusal).toContain("scpcloud:requireHttps\n  must be true or false,");
  });

  test.each(["- a\n- b", "text", "config: [1]", "", "\u0000", "config:\n  __proto__: {a: 1}"])(
    "because it is %j is no reason to fall over",
    (stack) => expect(refusalOf(stack)).toBeDefined(),
  );
});

test("what is encrypted counts as set, and its ciphertext is not taken for the value", () => {
  const secret = { secure: "v1:AAAA:BBBB" };
  const keys = ["keycloak:url", "keycloak:rootCaCertificate", "keycloak:clientSecret"];
  const { faults, otherChanges } = review({}, Object.fromEntries(keys.map((key) => [key, { ...secret }])));
  expect(faults).toEqual({});
  expect(otherChanges).toEqual(expect.arrayContaining(keys));
});

test("a base that still had the containers is read without them", () => {
  const containers = { "scpcloud:apps": { api: { image: "api:1" } }, "docker:host": "unix:///run/docker.sock" };
  const before = revision("base", containers);
  const base = { ...before, project: `${before.project}  apps:\n    type: object\n    default: {}\n` };
  const { changes, faults, otherChanges } = reviewClaims("prod", base, revision("head", {}));
  expect({ faults, changes: changes?.added }).toEqual({ faults: {}, changes: [] });
  expect(otherChanges).toEqual(["docker:host", expect.stringMatching(/^scpcloud:apps/)]);
  // Now it is not so any more.
  expect(reviewClaims("prod", base, revision("head", containers)).faults.head).toContain("in services/");
});

test("the environment of whoever runs the review is not the deployment's", () => {
  process.env["KEYCLOAK_URL"] = "no URL";
  try {
    expect(review({ "keycloak:url": undefined }, { "keycloak:url": undefined }).faults).toEqual({});
  } finally {
    delete process.env["KEYCLOAK_URL"];
  }
});

test("Pulumi.yaml of the revision gives its own defaults, and today's for what it did not know", () => {
  const project = "config: { audience: { default: old }, gone: { default: 1 } }";
  const { changes, faults } = reviewClaims("prod", revision("base", {}, project), revision("head", {}));
  expect(faults).toEqual({});
  expect(changes?.changed).toEqual([
    { clientIds: ["acme"], changes: [{ claim: "aud", before: '"old"', after: '"scpCloud"' }] },
  ]);
});

describe("a stack of customers only", () => {
  const OWN = `config:
  keycloak:url: https://keycloak.example.com
  keycloak:clientId: deployer
  scpcloud:realmStack: prod
  scpcloud:integrations: { globex: { organizationUser: bo } }
`;
  const among = (label: string, realm: Changes): RevisionFiles => ({
    label,
    project: revision(label, {}).project,
    stack: OWN,
    stacks: new Map([
      ["prod", revision(label, realm).stack ?? ""],
      ["prod-b", OWN],
    ]),
  });

  test("is told what its realm stack's file does to its customers' tokens", () => {
    const after = { "scpcloud:audience": "another", "scpcloud:contact": "support@example.com" };
    const { changes, faults, otherChanges } = reviewClaims("prod-b", among("base", {}), among("head", after));

    expect(faults).toEqual({});
    expect(changes?.changed.map(({ clientIds }) => clientIds)).toEqual([["globex"]]);
    expect(JSON.stringify(changes?.changed)).toContain("another");
    expect(otherChanges).toEqual(["scpcloud:contact"]);
  });

  test("that was one with all its settings before has the same tokens where these are its realm stack's", () => {
    const before = revision("base", customers({ globex: { organizationUser: "bo" } }));
    const { changes, faults } = reviewClaims("prod-b", before, among("head", {}));

    expect(faults).toEqual({});
    expect(changes).toMatchObject({ added: [], changed: [], removed: [] });
  });

  test("is refused for what another stack of its realm says, as the program does", () => {
    const realm = customers({ globex: { organizationUser: "carl" } });
    const { faults } = reviewClaims("prod-b", among("base", {}), among("head", realm));

    expect(faults.head).toContain("scpcloud:integrations.globex\n  must be a customer of one stack only,");
  });

  test("whose realm stack there is not is refused by that alone", () => {
    const after = { ...among("head", {}), stacks: new Map([["prod-b", OWN]]) };
    const { faults } = reviewClaims("prod-b", among("base", {}), after);

    expect(faults.head).toMatch(/^1 fault[^]*there is no Pulumi\.prod\.yaml/);
  });
});

describe("a value that Pulumi refuses for its type in Pulumi.yaml is refused:", () => {
  /** Pulumi's ValidateConfigValue, on what a stack file has: a scalar becomes text first. */
  function isOfType(type: string | undefined, value: unknown): boolean {
    if (typeof value === "object" && value !== null) {
      return Array.isArray(value)
        ? type === "array" && value.every((item) => typeof item === "string")
        : type === "object" && Object.keys(value).join() !== "secure";
    }
    const patterns: Readonly<Record<string, RegExp>> = {
      integer: /^[-+]?\d+$/,
      boolean: /^(true|false)$/,
      string: /^/,
    };
    return patterns[type ?? ""]?.test(String(value)) === true;
  }
  const scalar = fc.oneof(
    fc.constantFrom("300", "3e2", "300.0", "0x12C", "+300", " 300", "true", "True", "yes", "", "{}", "[]", '["/*"]'),
    fc.constant(JSON.stringify(TWO_CUSTOMERS["scpcloud:integrations"])),
    fc.integer(),
    fc.boolean(),
  );
  const value = fc.oneof(
    { weight: 3, arbitrary: scalar },
    fc.array(scalar, { maxLength: 2 }),
    fc.constantFrom({}, TWO_CUSTOMERS["scpcloud:integrations"], { overlapDays: 14 }, { secure: "v1:AAAA:BBBB" }),
  );

  test.each(Object.entries(DECLARED_KEYS))("%s", (key, { type }) => {
    fc.assert(
      fc.property(
        value.filter((one) => !isOfType(type, one)),
        (one) => {
          expect(review({}, { [`scpcloud:${key}`]: one }).faults.head).toContain(`\nscpcloud:${key}`);
        },
      ),
      { numRuns: 12 },
    );
  });
});
