import fc from "fast-check";

import { previewOf, recording, RECORDINGS, stepOf, summary, update } from "./reviewRecordings.ts";

describe("what pulumi said of this program", () => {
  test.each(RECORDINGS)("is summed up, in whatever order the steps came: %s", (name) => {
    expect(summary(recording(name))).toMatchSnapshot();
    const { steps, ...rest } = JSON.parse(recording(name)) as { steps: unknown[] };
    fc.assert(
      fc.property(fc.shuffledSubarray(steps, { minLength: steps.length }), (shuffled) => {
        expect(summary(JSON.stringify({ ...rest, steps: shuffled }))).toBe(summary(recording(name)));
      }),
      { numRuns: 5 },
    );
  });
});

describe("the order of a preview's summary", () => {
  test("is that of danger, then of names", () => {
    const text = summary(
      previewOf([
        stepOf("e", { op: "create" }),
        update("d", "name", "a", "b"),
        update("c", "enabled", true, false),
        stepOf("b", { op: "replace" }),
        stepOf("a", { op: "delete" }),
        stepOf("a2", { op: "delete" }),
      ]),
    );
    expect(text.match(/^####.*$/gm)).toEqual([
      "#### 2 customers: `a`, `a2`",
      "#### `b`",
      "#### `c`",
      "#### `d`",
      "#### `e`",
    ]);
    expect(text.match(/^- .*$/gm)).toEqual([
      "- **The client is deleted, and its credentials are refused from then on: `a`, `a2`**",
      "- **The client is replaced: the customer needs its new secret: `b`**",
      "- **The client is disabled (retired): `c`**",
    ]);
  });

  test("has no client in danger where the server has lost something else of a customer", () => {
    const mapper = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
    const text = summary(previewOf(["refresh", "create"].map((op) => stepOf("a", { op }, mapper))));
    expect(text).toContain("**Made anew**, because the server has lost it: `hardcoded claim protocol mapper`.");
    expect(text).not.toMatch(/^- /m);
  });

  test.each([
    ["the steps of one replacement for one", ["delete-replaced", "replace", "create-replacement"], "1 to replace; 14"],
    ["an operation that is unknown for the worst", ["obliterate"], "1 to delete; 14"],
  ])("takes %s", (_, ops, told) => {
    expect(summary(previewOf(ops.map((op) => stepOf("a", { op }))))).toContain(`### prod: ${told} unchanged`);
  });
});

describe("a customer's name in a preview's summary", () => {
  test("is that of the component, however far above", () => {
    const urn = "urn:pulumi:prod::scpcloud::scpcloud:keycloak:Integration";
    const steps = [
      { op: "same", urn: `${urn}$x:y:Group::g`, newState: { parent: `${urn}::acme::eu` } },
      { op: "create", urn: `${urn}$x:y:Group$x:y:Thing::t`, newState: { parent: `${urn}$x:y:Group::g` } },
    ];
    expect(summary(previewOf(steps))).toContain("#### `acme::eu`");
  });

  test("is harmless, whatever it is", () => {
    const text = summary(previewOf([update("a|`<img>\n# @team", "name", "a", "x|<b>")]));
    expect(text).toContain("#### ``a|`<img>\\u{a}# @team``");
    expect(text).toContain('| `client` | `name` | `"a"` | `"x\\|<b>"` |');
  });
});

describe("the limit of a preview's summary", () => {
  test("is kept, and the most dangerous customer stays", () => {
    const many = Array.from({ length: 500 }, (_, index) => update(`customer-${index}`, "name", "a", "x".repeat(50)));
    const output = previewOf([...many, stepOf("last", { op: "delete" })]);
    fc.assert(
      fc.property(fc.integer({ min: 2_000, max: 70_000 }), (limit) => {
        const text = summary(output, limit);
        expect(text.length).toBeLessThanOrEqual(limit);
        expect(/^#### .*$/m.exec(text)?.[0]).toBe("#### `last`");
      }),
      { numRuns: 20 },
    );
  });

  test("does not cut what says why a preview failed without a word", () => {
    const diagnostics = [{ severity: "error", message: `error: ${"a line\n".repeat(20_000)}` }];
    expect(summary(JSON.stringify({ diagnostics, steps: [] }), 5_000)).toMatch(/… and \d+ more lines/);
  });
});
