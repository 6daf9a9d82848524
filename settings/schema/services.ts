import * as v from "valibot";

import { listOf, mapOf, matching, must } from "./checks.ts";
import { issuer, plainUrl } from "./urls.ts";

/** Single underscores inside only: two in a row separate the levels in the name of an environment variable. */
const NAME = "[A-Za-z0-9]+(_[A-Za-z0-9]+)*";
const UNREADABLE = "ASP.NET Core could not read it back from an environment variable";

const nameOr = (fallback: string) =>
  v.optional(
    matching(
      new RegExp(`^${NAME}$`),
      "be a name of letters and digits, with single underscores between them",
      UNREADABLE,
      "write the key's name as in the service's appsettings.json",
    ),
    fallback,
  );

const sectionOr = (fallback: string) =>
  v.optional(
    matching(
      new RegExp(`^${NAME}(:${NAME})*$`),
      'be names of letters and digits, with single underscores between them, joined by ":"',
      UNREADABLE,
      'write the section as the service reads it, such as "Authentication:Schemes:Bearer"',
    ),
    fallback,
  );

const environmentPrefix = v.optional(
  matching(
    /^\w*$/,
    "be empty or consist of letters, digits and underscores",
    "it begins the names of environment variables",
    'write the prefix that the service passes to AddEnvironmentVariables, such as "SCP_"',
  ),
  "",
);

const SAME_NAME = must(
  "differ from the service's other names",
  "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
  "give each key a name of its own",
);

/** ASP.NET Core's configuration keys are not case sensitive, so two names may collide without being equal. */
function namesOf<const Defaults extends Readonly<Record<string, string>>>(defaults: Defaults) {
  const entries = Object.fromEntries(Object.entries(defaults).map(([key, name]) => [key, nameOr(name)]));
  const names = v.pipe(
    mapOf(entries as { readonly [Key in keyof Defaults]: ReturnType<typeof nameOr> }),
    v.rawCheck(({ dataset: { typed, value: input }, addIssue }) => {
      const all = typed ? Object.entries<string>(input) : [];
      for (const [key, value] of all) {
        if (all.some(([other, name]) => other !== key && name.toLowerCase() === value.toLowerCase())) {
          addIssue({
            message: SAME_NAME,
            path: [{ type: "object", origin: "value", input: input as Record<string, unknown>, key, value }],
          });
        }
      }
    }),
  );
  return v.optional(names, () => ({}) as never);
}

/** How WebProductionBff names its settings, and where customers call it. */
export const bff = mapOf({
  environmentPrefix,
  names: namesOf({ baseUrl: "BaseUrl", tokenEndpoint: "TokenEndpoint" }),
  publicUrl: v.optional(
    plainUrl(
      "customers are told to call it",
      'write the base URL under which customers reach WebProductionBff, such as "https://api.example.com"',
    ),
  ),
  section: sectionOr("Keycloak"),
});

/** How ProductionApi names its settings. By default as JwtBearer reads them without any code of the API's own. */
export const api = mapOf({
  additionalIssuers: v.optional(listOf(issuer), []),
  environmentPrefix,
  names: namesOf({
    authority: "Authority",
    mapInboundClaims: "MapInboundClaims",
    metadataAddress: "MetadataAddress",
    requireHttpsMetadata: "RequireHttpsMetadata",
    validAudiences: "ValidAudiences",
    validIssuers: "ValidIssuers",
  }),
  section: sectionOr("Authentication:Schemes:Bearer"),
});
