import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a customer's developers have to know. Nothing of it is secret. */
export interface SheetFacts {
  readonly clientId: string;
  readonly name: string;
  /** The base URL of WebProductionBff. */
  readonly bffUrl: string;
  readonly contact: string;
  readonly date: Date;
  /** Until when the secret works that the customer had before. */
  readonly previousWorksUntil?: Date;
}

/** The sheet (page.html) as one self-contained HTML page: no script, nothing that is loaded, and readable on paper. */
export function sheet({ date, previousWorksUntil, ...facts }: SheetFacts): string {
  const [overlapDay = "", overlapTime = ""] = previousWorksUntil?.toISOString().split("T") ?? [];
  const words: Readonly<Record<string, string>> = {
    ...facts,
    date: date.toISOString().slice(0, 10),
    overlapEnd: `${overlapDay}, ${overlapTime.slice(0, 5)}`,
  };
  return readFileSync(join(import.meta.dirname, "page.html"), "utf8")
    .replace(/ *\{\{#overlap\}\}\n([^]*?) *\{\{\/overlap\}\}\n/, previousWorksUntil === undefined ? "" : "$1")
    .replace(/\{\{(\w+)\}\}/g, (_, word: string) => escaped(words[word] ?? ""));
}

/** What is encrypted for the customer; the page tells how to read it. */
export function credentialText(
  credential: Readonly<Record<"authorization" | "clientId" | "clientSecret", string>>,
): string {
  return `${JSON.stringify(credential, undefined, 2)}\n`;
}

function escaped(text: string): string {
  const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}
