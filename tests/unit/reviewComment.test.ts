import fc from "fast-check";

import { type EngineEvent, policiesIn } from "../../commands/pulumi/engineEvents.ts";
import { readPreview, type Step, withPolicies } from "../../commands/pulumi/preview.ts";
import { claimsPart } from "../../commands/review/claimsText.ts";
import { partText, readParts, reviewComment, type ReviewPart } from "../../commands/review/part.ts";
import { summaryPart } from "../../commands/review/summary.ts";
import { ID, OTHER_ID } from "./configuration.ts";
import { customers, review } from "./reviewConfiguration.ts";
import { previewOf, stepOf } from "./reviewRecordings.ts";

const part = (heading: string, sections: readonly string[] = [], dangers: readonly string[] = []): ReviewPart => ({
  heading,
  dangers,
  sections,
});
const customer = (name: string, length: number) => `#### \`${name}\`\n\n${"x".repeat(length)}`;
const DELETED = "- **deleted**";

describe("a part of a review as text", () => {
  const parts = [part("dev: one", ["First.", customer("a", 5)], [DELETED, "**other**"]), part("prod: two")];
  const text = parts.map((one) => partText(one, 1_000, "see")).join("\n\n");

  test("has what is dangerous first, between marks, and is read again as it was", () => {
    expect(text).toMatch(/^### dev: one\n\n<!-- scpcloud: danger -->\n- \*\*deleted\*\*\n<!-- .* -->\n\n<!-- /);
    expect(readParts(text)).toEqual(parts);
  });

  test("gives no heading and no mark out of code, where a stranger may have written them", () => {
    const code = `\`\`\`\`text\n${text}\n\`\`\`\n\`\`\`\``;
    expect(readParts(partText(part("dev: one", [code]), 1_000, ""))).toEqual([part("dev: one", [code])]);
  });

  test("keeps to the limit, and tells what was left out", () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1_000, max: 9_000 }), (all, limit) => {
        const sections = all.map((length, index) => `#### ${index}\n\n${"x".repeat(length)}`);
        const text = partText(part("head", sections), limit, "see x");
        const [title, ...shown] = text.split(/\n\n(?=####|…)/);
        const left = /^… and (\d+) more parts?, for which a comment has no room; see x\.$/.exec(shown.at(-1) ?? "");
        const told = left === null ? shown : shown.slice(0, -1);
        expect([title, told.length + Number(left?.[1] ?? 0)]).toEqual(["### head", sections.length]);
        expect(told).toEqual(sections.filter((section) => told.includes(section)));
        expect(text.length).toBeLessThanOrEqual(limit);
        // What is left out has no room, beside the line that tells it.
        const shortest = Math.min(...sections.filter((section) => !told.includes(section)).map(({ length }) => length));
        expect(text.length + shortest + 200).toBeGreaterThan(limit);
      }),
    );
  });
});

describe("the review's comment", () => {
  test("has the dangers of all stacks first, and then keeps to the limit, and counts what is left out", () => {
    const long = Array.from({ length: 50 }, (_, index) => customer(`c${index}`, 200));
    const text = reviewComment([part("dev: one", long), part("prod: two", [], [DELETED])], 5000);
    expect(text.length).toBeLessThanOrEqual(5000);
    expect(text).toMatch(/^### Dangerous\n\n\*\*prod: two\*\*\n\n- \*\*deleted\*\*\n\n### dev: one\n\n#### `c0`/);
    const shown = text.match(/^#### /gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(10);
    expect(text).toMatch(
      new RegExp(`… and ${50 - shown} more parts, for which a comment has no room; see the run\\.$`),
    );
  });

  test("says that what it leaves out is dangerous", () => {
    const parts = [part("prod: two", ["First."], [DELETED, "x".repeat(1_000)])];
    const told = /- \*\*deleted\*\*[^]*… and 1 more part \(1 dangerous\), for which a comment has no room; see/;
    expect(reviewComment(parts, 900)).toMatch(told);
    expect(partText(parts[0] as ReviewPart, 900, "see")).toMatch(told);
  });

  test("tells a customer that is removed at once as dangerous", () => {
    const two = customers({ acme: { organizationUser: "anna" }, globex: { organizationUser: "otto" } });
    expect(reviewComment([claimsPart(review(two, {}))], 60_000)).toMatch(
      /^### Dangerous\n\n\*\*prod: 1 customer removed, .*\*\*\n\n#### Removed: `globex`\n\n\*\*Removed without having/,
    );
  });

  test("is whole: what is dangerous, then what changes, then one line for what does not, and whether policies allow it", () => {
    const [acme, umbrella] = ["acme-reporting", "umbrella"];
    const base = customers({ [acme]: { organizationUser: "anna" } });
    const head = customers({ [acme]: { organizationUser: "otto" }, [umbrella]: { organizationUser: "anna" } });
    const mapper = "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper";
    const inputs = (claimValue: string) => ({ inputs: { claimName: "organizationId", claimValue } });
    const changed = stepOf(
      acme,
      { oldState: inputs(ID), newState: inputs(OTHER_ID), detailedDiff: { claimValue: { kind: "update" } } },
      mapper,
    );
    const added = [
      stepOf(umbrella, { op: "create" }),
      stepOf(umbrella, { op: "create", newState: inputs(ID) }, mapper),
    ];
    const violation = { policyName: "token-lifespan", enforcementLevel: "mandatory", message: "too long" };
    const preview = (steps: Step[], ...events: EngineEvent[]) =>
      summaryPart(withPolicies(readPreview(previewOf(steps)), policiesIn(events)), "prod", 60_000);
    const ofDev = (one: ReviewPart) => ({ ...one, heading: one.heading.replace("prod", "dev") });

    const text = reviewComment(
      [
        ofDev(claimsPart(review(base, base))),
        ofDev(preview([])),
        claimsPart(review(base, head)),
        preview([changed, ...added], { policyEvent: violation }),
      ],
      60_000,
    );

    expect(text.split("\n").filter((line) => /^(#|\*\*|- \*\*|token-|dev:)/.test(line))).toEqual([
      "### Dangerous",
      "**prod: 1 customer added, the token of the only existing customer changes**",
      "#### Other organizations",
      '- **`acme-reporting` gets another organization\'s data: `the id of the user "anna"` → `the id of the user "otto"`.**',
      '- **`umbrella` gets `the id of the user "anna"`; this organization was that of `acme-reporting` before.**',
      "**prod: 1 to update, 2 to create; 14 unchanged; refused by policies (1 violation)**",
      "token-lifespan: too long",
      "**prod: 1 to update, 2 to create; 14 unchanged; refused by policies (1 violation)**",
      "- **The customer gets another organization's data: `acme-reporting`**",
      "- **`umbrella` gets the organization that was another customer's before: `acme-reporting`**",
      "### prod: 1 customer added, the token of the only existing customer changes",
      "#### `acme-reporting`",
      "#### Added: `umbrella`",
      "### prod: 1 to update, 2 to create; 14 unchanged; refused by policies (1 violation)",
      "#### `acme-reporting`",
      "#### `umbrella`",
      "### Unchanged",
      "dev: no token changes · dev: no changes; 14 resources unchanged; the policies allow it",
    ]);
  });
});
