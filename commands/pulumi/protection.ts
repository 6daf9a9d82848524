import { nameOf } from "./owners.ts";

const DELETED =
  /(?:Preview failed: )?resource "(urn:[^"]+)" cannot be deleted\s+because it is protected\.[^`]*`protect`[^`]*`pulumi up`[^`]*`pulumi state unprotect '[^']*'`\s*/g;
const REPLACED =
  /unable to replace resource "(urn:[^"]+)"[^`]*marked for protection\.[^`]*`protect`[^`]*`pulumi up`(?:[^`]*`pulumi state unprotect '[^']*'`)?\s*/g;
/** What the names of a customer's resources end with (components/integration.ts). */
const OF_CUSTOMER = /^(.+?)-(?:client|default-scopes|optional-scopes|organization-id)$/;

/**
 * The CLI says for each protected resource that it would be deleted or replaced. This says it once, in the user's words, and
 * without the CLI's advice: `pulumi state unprotect` would end the customer's secret.
 */
export function explainProtection(text: string): string {
  const namesIn = (words: RegExp) => [...text.matchAll(words)].map(([, urn = ""]) => nameOf(urn));
  const deleted = [...new Set(namesIn(DELETED).map((name) => OF_CUSTOMER.exec(name)?.[1] ?? name))];
  const replaced = namesIn(REPLACED);
  const [gone = ""] = deleted;
  return [
    text.replace(DELETED, "").replace(REPLACED, "").trimEnd(),
    ...(deleted.length === 0
      ? []
      : [
          `protected, and not in the stack file any more: ${deleted.join(", ")}`,
          "  Who is to go is retired first: leave the entry, write retired: true there, deploy that, and remove the entry later.",
          "  Another client id is another client with another secret: put the old entry back, and write the new one with " +
            `successorOf: ${gone} (docs/credentials.md).`,
        ]),
    ...(replaced.length === 0
      ? []
      : [
          `protected, and would be made anew: ${replaced.join(", ")}. scpcloud:realm is another realm than the one that was ` +
            "deployed to. Nobody keeps a secret in another realm: write the old one, and rename a renamed realm back.",
        ]),
  ]
    .filter((part) => part !== "")
    .join("\n");
}
