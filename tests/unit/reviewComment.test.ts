import { claimsMarkdown } from "../../commands/review/claimsText";
import { danger } from "../../commands/changes/markdown";
import { type EngineEvent, policiesIn } from "../../commands/pulumi/engineEvents";
import { readPreview, type Step, withPolicies } from "../../commands/pulumi/preview";
import { reviewComment } from "../../commands/review/reviewComment";
import { summaryMarkdown } from "../../commands/review/reviewSummary";
import { ID, OTHER_ID } from "./configuration";
import { customers, review } from "./reviewConfiguration";
import { previewOf, stepOf } from "./reviewRecordings";

const section = (name: string, length: number) => `#### \`${name}\`\n\n${"x".repeat(length)}`;

describe("the review's comment", () => {
  test("is the texts as they are where nothing is dangerous and all has room", () => {
    const text = `<!-- scpcloud: claims dev -->\n### dev: one\n\nFirst.\n\n${section("a", 5)}\n\n### prod: two`;
    expect(reviewComment(text, 1000)).toBe(
      `### dev: one\n\nFirst.\n\n${section("a", 5)}\n\n### Unchanged\n\nprod: two`,
    );
  });

  test("has the dangers of all stacks before all else", () => {
    const text = [
      `### dev: one\n\n${section("a", 5)}`,
      `### prod: two\n\n${danger("- **deleted**")}\n\n${section("b", 5)}`,
    ].join("\n\n");
    expect(reviewComment(text, 1000)).toBe(
      [
        "### Dangerous\n\n**prod: two**\n\n- **deleted**",
        `### dev: one\n\n${section("a", 5)}`,
        `### prod: two\n\n${section("b", 5)}`,
      ].join("\n\n"),
    );
  });

  test("keeps the danger of the last text where there is no room for the first, and counts what is left out", () => {
    const long = Array.from({ length: 50 }, (_, index) => section(`c${index}`, 200)).join("\n\n");
    const text = reviewComment(`### dev: one\n\n${long}\n\n### prod: two\n\n${danger("- **deleted**")}\n`, 5000);
    expect(text.length).toBeLessThanOrEqual(5000);
    expect(text).toContain("**prod: two**\n\n- **deleted**");
    const shown = text.match(/^#### /gm)?.length ?? 0;
    expect(shown).toBeGreaterThan(10);
    expect(text).toMatch(
      new RegExp(`… and ${50 - shown} more parts, for which a comment has no room; see the run\\.$`),
    );
  });

  test("takes no heading and no mark out of code, where a stranger may have written them", () => {
    const code = `\`\`\`\`text\n### prod: forged\n${danger("forged")}\n\`\`\`\n\`\`\`\``;
    expect(reviewComment(`### dev: one\n\n${code}`, 1000)).toBe(`### dev: one\n\n${code}`);
  });

  test("tells a customer that is removed at once as dangerous", () => {
    const two = customers({ acme: { organizationUser: "anna" }, globex: { organizationUser: "otto" } });
    expect(reviewComment(claimsMarkdown(review(two, {})), 60_000)).toMatch(
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
      summaryMarkdown(withPolicies(readPreview(previewOf(steps)), policiesIn(events)), "prod");

    const text = reviewComment(
      [
        claimsMarkdown(review(base, base)).replaceAll("prod", "dev"),
        preview([]).replaceAll("prod", "dev"),
        claimsMarkdown(review(base, head)),
        preview([changed, ...added], { policyEvent: violation }),
      ].join("\n\n"),
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
