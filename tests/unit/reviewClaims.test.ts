import { ID, OTHER_ID } from "./configuration.ts";
import { type Changes, customers, headline, linesOf } from "./reviewConfiguration.ts";

const TWO = { acme: { organizationUser: "anna" }, globex: { organizationId: ID } };
const two = customers(TWO);
const withGlobex = (globex: object) => customers({ ...TWO, globex });
const retired = withGlobex({ organizationId: ID, retired: true });
const moved = withGlobex({ organizationId: OTHER_ID });

test.each<[string, Changes, Changes, string]>([
  ["nothing", two, two, "no token changes"],
  ["a customer more", {}, two, "1 customer added, 0 tokens of existing customers change"],
  ["the shared part", two, { ...two, "scpcloud:audience": "other" }, "the tokens of all 2 customers change"],
  ["the shared part of one", {}, { "scpcloud:audience": "other" }, "the token of the only customer changes"],
  ["one customer's organization", two, moved, "the tokens of 1 of 2 customers change"],
  ["a customer less", two, {}, "1 customer removed, 0 tokens of existing customers change"],
  ["a customer retired", two, retired, "1 customer retired, 0 tokens of existing customers change"],
  ["a customer brought back", retired, two, "1 customer brought back, 0 tokens of existing customers change"],
  [
    "everything at once",
    two,
    {
      "scpcloud:accessTokenLifespan": 600,
      ...customers({ acme: TWO.acme, b: { organizationUser: "bo" }, c: { organizationUser: "cy" } }),
    },
    "2 customers added, 1 removed, the token of the only existing customer changes",
  ],
  ["nothing but names", two, withGlobex({ organizationId: ID, name: "G" }), "no token changes"],
  ["the last customer", {}, customers({ b: TWO.acme }), "1 customer added, 1 removed"],
  ["a retired one, still", retired, retired, "no token changes"],
  ["a new stack", undefined, two, "new stack, 2 customers added"],
  ["a removed stack", two, undefined, "stack file removed, 2 customers removed"],
])("the headline says how far a change reaches: %s", (_, before, after, expected) => {
  expect(headline(before, after)).toBe(expected);
});

describe("the claims of a change", () => {
  test("that all customers' tokens change are one table, and one customer's own another", () => {
    const shared = { "scpcloud:accessTokenLifespan": 600, "scpcloud:accountAccess": true };
    const before = { ...two, "scpcloud:allowedOrigins": ["/*"] };
    expect(linesOf(before, { ...moved, ...shared })).toEqual([
      "prod: the tokens of all 2 customers change",
      "#### Other organizations",
      `- **\`globex\` gets another organization's data: \`"${ID}"\` → \`"${OTHER_ID}"\`.**`,
      "#### All 2 customers: `acme`, `globex`",
      "| claim | before | after |",
      "| --- | --- | --- |",
      '| `allowed-origins` | `["/*"]` | — |',
      '| `aud` | `"scpCloud"` | `["scpCloud","account"]` |',
      "| `exp` | `iat + 300 s, not past` | `iat + 600 s, not past` |",
      '| `resource_access` | — | `{"account":{"roles":["manage-account","manage-account-links","view-profile"]}}` |',
      "#### `globex`",
      "| claim | before | after |",
      "| --- | --- | --- |",
      `| \`organizationId\` | \`"${ID}"\` | \`"${OTHER_ID}"\` |`,
    ]);
  });

  test("of a user whom only the server knows are told by the user's name", () => {
    const lines = linesOf({}, customers({ acme: { organizationId: ID } }));
    expect(lines.at(-1)).toBe(`| \`organizationId\` | \`the id of the user "anna"\` | \`"${ID}"\` |`);
    expect(lines[2]).toMatch(/\*\* Only the server knows that user's id; it may be the same one\.$/);
  });

  test("of a new customer are its own, and those that all have", () => {
    const lines = linesOf({}, two);
    expect(lines.slice(1, 5)).toEqual([
      "#### Added: `globex`",
      "| `azp` | `client_id` | `organizationId` |",
      "| --- | --- | --- |",
      `| \`"globex"\` | \`"globex"\` | \`"${ID}"\` |`,
    ]);
    expect(lines[5]).toMatch(/^Like all others they have: `aud` `"scpCloud"`, .*`iss` `"https:.*`typ` `"Bearer"`\.$/);
  });
});

const REFUSED =
  "**Removed without having been retired.** The deployment will refuse to delete a protected client: retire it first (`retired: true`).";
const DELETED =
  "**Removed without having been retired.** The client is deleted with its secret, and whoever still uses it is refused from that moment on.";
const [PROTECTED, UNPROTECTED] = [{ "scpcloud:protect": true }, { "scpcloud:protect": false }];

test.each<[string, Changes, Changes, string[]]>([
  ["is removed though protected", { ...two, ...PROTECTED }, {}, ["#### Removed: `globex`", REFUSED]],
  [
    "is removed by the change that takes the protection away, which the deployed client still has",
    { ...two, ...PROTECTED },
    UNPROTECTED,
    ["#### Removed: `globex`", REFUSED],
  ],
  ["is removed unprotected", { ...two, ...UNPROTECTED }, UNPROTECTED, ["#### Removed: `globex`", DELETED]],
  [
    "is removed after having been retired",
    retired,
    {},
    ["#### Removed: `globex`", "Retired before; the disabled client is deleted."],
  ],
  ["is retired", two, retired, ["#### Retired: `globex`", "The client is disabled: no token is given any more."]],
  [
    "stays, since the stack file as a whole is removed",
    two,
    undefined,
    ["The clients stay in Keycloak until somebody runs `pulumi destroy`."],
  ],
])("of a customer who %s, the review says what happens to the client", (_, before, after, lines) => {
  expect(
    linesOf(before, after)
      .slice(1)
      .filter((line) => !line.startsWith("Also changed")),
  ).toEqual(lines);
});

describe("another organization's data is a danger that names whose it was:", () => {
  const before = customers({
    acme: { organizationUser: "anna" },
    globex: { organizationId: ID },
    initech: { organizationUser: "carl", retired: true },
  });
  const ofAcme = { organizationUser: "anna" };
  const elsewhere = { organizationUser: "otto" };
  const by = (user: string) => `\`the id of the user "${user}"\``;

  test.each([
    [
      "a new customer gets what another one had",
      { acme: elsewhere, globex: { organizationId: ID }, umbrella: ofAcme },
      [
        `- **\`acme\` gets another organization's data: ${by("anna")} → ${by("otto")}.**`,
        `- **\`umbrella\` gets ${by("anna")}; this organization was that of \`acme\` before.**`,
      ],
    ],
    [
      "two customers change places",
      { acme: { organizationId: ID }, globex: { organizationUser: "Anna" } },
      [
        `- **\`acme\` gets another organization's data: ${by("anna")} → \`"${ID}"\`; this organization was that of ` +
          "`globex` before.** Only the server knows that user's id; it may be the same one.",
        `- **\`globex\` gets another organization's data: \`"${ID}"\` → ${by("Anna")}; this organization was that of ` +
          "`acme` before.** Only the server knows that user's id; it may be the same one.",
      ],
    ],
    [
      "a retired customer comes back with what another one had",
      { globex: { organizationId: ID }, initech: ofAcme },
      [
        `- **\`initech\` gets another organization's data: ${by("carl")} → ${by("anna")}; this organization was that of ` +
          "`acme` before.**",
      ],
    ],
    ["a successor has its predecessor's", { acme: ofAcme, "acme-2": { successorOf: "acme" } }, []],
    ["a retired customer's entry is corrected", { initech: { ...elsewhere, retired: true } }, []],
  ])("%s", (_, after, lines) => {
    expect(linesOf(before, customers(after)).filter((line) => line.startsWith("- **"))).toEqual(lines);
  });
});
