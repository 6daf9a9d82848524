/** Prints what `scpcloud review` wrote, part by part, as one comment on a pull request: comment.ts FOLDER [REALM-STACKS] */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { COMMENT_LIMIT, readParts, reviewComment } from "../commands/review/part.ts";

const [folder = "", realmStacks = "[]"] = process.argv.slice(2);
const previews = (JSON.parse(realmStacks) as string[]).map((stack) => ({ name: `preview-${stack}`, of: stack }));

/** A job that was refused, or failed early, has left no text; the comment must not look as if nothing were there to say. */
const parts = [{ name: "claims", of: "all stacks" }, ...previews].flatMap(({ name, of }) => {
  const file = join(folder, `${name}.md`);
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const missing = "The job did not get so far: somebody refused it, or it failed. The run says which.";
  const heading = `${of}: no ${name === "claims" ? name : "preview"}`;
  return text.trim() === "" ? [{ heading, dangers: [missing], sections: [] }] : readParts(text);
});

console.log(reviewComment(parts, COMMENT_LIMIT));
