import { writeFileSync } from "node:fs";

import { stringify } from "yaml";

import { formatFaults } from "../../faults/faults.ts";
import { checkOtherStacks } from "../../lookups/organizations.ts";
import { readSettings } from "../../settings/read.ts";
import { readStackFiles } from "../../settings/stackFile/files.ts";
import { stacksOfRealm } from "../../settings/stackFile/realmStacks.ts";
import { withStackFiles } from "../../settings/stackFile/withStackFiles.ts";
import { stackValues } from "../stackFile.ts";
import { ID, MINIMAL, refusalBy } from "./configuration.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

type Config = Readonly<Record<string, unknown>>;

const CONNECTION = { "keycloak:url": "https://inside.example.com", "keycloak:clientId": "another-deployer" };
const REALM: Config = { ...MINIMAL, "scpcloud:audience": "another", "scpcloud:accountAccess": true };
const realmOf = (integrations: object): Config => ({ ...REALM, "scpcloud:integrations": integrations });
const customersOf = (integrations: object, realmStack = "prod"): Config => ({
  ...CONNECTION,
  "scpcloud:realmStack": realmStack,
  "scpcloud:integrations": integrations,
});
const GLOBEX = customersOf({ globex: { organizationUser: "bo" } });
const OTHER = customersOf({ other: { organizationUser: "carl" } });

useTemporaryFolder();

/** Writes these stack files; a text as it is. */
function write(files: Readonly<Record<string, Config | string>>): void {
  for (const [stack, config] of Object.entries(files)) {
    const text = typeof config === "string" ? config : stringify({ config }, { defaultStringType: "QUOTE_DOUBLE" });
    writeFileSync(`Pulumi.${stack}.yaml`, text);
  }
}

/** The settings of a stack among the files that were written, as Pulumi hands its own out. */
const settingsOf = (stack: string, config: Config) =>
  readSettings(
    withStackFiles(stack, { ...stackValues(config), environment: { KEYCLOAK_CLIENT_SECRET: "the deployer's secret" } }),
  );

/** What the user reads of a stack that is refused. */
const refusalOf = (stack: string, config: Config) => refusalBy(() => settingsOf(stack, config)).message;

describe("a stack of customers only", () => {
  test("has the settings of its realm stack, but its own customers and its own connection", () => {
    write({ prod: { ...REALM, "keycloak:clientTimeout": 7 }, "prod-b": GLOBEX });

    expect(settingsOf("prod-b", GLOBEX)).toMatchObject({
      realmStack: "prod",
      usedBy: [],
      publicUrl: "https://keycloak.example.com",
      audience: "another",
      accountAccess: true,
      integrations: [{ clientId: "globex" }],
      connection: { url: "https://inside.example.com" },
      deployer: { clientId: "another-deployer" },
    });
  });

  test.each([
    ["the value of the realm stack", { "scpcloud:audience": "another" }],
    ["the default of Pulumi.yaml", { "scpcloud:audience": "scpCloud" }],
    ["a key without its namespace", { audience: "third" }],
  ])("is refused a key that is the realm stack's: %s", (_, repeated) => {
    write({ prod: REALM, "prod-b": { ...GLOBEX, ...repeated } });

    expect(refusalOf("prod-b", { ...GLOBEX, "scpcloud:audience": Object.values(repeated)[0] })).toMatch(
      /^1 fault .*\n\nscpcloud:audience\n {2}must not stand in Pulumi\.prod-b\.yaml,/,
    );
  });

  const named = (realmStack: string): Config => ({ ...GLOBEX, "scpcloud:realmStack": realmStack });
  test.each<[string, Readonly<Record<string, Config | string>>, Config]>([
    [
      "with all keys that are the realm stack's",
      { prod: REALM },
      { ...GLOBEX, "scpcloud:audience": "third", "scpcloud:protect": false },
    ],
    [
      "with a fault of the realm stack's file by that file's name",
      { prod: { ...REALM, "scpcloud:audience": "two words", "scpcloud:contct": "x" } },
      GLOBEX,
    ],
    [
      "with a value that Pulumi changes in the realm stack's file",
      { prod: `${stringify({ config: REALM })}  scpcloud:contact: 012\n` },
      GLOBEX,
    ],
    ["without customers", { prod: REALM }, customersOf({})],
    ["where its realmStack has no stack file", { prod: REALM, "prod-c": OTHER }, named("prdo")],
    ["where its realmStack is the stack itself", { prod: REALM }, named("prod-b")],
    ["where its realmStack has one itself", { prod: REALM, "prod-c": OTHER }, named("prod-c")],
    ["where others name it, too", { prod: REALM, "prod-c": customersOf({}, "prod-b") }, GLOBEX],
  ])("is refused %s", (_, files, config) => {
    write({ ...files, "prod-b": config });
    expect(refusalOf("prod-b", config)).toMatchSnapshot();
  });

  test("is refused where its own file, in which the other stacks read it, does not name the realm stack", () => {
    write({ prod: REALM });
    expect(refusalOf("prod-b", GLOBEX)).toMatchSnapshot();
  });
});

test.each([
  ["quotes", '  scpcloud:realmStack: "prod" # customers only'],
  ["no namespace", "  realmStack: prod"],
  ["the older spelling", "  scpcloud:config:realmStack: 'prod'"],
  ["Windows line endings", "  scpcloud:realmStack: prod\r"],
  ["a comment that names another", "  # scpcloud:realmStack: dev\n  scpcloud:realmStack: prod"],
])("a realmStack is read as Pulumi reads it: with %s", (_, line) => {
  write({ prod: REALM, "prod-b": `config:\n${line}\n  scpcloud:integrations:\n    globex: {organizationUser: bo}\n` });

  expect(settingsOf("prod", REALM).usedBy).toEqual(["prod-b"]);
  expect(stacksOfRealm("prod", readStackFiles()).map(({ stack }) => stack)).toEqual(["prod", "prod-b"]);
});

describe("a realm stack", () => {
  test.each([
    ["may have no customers where another stack names it", GLOBEX, ["prod-b"]],
    ["is used only by stacks that have customers, so that the last one can be taken down", customersOf({}), []],
  ])("%s", (_, customers, usedBy) => {
    write({ prod: realmOf({}), "prod-b": customers });

    expect(settingsOf("prod", realmOf({}))).toMatchObject({ usedBy, integrations: [] });
  });

  test("has to have customers where none does", () => {
    write({ prod: realmOf({}), dev: customersOf({ globex: { organizationUser: "bo" } }, "other") });

    expect(refusalOf("prod", realmOf({}))).toContain("must be a map of client ids with at least one customer");
  });

  test("and its stacks are told with their files and customers, by name", () => {
    write({ prod: REALM, "prod-c": OTHER, "prod-b": GLOBEX, dev: REALM });

    expect(stacksOfRealm("prod", readStackFiles())).toEqual([
      { stack: "prod", file: "Pulumi.prod.yaml", integrations: REALM["scpcloud:integrations"] },
      { stack: "prod-b", file: "Pulumi.prod-b.yaml", integrations: { globex: { organizationUser: "bo" } } },
      { stack: "prod-c", file: "Pulumi.prod-c.yaml", integrations: { other: { organizationUser: "carl" } } },
    ]);
  });

  test.each([
    ["none", "there is no Pulumi.none.yaml"],
    ["prod-b", "Pulumi.prod-b.yaml has scpcloud:realmStack: prod"],
  ])("cannot be %s", (name, words) => {
    write({ prod: REALM, "prod-b": GLOBEX });

    expect(() => stacksOfRealm(name, readStackFiles())).toThrow(words);
  });
});

describe("the customers of a realm's stacks", () => {
  /** The same pair of faulty stacks, seen from either. */
  function eachRefusal(inRealm: object, inCustomers: object): string[] {
    const [realm, customers] = [realmOf(inRealm), customersOf(inCustomers)];
    write({ prod: realm, "prod-b": customers, "prod-c": OTHER });
    return [refusalOf("prod", realm), refusalOf("prod-b", customers)];
  }

  test("are in one stack only", () => {
    expect(eachRefusal({ acme: { organizationUser: "anna" } }, { acme: { organizationUser: "bo" } })).toMatchSnapshot();
  });

  test("are compared between two stacks of customers, too", () => {
    write({ prod: REALM, "prod-b": GLOBEX, "prod-c": customersOf({ globex: { organizationUser: "carl" } }) });

    expect(refusalOf("prod-b", GLOBEX)).toContain("in Pulumi.prod-b.yaml and in Pulumi.prod-c.yaml");
    expect(settingsOf("prod", REALM).usedBy).toEqual(["prod-b", "prod-c"]);
  });

  test.each([
    [{ organizationUser: "Anna" }, { organizationUser: "anna" }, "anna"],
    [{ organizationId: ID }, { organizationId: ID }, ID],
    [{ organizationUser: "müller gmbh" }, { organizationUser: "müller gmbh" }, "müller gmbh"],
    [{ organizationUser: "o'brien" }, { organizationUser: "o'brien" }, "o'brien"],
    // Who shares it is not told.
    [{ organizationUser: "anna", sharedOrganization: true }, { organizationUser: "anna" }, "anna"],
  ])("have an organization of their own: %j and %j", (acme, globex, name) => {
    const [inRealm = "", inCustomers] = eachRefusal({ acme }, { globex });

    expect(inRealm).toContain("must not have another customer's organization,");
    expect(inRealm.match(/(?<=Found: ).*/g)).toEqual([
      ...("sharedOrganization" in acme
        ? []
        : [`"${name}" in Pulumi.prod.yaml, also of scpcloud:integrations.globex in Pulumi.prod-b.yaml`]),
      `"${name}" in Pulumi.prod-b.yaml, also of scpcloud:integrations.acme in Pulumi.prod.yaml`,
    ]);
    expect(inCustomers).toBe(inRealm);
  });

  test("have one organization where all of them say so", () => {
    const shared = { organizationUser: "anna", sharedOrganization: true };
    const [realm, customers] = [realmOf({ acme: shared }), customersOf({ globex: shared })];
    write({ prod: realm, "prod-b": customers });

    expect(settingsOf("prod", realm).usedBy).toEqual(["prod-b"]);
    expect(settingsOf("prod-b", customers).integrations).toHaveLength(1);
  });

  test("have their successors in the same stack", () => {
    const [inRealm, inCustomers] = eachRefusal(
      { acme: { organizationUser: "anna" } },
      { "acme-2": { successorOf: "acme" } },
    );

    expect(inRealm).toMatchSnapshot();
    expect(inCustomers).toBe(inRealm);
  });

  test.each([
    ["an escape", '    "gl\\u006fbex": {organizationUser: dora}'],
    ["a flow map", '    {"globex": {organizationUser: dora}}'],
    ["an organization over two lines", "    other:\n      organizationUser: bo\n        und co"],
  ])("are found however YAML spells them: %s", (_, lines) => {
    const own = customersOf({ globex: { organizationUser: "bo und co" } });
    const other = `config:\n  scpcloud:realmStack: prod\n  scpcloud:integrations:\n${lines}\n`;
    write({ prod: REALM, "prod-b": own, "prod-c": other });

    expect(refusalOf("prod-b", own)).toContain("Pulumi.prod-c.yaml");
  });
});

test("other stacks of the folder are none of a stack's business", () => {
  write({ prod: REALM, "prod-b": GLOBEX, dev: MINIMAL, broken: "config: [" });

  expect(settingsOf("dev", MINIMAL)).toMatchObject({ usedBy: [], integrations: [{ clientId: "acme" }] });
});

describe("one organization in two stacks, once by the user's id and once by name", () => {
  const told = async (stack: string, config: Config) => {
    const settings = settingsOf(stack, config);
    const resolved = settings.integrations.map((integration) => ({ ...integration, organizationId: ID }));
    const admin = { get: () => Promise.resolve([{ id: ID, username: "bo" }]) };
    return checkOtherStacks(resolved, settings, admin);
  };
  const acme = { organizationId: ID };

  test("is refused in the stack that has the id, and in the one that has the name", async () => {
    write({ prod: realmOf({ acme }), "prod-b": GLOBEX });
    expect(formatFaults(await told("prod", realmOf({ acme })))).toMatch(
      /^scpcloud:integrations\.acme\n {2}must not have another customer's organization,\n.*\n {2}Found: .*"bo"/m,
    );
    expect(formatFaults(await told("prod-b", GLOBEX))).toMatch(
      /^scpcloud:integrations\.globex\n {2}must not have another customer's organization,\n.*\n {2}Found: .*Pulumi\.prod\.yaml/m,
    );
  });

  test("is allowed where each says that it is shared", async () => {
    const realm = realmOf({ acme: { ...acme, sharedOrganization: true } });
    const customers = customersOf({ globex: { organizationUser: "bo", sharedOrganization: true } });
    write({ prod: realm, "prod-b": customers });
    expect([...(await told("prod", realm)), ...(await told("prod-b", customers))]).toEqual([]);
  });

  test("is no fault where the users are two", async () => {
    write({ prod: realmOf({ acme }), "prod-b": OTHER });
    expect(await told("prod", realmOf({ acme }))).toEqual([]);
  });
});
