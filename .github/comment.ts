/** Prints what `scpcloud review` wrote, part by part, as one comment on a pull request: comment.ts FOLDER [REALM-STACKS] */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { COMMENT_LIMIT } from "../commands/review/claimsText";
import { danger } from "../commands/changes/markdown";
import { reviewComment } from "../commands/review/reviewComment";

const [folder = "", realmStacks = "[]"] = process.argv.slice(2);
const previews = (JSON.parse(realmStacks) as string[]).map((stack) => ({ name: `preview-${stack}`, of: stack }));

/** A job that was refused, or failed early, has left no text; the comment must not look as if nothing were there to say. */
const texts = [{ name: "claims", of: "all stacks" }, ...previews].map(({ name, of }) => {
  const file = join(folder, `${name}.md`);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const missing = `The job did not get so far: somebody refused it, or it failed. The run says which.`;
  return text.trim() === "" ? `### ${of}: no ${name === "claims" ? name : "preview"}\n\n${danger(missing)}` : text;
});

console.log(reviewComment(texts.join("\n"), COMMENT_LIMIT));
