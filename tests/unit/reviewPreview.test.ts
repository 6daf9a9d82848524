import fc from "fast-check";

import { policiesIn } from "../../commands/pulumi/engineEvents.ts";
import { readPreview, withPolicies } from "../../commands/pulumi/preview.ts";
import { previewOf, summary, update } from "./reviewRecordings.ts";

const MARK = "4dabf18193072939515e22adb298388d";
const rowOf = (property: string, before: unknown, after: unknown) =>
  summary(previewOf([update("acme", property, before, after)]))
    .split("\n")
    .find((line) => line.startsWith("| `client`"));

describe("a value that changes in a preview", () => {
  test.each([
    ["name", "a", "b", '`"a"`', '`"b"`'],
    ["name", undefined, "b", "`—`", '`"b"`'],
    ["enabled", true, false, "`true`", "`false`"],
    ["id", "x", "04da6b54-80e4-46f7-96ec-b56ff0331ba9", '`"x"`', "`(known after up)`"],
    ["scopes", ["a", "b", "c"], ["a", "c", "d"], '`["b", …]`', '`["d", …]`'],
    ["scopes", ["a", "b"], ["b", "a"], '`["a","b"]`', '`["b","a"]`'],
    ["scopes", [], ["a"], "`[]`", '`["a"]`'],
    ["labels", { __defaults: [], a: 1 }, { a: 2 }, '`{"a":1}`', '`{"a":2}`'],
    ["addToAccessToken", true, false, "`true`", "`false`"],
    // Secrets, by Pulumi's own mark, masked by Pulumi, or by their names.
    ["envs", "[secret]", "[secret]", "`[secret]`", "`[secret]`"],
    ["envs", { [MARK]: "1b47", plaintext: "s3cret" }, ["a"], "`[secret]`", '`["a"]`'],
    ["envs", ["A=1", { [MARK]: "1b47", ciphertext: "s3cret" }], ["A=1"], '`["[secret]", …]`', "`[…]`"],
    ["clientSecret", "s3cret", "n3w", "`[secret]`", "`[secret]`"],
    ["registryAuth", [{ address: "a", password: "s3cret" }], [], '`[{"address":"a","password":"[secret]"}]`', "`[]`"],
    ["clientSecrets", { a: "s3cret" }, ["s3cret"], '`{"a":"[secret]"}`', '`["[secret]"]`'],
  ])("%s is told", (property, before, after, expectedBefore, expectedAfter) => {
    expect(rowOf(property, before, after)).toBe(
      `| \`client\` | \`${property}\` | ${String(expectedBefore)} | ${String(expectedAfter)} |`,
    );
  });

  test("never shows what is marked as a secret, wherever it is", () => {
    const secret = fc.constantFrom({ [MARK]: "1b47", plaintext: "s3cret" }, { [MARK]: "x", value: ["s3cret"] });
    const value = fc.letrec((tie) => ({
      value: fc.oneof(
        secret,
        fc.string(),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), tie("value"), { maxKeys: 3 }),
      ),
    })).value;
    fc.assert(
      fc.property(value, value, (before, after) => {
        expect(rowOf("anything", before, after)).not.toContain("s3cret");
      }),
    );
  });
});

describe("output of a preview that did not succeed", () => {
  test.each([
    ["nothing", "", ""],
    ["another text", "error: no stack named 'prod' found\n", "\nerror: no stack named 'prod' found\n```"],
    ["half a text", "{", ""],
    ["a list", "[]", ""],
    ["null", "null", ""],
    ["neither steps nor counts", "{}", ""],
    ["no counts", '{"steps":[]}', ""],
    ["no steps", '{"changeSummary":{"same":1}}', ""],
    [
      "changes that it counts and does not list",
      '{"steps":[],"changeSummary":{"same":3,"update":2}}',
      "the preview counts 2 × update, and lists 0",
    ],
  ])("is never taken for one without changes: %s", (_, output, told) => {
    expect(summary(output)).toContain("### prod: the preview failed");
    expect(summary(output)).toContain(told);
  });
});

const CHANGED = JSON.parse(previewOf([update("a", "name", 1, 2)])) as object;

test("warnings are told beside the changes", () => {
  const diagnostics = [
    { severity: "warning", message: "<{%fg 3%}>warning: careful<{%reset%}>\n" },
    { severity: "info" },
  ];
  expect(summary(JSON.stringify({ ...CHANGED, diagnostics }))).toContain("Pulumi warns:\n\n```text\ncareful\n```");
});

test("what policies say is told beside the changes: what refuses them as dangerous, and once only, what is advice not", () => {
  const event = (policyName: string, enforcementLevel: string) => ({
    policyEvent: {
      policyName,
      enforcementLevel,
      message: "<{%fg 3%}>why<{%reset%}>\n",
      resourceUrn: "urn::a::b::name",
    },
  });
  const events = [event("must", "mandatory"), event("must", "mandatory"), event("should", "advisory"), {}];
  const diagnostics = [{ severity: "error", message: "error: preview failed\n" }];
  const preview = readPreview(JSON.stringify({ ...CHANGED, diagnostics }));
  const summaryWith = (all: typeof events) => summary(withPolicies(preview, policiesIn(all)));

  expect(summaryWith(events)).toContain(
    "### prod: 1 to update; 14 unchanged; refused by policies (1 violation)\n\n<!-- scpcloud: danger -->\n" +
      "The policy pack refuses the deployment:\n\n```text\nmust of name: why\n```\n<!-- scpcloud: end of danger -->",
  );
  expect(summaryWith(events)).toMatch(/#### `a`[^]*The policy pack advises:\n\n```text\nshould of name: why\n```$/);
  // Without a violation, something else made it fail.
  expect(summaryWith([event("should", "advisory")])).toContain("### prod: the preview failed");
});

describe("the preview of a refresh", () => {
  const urn = (name: string) => `urn:pulumi:prod::scpcloud::a::${name}`;
  const errorsOf = (output: object, isRefresh = true) => readPreview(JSON.stringify(output), isRefresh).errors;

  it("may tell neither steps nor counts, as it does of a state without resources; a preview may not", () => {
    expect(errorsOf({ config: {}, duration: 1 })).toEqual([]);
    expect(errorsOf({ config: {}, duration: 1 }, false)).not.toEqual([]);
    expect(errorsOf({})).not.toEqual([]);
  });

  it("is an error where Pulumi counts a difference that it does not list", () => {
    const steps = [
      { op: "update", urn: urn("a") },
      { op: "refresh", urn: urn("b") },
    ];
    expect(errorsOf({ steps, changeSummary: { update: 1, same: 1 } })).toEqual([]);
    expect(errorsOf({ steps, changeSummary: { update: 2 } })).toEqual(["the preview counts 2 × update, and lists 1"]);
  });
});
