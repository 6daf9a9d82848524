import { cell, code, plural, table } from "../review/markdown";
import type { AdoptionReview } from "./adoptionReview";

/** The reviews as Markdown: what is dangerous first. */
export function adoptionText(reviews: readonly AdoptionReview[], stack: string): string {
  if (reviews.length === 0) {
    return `✓ ${stack}: Keycloak has no client of the stack file that the stack's state does not know`;
  }
  return [`### ${stack}: ${plural(reviews.length, "client")} to adopt`, ...reviews.map(reviewText)].join("\n\n");
}

function reviewText({ claims, clientId, closes, noToken, obstacles, stays }: AdoptionReview): string {
  const vanishing = claims.filter(({ change }) => change === "vanishes");
  const value = (text: string | undefined) => (text === undefined ? "—" : cell(text));
  return [
    `#### ${code(clientId)}`,
    ...obstacles.map((obstacle) => `**It cannot be adopted as it is: ${obstacle}.**`),
    ...vanishing.map(
      ({ claim, today = "" }) =>
        `**The claim ${code(claim)} vanishes**, today ${code(today)}. The API or the customer may read it: ask before.`,
    ),
    ...(noToken === undefined ? [] : [`There is no token today to compare with: ${code(noToken)}.`]),
    ...(claims.length === 0
      ? []
      : [
          table(
            ["claim", "today", "afterwards", ""],
            claims.map(({ afterwards, change, claim, today }) => [
              cell(claim),
              value(today),
              value(afterwards),
              change === "stays" ? "" : change,
            ]),
          ),
        ]),
    list("What closes besides", closes),
    list("What stays", stays),
  ].join("\n\n");
}

function list(title: string, items: readonly string[]): string {
  return [`${title}:`, "", ...(items.length === 0 ? ["- nothing"] : items.map((item) => `- ${item}`))].join("\n");
}
