import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { mayHaveFaults } from "../../settings/configKeys";
import { SettingsError } from "../../settings/faults";
import { withStackFiles } from "../../settings/sourceFiles";
import { parseStackFile } from "../../settings/stackFile";
import { accepted, configuration } from "./configuration";
import { useTemporaryFolder } from "./temporaryFolder";

const file = "Pulumi.prod.yaml";
const read = (text: string) => parseStackFile(file, text);
const below = (text: string) => `config:\n${text.replace(/^/gm, "  ")}\n`;

/** The faults of what stands below `config`; the program, too, has to see that there may be one. */
function faultsOf(text: string) {
  const { faults } = read(below(text));
  expect(faults.length === 0 || mayHaveFaults(below(text))).toBe(true);
  return faults.map(({ key, rule, value }) => ({ key, rule, value }));
}

describe("one key in two spellings is refused:", () => {
  test.each([
    [
      "integrations: {a: b}\nscpcloud:integrations: {a: c}",
      "scpcloud:integrations",
      ["integrations", 2],
      ["scpcloud:integrations", 3],
    ],
    ["scpcloud:config:realm: x\nother: y\nrealm: z", "scpcloud:realm", ["scpcloud:config:realm", 2], ["realm", 4]],
    ["keycloak:url: x\nkeycloak:config:url: y", "keycloak:url", ["keycloak:url", 2], ["keycloak:config:url", 3]],
    ["scpcloud:realm: {secure: v1:a}\nrealm: y", "scpcloud:realm", ["scpcloud:realm", 2], ["realm", 3]],
    ["\"realm\": x\n'scpcloud:realm': y", "scpcloud:realm", ["realm", 2], ["scpcloud:realm", 3]],
    ["realm: x\n<<: {scpcloud:realm: y}", "scpcloud:realm", ["realm", 2], ["scpcloud:realm", 3]],
    ["<<: [{realm: x}, {scpcloud:realm: y}]", "scpcloud:realm", ["realm", 2], ["scpcloud:realm", 2]],
  ])("%j", (text, key, [first, line], [second, otherLine]) => {
    expect(faultsOf(text)).toEqual([
      {
        key,
        rule: "must be written once",
        value: `"${first}" in line ${line}, "${second}" in line ${otherLine} of Pulumi.prod.yaml`,
      },
    ]);
  });

  test("in a file as one flow map", () => {
    const text = "config: {realm: a, scpcloud:realm: b}\n";
    expect(read(text).faults.map(({ key }) => key)).toEqual(["scpcloud:realm"]);
    expect(mayHaveFaults(text)).toBe(true);
  });

  test("where both come from an anchor outside of the configuration", () => {
    const text = "shared: &shared {realm: a}\nconfig:\n  <<: *shared\n  scpcloud:realm: b\n";
    expect(read(text).faults.map(({ value }) => value)).toEqual([
      '"realm" in line 1, "scpcloud:realm" in line 4 of Pulumi.prod.yaml',
    ]);
    expect(mayHaveFaults(text)).toBe(true);
  });
});

test.each([
  "config:realm: x\nscpcloud:realm: y",
  "scpcloud:Realm: x\nscpcloud:realm: y",
  "scpcloud:a.b: x\nscpcloud:a: {b: y}",
  "keycloak:realm: x\nscpcloud:realm: y",
  "realm: x\n<<: {realm: y}",
  "<<: [{realm: x}, {realm: y}]",
])("two keys that only look alike are left alone: %j", (text) => {
  expect(faultsOf(text)).toEqual([]);
});

describe("a value without quotes that YAML changes is refused:", () => {
  test.each([
    ...["012", "-012", "0777", "0777_1", "0o17", "089", "010.5", "0b11", "0x1F", "1_000", "685_230.15", "1.50", "1e3"],
    ...[
      "1e400",
      "+7",
      ".5",
      "5.",
      "-0",
      "12345678901234567890",
      "2020-01-01",
      "2020-1-2 10:00:00",
      ".inf",
      "-.Inf",
      ".NaN",
    ],
  ])("%s", (value) => {
    const rule = "must be in quotes";
    const found = { value: `${JSON.stringify(value)} in line 2 of Pulumi.prod.yaml`, rule };
    expect(faultsOf(`scpcloud:audience: ${value}`)).toEqual([{ key: "scpcloud:audience", ...found }]);
    expect(faultsOf(`audience: [a, ${value}]`)).toEqual([{ key: "scpcloud:audience[1]", ...found }]);
    expect(faultsOf(`integrations: {acme: {name: ${value}}}`)).toEqual([
      { key: "scpcloud:integrations.acme.name", ...found },
    ]);
    expect(faultsOf(`integrations: {acme: {name: "${value}", user: '${value}', other: !!str ${value}}}`)).toEqual([]);
  });

  test.each([
    "0",
    "300",
    "-1",
    "1.5",
    "true",
    "False",
    "null",
    "~",
    "",
    "yes",
    "off",
    "1:20",
    "1.2.3",
    "v012",
    "7f6c1a52-3a1e",
  ])("but not %j, which all read alike", (value) => {
    expect(faultsOf(`audience: ${value}\napi:\n  a: ${value}\n  b:\n  - ${value}`)).toEqual([]);
  });

  test("without its text where it may be a secret", () => {
    expect(faultsOf("keycloak:clientSecret: 0123456")).toEqual([
      { key: "keycloak:clientSecret", rule: "must be in quotes", value: "line 2 of Pulumi.prod.yaml" },
    ]);
  });
});

describe("a key without quotes that is no text is refused:", () => {
  test.each(["012", "12", "2020-01-01", "null", "~", ".inf", "true", "0x1F"])("%s", (key) => {
    const fault = { rule: "must be in quotes", value: `${JSON.stringify(key)} in line 3 of Pulumi.prod.yaml` };
    expect(faultsOf(`integrations:\n  ${key}: {name: a}`)).toEqual([{ key: `scpcloud:integrations.${key}`, ...fault }]);
    expect(faultsOf(`integrations:\n  "${key}": {name: a}`)).toEqual([]);
  });

  test("also in a flow map, and as an explicit key", () => {
    expect(faultsOf("integrations: {012: {}}")).toHaveLength(1);
    expect(faultsOf("integrations: {?a: {}}")).toHaveLength(1);
    expect(faultsOf("integrations:\n  ? true")).toHaveLength(1);
  });
});

test.each(["a:b:c", "keycloak:url:", ":a"])("a key that Pulumi cannot parse is refused: %s", (key) => {
  expect(faultsOf(`"${key}": x`)).toMatchObject([{ rule: "must be a key of the form NAMESPACE:NAME" }]);
});

test.each([
  ["environment: [team]\nconfig:\n  realm: a\n", "environment"],
  ["config:\n  realm: a\nenvironment: {values: {}}\n", "environment"],
  ["config: [realm]\n", "config"],
  ["config: realm\n", "config"],
])("settings that do not stand in the file's map are refused: %j", (text, key) => {
  expect(read(text).faults).toMatchObject([{ key }]);
  expect(mayHaveFaults(text)).toBe(true);
});

test.each(["!foo b", "!!int 7", "!!binary aGk=", "! 12", "!!map {}"])("a tag is refused: %s", (value) => {
  expect(faultsOf(`audience: ${value}`)).toMatchObject([{ key: "scpcloud:audience", rule: "must have no tag" }]);
});

describe("what Pulumi reads is read alike:", () => {
  test("entries that are merged, of which the explicit ones win", () => {
    const text = "shared: &shared {name: a, user: b}\nother: &other {name: c, age: d}";
    expect(read(below(`${text}\nx: {<<: *shared, name: X}\ny: {<<: [*shared, *other]}`)).config).toMatchObject({
      "scpcloud:x": { name: "X", user: "b" },
      "scpcloud:y": { name: "a", user: "b", age: "d" },
    });
  });

  test("an anchor that a thousand customers use", () => {
    const customers = Array.from({ length: 1000 }, (_, index) => `  c${index}: {<<: *shared}`).join("\n");
    const { config } = read(below(`shared: &shared {user: b}\nintegrations:\n${customers}`));
    expect(Object.keys(config["scpcloud:integrations"] as object)).toHaveLength(1000);
  });

  test("nothing behind a key, which is empty text", () => {
    expect(read("config:\n  realm:\n  audience: ~\n  api: {a: }\n").config).toEqual({
      "scpcloud:realm": "",
      "scpcloud:audience": "",
      "scpcloud:api": { a: null },
    });
  });

  test("the older spelling of a key", () => {
    expect(read(below("scpcloud:config:realm: x\nconfig:realm: y")).config).toEqual({
      "scpcloud:realm": "x",
      "config:realm": "y",
    });
  });
});

test.each([
  ["an anchor that contains itself", "config: &a\n  b: *a\n", "an anchor that contains itself, in line 2"],
  ["an anchor that merges itself", "config:\n  a: &a\n    <<: *a\n", "an anchor that contains itself, in line 3"],
  ["an alias of nothing", "config:\n  b: *hunter2\n", "an alias of an anchor that there is not, in line 2"],
  ["a merge of no map", "config:\n  <<: hunter2\n", undefined],
  ["the same key twice", "config:\n  a: hunter2\n  a: 1\n", undefined],
  [
    "anchors that multiply",
    [
      "a: &a0 [x]",
      ...Array.from({ length: 12 }, (_, i) => `a${i}: &a${i + 1} [${Array(9).fill(`*a${i}`).join()}]`),
    ].join("\n"),
    undefined,
  ],
])("a file with %s is refused without a stack trace and without its text", (_, text, found) => {
  expect(unreadable(text)).toContain(found ?? "");
});

describe("a file that Pulumi and the package yaml read in two ways is refused by its line:", () => {
  // Each was tried on Pulumi's own code: it refuses the file, or reads another value.
  test.each([
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
    ["a directive, %YAML", "%YAML 1.1\n---\nconfig:\n  protect: yes"],
    ["a key that is no text, in line 2", "config:\n  realm: {[a]: b}"],
    ["an anchor with other characters than letters and digits, in line 2", "config:\n  realm: &. a"],
  ])("%s", (found, text) => {
    expect(unreadable(text)).toBe(found);
  });

  test.each(["\uFEFFconfig:\r\n  realm: a\r\n", 'config:\n  realm: "a\\\\/b\\u2028"\n', "config:\n  realm:\ta\t# b\n"])(
    "but not %j",
    (text) => {
      expect(read(text).faults).toEqual([]);
    },
  );
});

/** What is told of a file that cannot be read; nothing of its text. */
function unreadable(text: string): string | undefined {
  const error = refusal(text) as SettingsError;
  expect(error).toBeInstanceOf(SettingsError);
  expect(error.faults).toMatchObject([{ key: file, rule: "must be YAML that Pulumi and this program read alike" }]);
  expect(error.message).not.toMatch(/hunter2|\n +at /);
  return error.faults[0]?.value;
}

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
  const twice = below("realm: a\nscpcloud:realm: b");
  const values = { "scpcloud:realm": "a", "scpcloud:audience": "the default" };
  const stackFileFaults = (stack: string) =>
    withStackFiles(stack, { values, secretKeys: new Set(), environment: {} }).fileFaults;
  useTemporaryFolder();

  test.each(["prod", "organization/scpcloud/prod"])("is looked at under the stack's name %s", (stack) => {
    writeFileSync(file, twice);
    expect(stackFileFaults(stack)).toMatchObject([{ key: "scpcloud:realm", rule: "must be written once" }]);
  });

  test("is left alone where the values come from another", () => {
    writeFileSync(file, below("realm: a\nscpcloud:realm: b\nprotect: true"));
    expect(stackFileFaults("prod")).toEqual([]);
  });

  test.each([
    ["is not there", undefined],
    ["has no fault", below("realm: a")],
    ["only looks as if it had one", below("<<: {realm: a}")],
    ["cannot be read, so that Pulumi took another", "config: ["],
  ])("is no reason to stop where it %s", (_, text) => {
    if (text !== undefined) {
      writeFileSync(file, text);
    }
    expect(stackFileFaults("prod")).toEqual([]);
  });
});

describe("the state of the embedded Keycloak", () => {
  const faultsIn = (stack: string, url: string) =>
    withStackFiles(stack, { values: {}, secretKeys: new Set(), environment: { PULUMI_BACKEND_URL: url } }).fileFaults;
  useTemporaryFolder();

  test.each(["file:///srv/scpcloud/.local/state", "file:///srv/scpcloud/.local/state-26.3.5/"])(
    "is no place for any stack but dev: %s",
    (url) => {
      expect(faultsIn("prod", url)).toMatchObject([{ key: "PULUMI_BACKEND_URL", value: url }]);
      expect(faultsIn("organization/scpcloud/dev", url)).toEqual([]);
    },
  );

  test.each(["file:///srv/state", "file://~/.local/share/state", "s3://state?prefix=/.local/state"])(
    "is not every other backend: %s",
    (url) => expect(faultsIn("prod", url)).toEqual([]),
  );
});

function refusal(text: string): unknown {
  try {
    read(text);
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each(["dev", "prod"])("the program does not load a YAML library for the committed stack %s", (stack) => {
  const text = readFileSync(join(__dirname, "..", "..", `Pulumi.${stack}.yaml`), "utf8");
  expect(read(text).faults).toEqual([]);
  expect(mayHaveFaults(text)).toBe(false);
  // As `pulumi config set` writes it: the first pull request changes no further line.
  expect(text).not.toMatch(/^ {2}\S+: (\d+|true|false)$/m);
  const id = "0b8f2a6f-3a1e-4f53-9d0c-7f6c1a524f11";
  const customers = `    acme:\n      organizationId: ${id}\n      retired: true # since 2025\n`;
  expect(mayHaveFaults(text.replace(/(scpcloud:integrations:\n)/, `$1${customers}`))).toBe(false);
});
