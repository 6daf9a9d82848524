import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { toJsonSchema } from "@valibot/to-json-schema";
import * as v from "valibot";

import { isStarted } from "../processes/program.ts";
import { PROVIDER } from "../settings/provider/provider.ts";
import { customers } from "../settings/schema/customers.ts";
import { STACK } from "../settings/schema/stack.ts";
import { declaredKeys } from "../settings/stackFile/stackFile.ts";

type JsonSchema = ReturnType<typeof toJsonSchema>;

const ROOT = join(import.meta.dirname, "..");
const PROJECT_FILE = join(ROOT, "Pulumi.yaml");
export const SCHEMA_FILE = join(ROOT, "docs", "stack-file.schema.json");
export const DOCUMENT = join(ROOT, "docs", "configuration.md");

/** What editors know of a stack file: keys, values and descriptions, from what the program holds the file to. */
export function stackFileSchema(): string {
  const declared = declaredKeys(readFileSync(PROJECT_FILE, "utf8"));
  const ofStack = Object.entries(entriesOf(STACK)).flatMap(([key, schema]) => {
    const { default: fallback, description } = declared[key] ?? {};
    const described = { ...asScalar(schema), description, default: fallback } as JsonSchema;
    return spellings(`scpcloud:${key}`, described, key, `scpcloud:config:${key}`);
  });
  const ofProvider = Object.entries(entriesOf(PROVIDER)).flatMap(([key, schema]) =>
    spellings(
      `keycloak:${key}`,
      Object.hasOwn(schema, "not") ? schema : { anyOf: [asScalar(schema), ENCRYPTED] },
      `keycloak:config:${key}`,
    ),
  );
  const text: JsonSchema = { type: "string" };
  const schema: JsonSchema = {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "A stack file of scpcloud",
    type: "object",
    properties: {
      config: {
        type: ["object", "null"],
        properties: Object.fromEntries([...ofStack, ...ofProvider]),
        patternProperties: { "^pulumi:": {} },
        additionalProperties: false,
      },
      encryptedkey: text,
      encryptionsalt: text,
      secretsprovider: text,
    },
    additionalProperties: false,
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** A key's schema, also for the other spellings that Pulumi takes for the same key. */
function spellings(key: string, schema: JsonSchema, ...others: string[]): [string, JsonSchema][] {
  const same: JsonSchema = { $ref: `#/properties/config/properties/${key}` };
  return [[key, schema], ...others.map((other): [string, JsonSchema] => [other, same])];
}

const ENCRYPTED: JsonSchema = {
  type: "object",
  properties: { secure: { type: "string" } },
  required: ["secure"],
  additionalProperties: false,
};

/** The keys of a map. What the library cannot tell is left out, but for a second pattern and for what is refused. */
function entriesOf(schema: v.GenericSchema): Record<string, JsonSchema> {
  const { properties = {} } = toJsonSchema(schema, {
    errorMode: "ignore",
    typeMode: "input",
    overrideSchema: ({ valibotSchema }) => (valibotSchema.type === "custom" ? { not: {} } : undefined),
    overrideAction: ({ valibotAction, jsonSchema }) =>
      valibotAction.type === "regex" && jsonSchema.pattern !== undefined
        ? {
            ...jsonSchema,
            allOf: [
              ...(jsonSchema.allOf ?? []),
              { pattern: (valibotAction as v.RegexAction<string, undefined>).requirement.source },
            ],
          }
        : undefined,
  });
  return properties as Record<string, JsonSchema>;
}

/** Pulumi takes text for a number and a switch, as `pulumi config set` writes them. */
function asScalar(schema: JsonSchema): JsonSchema {
  if (schema.type === "integer") {
    return { anyOf: [schema, { type: "string", pattern: "^(0|[1-9]\\d*)$" }] };
  }
  return schema.type === "boolean" ? { anyOf: [schema, { enum: ["true", "false"] }] } : schema;
}

/** They have a default that the program refuses (Pulumi.yaml). */
const REQUIRED = ["integrations", "publicUrl"];

/** The document with its lists of keys as the schema and Pulumi.yaml have them. */
export function withKeys(document: string): string {
  const ofStack = Object.entries(declaredKeys(readFileSync(PROJECT_FILE, "utf8"))).map(
    ([key, { default: fallback, description = "" }]) =>
      item(key, REQUIRED.includes(key) ? "required" : inCode(fallback), description),
  );
  const ofCustomer = Object.entries(customers.value.pipe[0].entries).map(([key, { default: fallback, wrapped }]) =>
    item(key, fallback === undefined ? undefined : inCode(fallback), v.getDescription(wrapped) ?? ""),
  );
  return withList("stack", ofStack, withList("customer", ofCustomer, document));
}

const inCode = (value: unknown) => `\`${JSON.stringify(value)}\``;

/** An item of a list, in lines of at most 120 characters. */
function item(key: string, note: string | undefined, description: string): string {
  const text = `\`${key}\`${note === undefined ? "" : ` (${note})`}: ${description}`;
  return `- ${text.match(/\S.{0,117}(?!\S)/g)?.join("\n  ")}`;
}

function withList(name: string, items: readonly string[], document: string): string {
  const place = new RegExp(`(<!-- keys of a ${name}[^>]*-->\n)[^]*?(\n<!-- end -->)`);
  return document.replace(place, (_, begin: string, end: string) => `${begin}\n${items.join("\n")}\n${end}`);
}

if (isStarted(import.meta.filename)) {
  writeFileSync(SCHEMA_FILE, stackFileSchema());
  writeFileSync(DOCUMENT, withKeys(readFileSync(DOCUMENT, "utf8")));
}
