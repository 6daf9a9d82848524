import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isWrittenPlainly } from "../../settings/stackFile/files.ts";
import { parseStackFile } from "../../settings/stackFile/stackFile.ts";
import { withStackFiles } from "../../settings/stackFile/withStackFiles.ts";
import { accepted, configuration, refusalBy } from "./configuration.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const file = "Pulumi.prod.yaml";
const read = (text: string) => parseStackFile(file, text);
const below = (text: string) => `config:\n${text.replace(/^/gm, "  ")}\n`;

/** The faults of a file; the program reads it only if it is not written plainly. */
function faultsIn(text: string) {
  const { faults } = read(text);
  expect(faults.length > 0 && isWrittenPlainly(text)).toBe(false);
  return faults.map(({ key, rule, value }) => ({ key, rule, value }));
}
const faultsOf = (text: string) => faultsIn(below(text));

/** What is told of a file that cannot be read; nothing of its text. */
function unreadable(text: string): string | undefined {
  expect(isWrittenPlainly(text)).toBe(false);
  const { faults, message } = refusalBy(() => read(text));
  expect(faults).toMatchObject([
    { key: file, rule: expect.stringContaining("must be YAML that Pulumi and") as string },
  ]);
  expect(message).not.toMatch(/hunter2|\n +at /);
  return faults[0]?.value;
}

test.each([
  ["integrations: {a: b}\nscpcloud:integrations: {a: c}", "scpcloud:integrations", "integrations", 2, 3],
  ["scpcloud:config:realm: x\nother: y\nrealm: z", "scpcloud:realm", "scpcloud:config:realm", 2, 4],
  ["keycloak:url: x\nkeycloak:config:url: y", "keycloak:url", "keycloak:url", 2, 3],
  ["\"realm\": x\n'scpcloud:realm': {secure: v1:a}", "scpcloud:realm", "realm", 2, 3],
])("one key in two spellings is refused: %j", (text, key, first, line, otherLine) => {
  const value = expect.stringMatching(`^"${first}" in line ${line}, ".*" in line ${otherLine} of ${file}$`) as string;
  expect(faultsOf(text)).toEqual([{ key, rule: "must be written once", value }]);
});

test("keys that only look alike are two", () => {
  expect(
    faultsOf("config:realm: x\nscpcloud:Realm: x\nscpcloud:realm: y\nkeycloak:realm: z\nscpcloud:a.b: x\na: {b: y}"),
  ).toEqual([]);
});

describe("without quotes", () => {
  const rule = "must be in quotes";
  const numbers = "012 -012 0777_1 0o17 089 010.5 0b11 0x1F 685_230.15 1.50 1e3 1e400 +7 .5 5. -0 12345678901234567890";
  const values = [...numbers.split(" "), "2020-01-01", "2020-1-2 10:00:00", ".inf", "-.Inf", ".NaN"];
  test.each(values)("a value that YAML changes is refused: %s", (value) => {
    const found = { value: `${JSON.stringify(value)} in line 2 of Pulumi.prod.yaml`, rule };
    expect(faultsOf(`scpcloud:audience: ${value}`)).toEqual([{ key: "scpcloud:audience", ...found }]);
    expect(faultsOf(`audience: [a, ${value}]`)).toEqual([{ key: "scpcloud:audience[1]", ...found }]);
    expect(faultsOf(`integrations: {acme: {name: ${value}, a: "${value}", b: !!str ${value}}}`)).toEqual([
      { key: "scpcloud:integrations.acme.name", ...found },
    ]);
  });

  test("a secret's text is not shown", () => {
    expect(faultsOf("keycloak:clientSecret: 0123456")).toEqual([
      { key: "keycloak:clientSecret", rule, value: "line 2 of Pulumi.prod.yaml" },
    ]);
  });

  test.each("0 300 -1 1.5 true False null ~ yes off 1:20 1.2.3 v012 7f6c1a52-3a1e".split(" "))(
    "a value that all read alike may stand: %s",
    (value) => expect(faultsOf(`audience: ${value}\napi:\n  a: ${value}\n  b:\n  - ${value}`)).toEqual([]),
  );

  test.each(["012", "12", "2020-01-01", "null", "~", ".inf", "true", "0x1F"])("a key that is no text: %s", (key) => {
    const fault = { rule, value: `${JSON.stringify(key)} in line 3 of Pulumi.prod.yaml` };
    expect(faultsOf(`integrations:\n  ${key}: {name: a}`)).toEqual([{ key: `scpcloud:integrations.${key}`, ...fault }]);
    expect(faultsOf(`integrations:\n  "${key}": {name: a}`)).toEqual([]);
    expect([...faultsOf("integrations: {?a: {}}"), ...faultsOf("integrations:\n  ? true")]).toHaveLength(2);
  });
});

const FORM = "must be a key of the form NAMESPACE:NAME";
test.each([
  [below('"a:b:c": x'), "a:b:c", FORM],
  [below('"keycloak:url:": x'), "keycloak:url:", FORM],
  [below('":a": x'), ":a", FORM],
  [below("audience: !foo b"), "scpcloud:audience", "must have no tag"],
  [below("audience: !!int 7"), "scpcloud:audience", "must have no tag"],
  [below("audience: ! 12"), "scpcloud:audience", "must have no tag"],
  ["config: {realm: a, scpcloud:realm: b}\n", "scpcloud:realm", "must be written once"],
  ["environment: [team]\nconfig:\n  realm: a\n", "environment", "must not be used"],
  ["config:\n  realm: a\nenvironment: {values: {}}\n", "environment", "must not be used"],
  ["config: [realm]\n", "config", "must be a map"],
  ["config: realm\n", "config", "must be a map"],
])("%j is refused", (text, key, rule) => expect(faultsIn(text)).toMatchObject([{ key, rule }]));

test("an empty value is empty text, and an older spelling the same key", () => {
  expect(read("config:\n  realm:\n  scpcloud:config:audience: ~\n  config:api: {a: }\n").config).toEqual({
    "scpcloud:realm": "",
    "scpcloud:audience": "",
    "config:api": { a: null },
  });
});

// Each was tried on Pulumi's own code: it refuses the file, or reads another value; or a reviewer could not see it in place.
test.each([
  ["Map keys must be unique at line 3, column 3", "config:\n  a: hunter2\n  a: 1\n"],
  ["Tabs are not allowed as indentation at line 3, column 1", "config:\n  realm: a\n\tprotect: true"],
  ["a tab where a line begins, in line 3", "config:\n  ? realm\n  :\ta"],
  ["a tab where a line begins, in line 2", "config:\n \t\n  realm: a"],
  ["a control character, in line 2", "config:\n  realm: 'a\u0007'"],
  ["a control character, in line 1", "# a\rb\nconfig: {}"],
  ["a control character, in line 2", "config:\n  realm: 'a\u2028b'"],
  ["a control character, in line 2", "config:\n  realm: a\u0085"],
  ["a control character, in line 2", "config:\n  realm: \uFEFF"],
  ["a line that begins with a colon, in line 3", "config:\n  realm\n    : a"],
  ["a slash behind a backslash, in line 2", 'config:\n  realm: "a\\/b"'],
  ["a colon without a blank behind it, in line 2", "config:\n  integrations: {acme:{organizationUser: anna}}"],
  ["a directive, in line 1", "%YAML 1.1\n---\nconfig:\n  protect: yes"],
  ["a key that is no text, in line 2", "config:\n  realm: {[a]: b}"],
  ["an anchor or an alias (& or *), in line 1", "shared: &shared {realm: a}\nconfig: *shared"],
  ["an anchor or an alias (& or *), in line 2", "config:\n  b: *hunter2\n"],
  ["a merge (<<), in line 2", "config:\n  <<: {realm: hunter2}\n"],
])("a file with something that is read in two ways is refused without its text: %s", (found, text) => {
  expect(unreadable(text)).toBe(found);
});

test.each(["\uFEFFconfig:\r\n  realm: a\r\n", 'config:\n  realm: "a\\\\/b\\u2028"\n', "config:\n  realm:\ta\t# b\n"])(
  "what only looks so is read: %j",
  (text) => expect(faultsIn(text)).toEqual([]),
);

test.each([
  ["alone", "acme:\n  organizationUser:anna"],
  ["the last", "acme:\n  name: Acme\n  organizationUser:anna"],
  ["the first", "acme:\n  organizationUser:anna\n  name: Acme"],
  ["in braces", "acme: {organizationUser:anna}"],
  ["before braces", "acme:{organizationUser: anna}"],
])("a setting of a customer that lacks the blank behind its colon is told so: %s", (_, text) => {
  expect(() =>
    accepted(configuration(read(below(`scpcloud:integrations:\n${text.replace(/^/gm, "  ")}`)).config)),
  ).toThrow(/ a blank behind the colon/);
});

describe("the file of the stack that Pulumi is running", () => {
  const values = { "scpcloud:realm": "a", "scpcloud:audience": "the default" };
  const stackFileFaults = (text: string, stack = "prod") => {
    writeFileSync(file, text);
    return withStackFiles(stack, { values, secretKeys: new Set(), environment: {} }).fileFaults;
  };
  useTemporaryFolder();

  test.each(["prod", "organization/scpcloud/prod"])("is looked at under the stack's name %s", (stack) => {
    const faults = stackFileFaults(below("realm: a\nscpcloud:realm: b"), stack);
    expect(faults).toMatchObject([{ key: "scpcloud:realm", rule: "must be written once" }]);
  });

  test.each([
    ["alias", "shared: &shared {scpcloud:realm: a, scpcloud:audience: a}\nconfig: *shared\n"],
    ["anchor", below("scpcloud:realm: &a b\n012: *a")],
    ["a merge", below("<<: {realm: a}")],
    ["a tab where a line begins", "config:\n  ? realm\n  :\ta"],
  ])("is refused with what Pulumi takes, but not everybody alike: %s", (what, text) => {
    expect(stackFileFaults(text)).toMatchObject([{ key: file, value: expect.stringMatching(what) as string }]);
  });

  test.each([
    ["has other values, so that Pulumi took another", below("realm: a\nscpcloud:realm: b\nprotect: true")],
    ["has other keys beside an anchor", below("scpcloud:realm: &realm a\nscpcloud:protect: true")],
    ["has no fault", below("realm: a")],
    ["cannot be read, so that Pulumi took another", "config: ["],
  ])("is no reason to stop where it %s", (_, text) => {
    expect(stackFileFaults(text)).toEqual([]);
  });

  test("need not be there", () => {
    expect(stackFileFaults("config: [", "another")).toEqual([]);
  });
});

test.each([
  ["prod", "file:///srv/scpcloud/.local/state", true],
  ["prod", "file:///srv/scpcloud/.local/state-26.3.5/", true],
  ["organization/scpcloud/dev", "file:///srv/scpcloud/.local/state", false],
  ["prod", "file:///srv/state", false],
  ["prod", "file://~/.local/share/state", false],
  ["prod", "s3://state?prefix=/.local/state", false],
])("stack %s in the state %s is refused, since that is the embedded Keycloak's: %s", (stack, url, isRefused) => {
  const { fileFaults } = withStackFiles(stack, {
    values: {},
    secretKeys: new Set(),
    environment: { PULUMI_BACKEND_URL: url },
  });
  expect(fileFaults).toMatchObject(isRefused ? [{ key: "PULUMI_BACKEND_URL", value: url }] : []);
});

describe("the program loads no YAML library", () => {
  test.each(["dev", "prod"])("for the committed stack %s, also with a further customer", (stack) => {
    const text = readFileSync(join(import.meta.dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
    expect(read(text).faults).toEqual([]);
    // As `pulumi config set` writes it: the first pull request changes no further line.
    expect(text).not.toMatch(/^ {2}\S+: (\d+|true|false)$/m);
    const id = "0b8f2a6f-3a1e-4f53-9d0c-7f6c1a524f11";
    const customers = `    acme:\n      organizationId: ${id}\n      name: Müller & Co\n      retired: true # since 2025\n`;
    expect(isWrittenPlainly(text)).toBe(true);
    expect(isWrittenPlainly(text.replace(/(scpcloud:integrations:\n)/, `$1${customers}`))).toBe(true);
  });

  test.each(["a: b\nc: d", "012: {}", "True: a", "a: 012", "a: b: c", "- 1_000", "a: |\n  b", "a: >-", 'a: "\\u0041"'])(
    "but for a file with %j",
    (text) => expect(isWrittenPlainly(`config:\n  scpcloud:integrations:\n    ${text}\n`)).toBe(false),
  );
});
