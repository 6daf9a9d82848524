import { claimsMarkdown } from "../../commands/review/claimsText";
import { danger } from "../../commands/review/markdown";
import { reviewComment } from "../../commands/review/reviewComment";
import { customers, review } from "./reviewConfiguration";

const section = (name: string, length: number) => `#### \`${name}\`\n\n${"x".repeat(length)}`;

describe("the review's comment", () => {
  test("is the texts as they are where nothing is dangerous and all has room", () => {
    const text = `<!-- scpcloud: claims dev -->\n### dev: one\n\nFirst.\n\n${section("a", 5)}\n\n### prod: two`;
    expect(reviewComment(text, 1000)).toBe(`### dev: one\n\nFirst.\n\n${section("a", 5)}\n\n### prod: two`);
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
    expect(text).toContain("### prod: two");
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
});
