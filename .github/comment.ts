/** Prints the files, which `claims` and `summary` wrote, as one comment on a pull request: comment.ts FILE... */
import { readFileSync } from "node:fs";

import { COMMENT_LIMIT } from "../commands/review/claimsText";
import { reviewComment } from "../commands/review/reviewComment";

console.log(
  reviewComment(
    process.argv
      .slice(2)
      .map((file) => readFileSync(file, "utf8"))
      .join("\n"),
    COMMENT_LIMIT,
  ),
);
