import { claimsTable } from "../changes/claimChanges.ts";
import { code, plural } from "../changes/markdown.ts";
import type { AdoptionReview } from "./adoptionReview.ts";

/** The reviews as Markdown: what is dangerous first. */
export function adoptionText(reviews: readonly AdoptionReview[], stack: string): string {
  if (reviews.length === 0) {
    return `✓ ${stack}: Keycloak has no client of the stack file that the stack's state does not know`;
  }
  const title = `### ${stack}: ${plural(reviews.length, "client")} to adopt`;
  return [title, ...reviews.flatMap((review) => [...paragraphs(review)])].join("\n\n");
}

function* paragraphs({ claims, clientId, closes, noToken, obstacles, stays }: AdoptionReview): Generator<string> {
  yield `#### ${code(clientId)}`;
  for (const obstacle of obstacles) {
    yield `**It cannot be adopted as it is: ${obstacle}.**`;
  }
  for (const { before = "", claim } of claims.filter(({ change }) => change === "vanishes")) {
    yield `**The claim ${code(claim)} vanishes**, today ${code(before)}. The API or the customer may read it: ask before.`;
  }
  if (noToken !== undefined) {
    yield `There is no token today to compare with: ${code(noToken)}.`;
  }
  if (claims.length > 0) {
    yield claimsTable(
      ["today", "afterwards"],
      claims,
      claims.map(({ change }) => (change === "stays" ? "" : change)),
    );
  }
  yield list("What closes besides", closes);
  yield list("What stays", stays);
}

function list(title: string, items: readonly string[]): string {
  return [`${title}:`, "", ...(items.length === 0 ? ["nothing"] : items).map((item) => `- ${item}`)].join("\n");
}
