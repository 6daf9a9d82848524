import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { type Preview, readPreview, type Step } from "../../commands/pulumi/preview.ts";
import { COMMENT_LIMIT, partText } from "../../commands/review/part.ts";
import { summaryPart } from "../../commands/review/summary.ts";

const DIRECTORY = join(import.meta.dirname, "previews");

/** The names of the previews that were recorded (previews/record.ts). */
export const RECORDINGS = readdirSync(DIRECTORY)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(".json", ""));

export function recording(name: string): string {
  return readFileSync(join(DIRECTORY, `${name}.json`), "utf8");
}

const INTEGRATION = "urn:pulumi:prod::scpcloud::scpcloud:keycloak:Integration";

/** A step about a customer's client, or about another child of the customer. */
export function stepOf(customer: string, step: Partial<Step>, type = "keycloak:openid/client:Client"): Step {
  const state = { custom: true, parent: `${INTEGRATION}::${customer}` };
  return {
    op: "update",
    urn: `${INTEGRATION}$${type}::${customer}-${type.split(":").at(-1)}`,
    ...step,
    oldState: { ...state, ...step.oldState },
    newState: { ...state, ...step.newState },
  };
}

/** An update of a client's property. */
export function update(customer: string, property: string, before: unknown, after: unknown): Step {
  return stepOf(customer, {
    oldState: { inputs: { [property]: before } },
    newState: { inputs: { [property]: after } },
    detailedDiff: { [property]: { kind: "update" } },
  });
}

/** The output of a preview with these steps. */
export function previewOf(steps: readonly Step[]): string {
  const changeSummary: Record<string, number> = { same: 14 };
  for (const { op } of steps) {
    changeSummary[op] = (changeSummary[op] ?? 0) + 1;
  }
  return JSON.stringify({ steps, changeSummary });
}

/** What `review` says of a preview, or of the output of one. */
export function summary(preview: Preview | string, limit = COMMENT_LIMIT): string {
  const read = typeof preview === "string" ? readPreview(preview) : preview;
  return partText(summaryPart(read, "prod", limit), limit, "see: pulumi preview --diff");
}
