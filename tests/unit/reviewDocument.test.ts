import { readFileSync } from "node:fs";
import { join } from "node:path";

import { reviewClaims } from "../../commands/review/claimsReview.ts";
import { claimsPart } from "../../commands/review/claimsText.ts";

const REPOSITORY = join(import.meta.dirname, "..", "..");
const read = (file: string) => readFileSync(join(REPOSITORY, file), "utf8");

/** Without quotation marks, line breaks and padding, which the document's formatting decides. */
const words = (markdown: string) => markdown.replace(/^> ?/gm, "").replace(/[-\s]+/g, " ");

test("docs/review.md shows what the command says of that pull request", () => {
  const project = read("Pulumi.yaml");
  const before = read("Pulumi.prod.yaml");
  const after = before.replace(
    "      organizationUser: reporting@acme.example\n",
    [
      "      organizationUser: exports@acme.example",
      "    globex-reporting:",
      "      name: Globex, operation entries for reporting",
      "      organizationUser: reporting@globex.example\n",
    ].join("\n"),
  );
  const review = reviewClaims(
    "prod",
    { label: "main", project, stack: before, stacks: new Map() },
    { label: "working tree", project, stack: after, stacks: new Map() },
  );
  const { heading, dangers, sections } = claimsPart(review);

  expect(after).not.toBe(before);
  expect(words(read("docs/review.md"))).toContain(words([heading, ...dangers, ...sections].join("\n\n")).trim());
});
