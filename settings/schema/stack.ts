import * as v from "valibot";

import { boolean, inOrder, listOf, mapOf, matching, must, text, whole, form } from "./checks.ts";
import { customers, userId, username } from "./customers.ts";
import { api, bff } from "./services.ts";
import { serverUrl, serverUrlOrEmpty } from "./urls.ts";

/** In seconds. */
const LIFESPAN = { least: 60, most: 3600 } as const;

/** The most: a secret that was renewed a year ago is one that nobody watches. */
const OVERLAP_DAYS = 365;

/** The keys of the namespace `scpcloud`. Pulumi.yaml declares and describes them, with their defaults. */
export const STACK = mapOf(
  {
    accessTokenLifespan: whole(
      LIFESPAN.least,
      LIFESPAN.most,
      `be a whole number of seconds from ${LIFESPAN.least} to ${LIFESPAN.most}`,
      "a service's token cannot be revoked before it expires, and one below a minute is fetched all the time",
      "write 1800 for half an hour, or 300 for the lean default; digits without quotes or a unit",
    ),
    accountAccess: boolean,
    allowedOrigins: listOf(
      matching(
        /^\S+$/u,
        "be text without spaces",
        "the tokens carry it verbatim as an allowed origin",
        'write an origin such as "https://app.example.com", or "/*" as in the original token',
      ),
    ),
    api,
    audience: inOrder(
      v.pipe(
        text,
        form(
          /^\S+$/u,
          "be one word that names the API",
          "the API accepts tokens by their audience, and an empty one switches that check off",
          'write the audience that the API is configured with, such as "scpCloud"',
        ),
        v.notValue(
          "account",
          must(
            'not be "account"',
            "Keycloak gives the audience account to the tokens of every default client of the realm, so it proves nothing",
            'write an audience of the API\'s own, such as "scpCloud"',
          ),
        ),
      ),
    ),
    backchannelUrl: serverUrlOrEmpty,
    bff,
    // Empty: nobody; then nothing can be handed over.
    contact: matching(
      /^.{0,255}$/u,
      "be one line of up to 255 characters",
      "customers are told whom to ask",
      'write a name with an address, such as "ScpCloud support, support@example.com"',
    ),
    forbiddenOrganizationIds: listOf(userId),
    forbiddenOrganizationUsers: listOf(username),
    integrations: customers,
    protect: boolean,
    publicUrl: serverUrl,
    realm: matching(
      /^[\w.-]+$/,
      "consist of letters, digits, dots, underscores and hyphens",
      "it is part of the issuer's URL and case sensitive",
      'write the realm\'s name as the admin console shows it, such as "ScpCloud"',
    ),
    // Empty: none; this stack declares the realm's client scopes itself.
    realmStack: text,
    requireHttps: boolean,
    // Empty: the previous secret stops at once.
    secretRotation: mapOf({
      overlapDays: v.optional(
        whole(
          1,
          OVERLAP_DAYS,
          `be a whole number of days from 1 to ${OVERLAP_DAYS}`,
          "the previous secret works beside the new one for so long, and whoever has it can act as the customer",
          "write 14 for two weeks, or leave secretRotation out: then the previous secret stops at once",
        ),
      ),
    }),
  },
  must(
    "be set",
    "the stack file does not say it, and it has no default",
    "add it to the stack file; Pulumi.yaml describes it",
  ),
);

/** The namespace's values once the schema has passed them. */
export type Values = v.InferOutput<typeof STACK>;
