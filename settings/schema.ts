import * as v from "valibot";

import { LIFESPAN, OVERLAP_DAYS } from "./rules";
import { boolean, listOf, mapOf, refusingLists, says, text, whole, word } from "./shapes";

/** A user's id is a UUID, and that of a user from a federated storage has the storage's id before its own (StorageId). */
const userId = v.pipe(
  text,
  v.regex(/^(f:[\w-]{1,36}:[!-~]+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/, says("uuid")),
);
const organizationId = v.pipe(
  userId,
  v.check((id) => !/^[0-]+$/.test(id), says("emptyUuid")),
);
/** Also an unpaired surrogate, and what turns the direction of the text around it. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;
const isPrintable = (value: string) => !UNPRINTABLE.test(value) && /[^\p{C}\p{Z}]/u.test(value);
const printable = (rule: "name" | "username", characters: RegExp) =>
  v.pipe(text, v.regex(characters, says(rule)), v.check(isPrintable, says("printable")));
const username = printable("username", /^\S([^]{0,253}\S)?$/u);

const url = v.pipe(text, v.check(isPlainUrl, says("url")));
const isBelowRealms = (value: string) => /\/realms(\/|$)/.test(value);
const serverUrl = v.pipe(
  url,
  v.check((value) => !isBelowRealms(value), says("urlOfServer")),
);

function isPlainUrl(value: string): boolean {
  if (!URL.canParse(value)) {
    return false;
  }
  const { protocol, host, pathname } = new URL(value);
  const path = pathname === "/" ? "" : pathname;
  return /^https?:$/.test(protocol) && `${protocol}//${host}${path}` === value && !value.endsWith("/");
}

const integration = mapOf(
  {
    name: v.optional(printable("name", /^(?=[^]*\S)[^]{1,255}$/u)),
    organizationId: v.optional(organizationId),
    organizationUser: v.optional(username),
    retired: v.optional(boolean, false),
    sharedOrganization: v.optional(boolean, false),
    successorOf: v.optional(text),
  },
  says("integration"),
);

/** Single underscores inside only: two in a row separate the levels in the name of an environment variable. */
const NAME = /^[A-Za-z0-9]+(_[A-Za-z0-9]+)*$/;
const configurationName = (fallback: string) =>
  v.optional(v.pipe(text, v.regex(NAME, says("configurationName"))), fallback);
const configurationSection = v.pipe(
  text,
  v.check((value) => value.split(":").every((name) => NAME.test(name)), says("configurationSection")),
);
const environmentPrefix = v.optional(v.pipe(text, v.regex(/^\w*$/, says("environmentPrefix"))), "");

/** The keys of the namespace `scpcloud`, as declared and described in Pulumi.yaml, where their defaults stand too. */
export const SCHEMA = {
  accessTokenLifespan: v.pipe(
    v.number(says("integer")),
    v.integer(says("accessTokenLifespan")),
    v.minValue(LIFESPAN.least, says("accessTokenLifespan")),
    v.maxValue(LIFESPAN.most, says("accessTokenLifespan")),
  ),
  accountAccess: boolean,
  allowedOrigins: listOf(word("origin")),
  api: mapOf(
    {
      additionalIssuers: v.optional(listOf(url), []),
      environmentPrefix,
      // The section and names that JwtBearer reads without any code of the API's own.
      names: v.optional(
        mapOf(
          {
            authority: configurationName("Authority"),
            mapInboundClaims: configurationName("MapInboundClaims"),
            metadataAddress: configurationName("MetadataAddress"),
            requireHttpsMetadata: configurationName("RequireHttpsMetadata"),
            validAudiences: configurationName("ValidAudiences"),
            validIssuers: configurationName("ValidIssuers"),
          },
          says("map"),
        ),
        {},
      ),
      section: v.optional(configurationSection, "Authentication:Schemes:Bearer"),
    },
    says("map"),
  ),
  audience: v.pipe(
    word("audience"),
    v.check((value) => value !== "account", says("audienceOfOurs")),
  ),
  // Empty: the public URL.
  backchannelUrl: v.pipe(
    text,
    v.check((value) => value === "" || isPlainUrl(value), says("url")),
    v.check((value) => !isBelowRealms(value), says("urlOfServer")),
  ),
  bff: mapOf(
    {
      environmentPrefix,
      names: v.optional(
        mapOf(
          { baseUrl: configurationName("BaseUrl"), tokenEndpoint: configurationName("TokenEndpoint") },
          says("map"),
        ),
        {},
      ),
      publicUrl: v.optional(
        v.pipe(
          text,
          v.check((value) => isPlainUrl(value), says("bffUrl")),
        ),
      ),
      section: v.optional(configurationSection, "Keycloak"),
    },
    says("map"),
  ),
  // Empty: nobody; then nothing can be handed over.
  contact: v.pipe(text, v.regex(/^.{0,255}$/u, says("contact"))),
  forbiddenOrganizationIds: listOf(userId),
  forbiddenOrganizationUsers: listOf(username),
  integrations: refusingLists(v.record(v.string(), integration, says("integrations"))),
  protect: boolean,
  publicUrl: serverUrl,
  realm: v.pipe(text, v.regex(/^[\w.-]+$/, says("realm"))),
  // Empty: none; this stack declares the realm's client scopes itself.
  realmStack: text,
  requireHttps: boolean,
  // Empty: the previous secret stops at once.
  secretRotation: mapOf({ overlapDays: v.optional(whole(1, OVERLAP_DAYS, "overlapDays")) }, says("map")),
} as const;

/** The namespace's values once the schema has passed them. */
export type Values = { readonly [Key in keyof typeof SCHEMA]: v.InferOutput<(typeof SCHEMA)[Key]> };

/** A value that its schema may refuse; whatever in it is of another type is null. */
export type Usable<T> = T extends readonly (infer Item)[]
  ? readonly Usable<Item>[] | null
  : T extends object
    ? { readonly [Key in keyof T]: Usable<T[Key]> } | null
    : T | null;

/** What the rules across keys look at: a key that is not there, or cannot be decoded, is undefined. */
export type UsableValues = { readonly [Key in keyof Values]?: Usable<Values[Key]> };

/** A key's decoded value as far as it is usable, defaults filled in, and what is wrong with it. */
export function parse<Key extends keyof Values>(key: Key, value: unknown) {
  // A value that breaks one rule is not held to the next ones.
  const { issues = [], output } = v.safeParse<v.GenericSchema>(SCHEMA[key], value, { abortPipeEarly: true });
  const result: Record<string, unknown> = { output };
  for (const { path = [] } of issues.filter(({ kind }) => kind === "schema")) {
    let [parent, name] = [result, "output"];
    for (const { key: next } of path) {
      [parent, name] = [parent[name] as Record<string, unknown>, String(next)];
    }
    parent[name] = null;
  }
  return { issues, output: result["output"] as Usable<Values[Key]> };
}
