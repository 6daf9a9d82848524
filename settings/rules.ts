import type { Fault } from "./faults";
import { PROVIDER_RULES } from "./providerRules";

type Rule = Pick<Fault, "rule" | "reason" | "remedy">;

/** A customer's service account is the user `service-account-<client id>`, whose name has 255 characters at most. */
export const CLIENT_ID_LENGTH = 255 - "service-account-".length;

/** In seconds. */
export const LIFESPAN = { least: 60, most: 3600 } as const;

/** The most: a secret that was renewed a year ago is one that nobody watches. */
export const OVERLAP_DAYS = 365;

/** What a single value must be. The names serve as the messages of the schema's checks (schema.ts). */
export const RULES = {
  ...PROVIDER_RULES,
  accessTokenLifespan: {
    rule: `must be a whole number of seconds from ${LIFESPAN.least} to ${LIFESPAN.most}`,
    reason: "a service's token cannot be revoked before it expires, and one below a minute is fetched all the time",
    remedy: "write 1800 for half an hour, or 300 for the lean default",
  },
  audience: {
    rule: "must be one word that names the API",
    reason: "the API accepts tokens by their audience, and an empty one switches that check off",
    remedy: 'write the audience that the API is configured with, such as "scpCloud"',
  },
  audienceOfOurs: {
    rule: 'must not be "account"',
    reason:
      "Keycloak gives the audience account to the tokens of every default client of the realm, so it proves nothing",
    remedy: 'write an audience of the API\'s own, such as "scpCloud"',
  },
  boolean: {
    rule: "must be true or false",
    reason: "it switches something on or off, and any other value would be a guess",
    remedy: "write true or false without quotes",
  },
  bffUrl: {
    rule: "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
    reason: "customers are told to call it",
    remedy: 'write the base URL under which customers reach WebProductionBff, such as "https://api.example.com"',
  },
  configurationName: {
    rule: "must be a name of letters and digits, with single underscores between them",
    reason: "ASP.NET Core could not read it back from an environment variable",
    remedy: "write the key's name as in the service's appsettings.json",
  },
  configurationSection: {
    rule: 'must be names of letters and digits, with single underscores between them, joined by ":"',
    reason: "ASP.NET Core could not read it back from an environment variable",
    remedy: 'write the section as the service reads it, such as "Authentication:Schemes:Bearer"',
  },
  contact: {
    rule: "must be one line of up to 255 characters",
    reason: "customers are told whom to ask",
    remedy: 'write a name with an address, such as "ScpCloud support, support@example.com"',
  },
  emptyUuid: {
    rule: "must not be the empty UUID",
    reason: "no user has it, and a .NET API may take it, Guid.Empty, for no filter at all: all customers' data",
    remedy: "copy the id from the user's page in the admin console",
  },
  environmentPrefix: {
    rule: "must be empty or consist of letters, digits and underscores",
    reason: "it begins the names of environment variables",
    remedy: 'write the prefix that the service passes to AddEnvironmentVariables, such as "SCP_"',
  },
  integer: {
    rule: "must be a whole number",
    reason: "it counts seconds",
    remedy: "write digits without quotes or a unit",
  },
  integration: {
    rule: "must be a map with organizationUser or organizationId",
    reason: "each customer's token names the customer's organization",
    remedy:
      "write each of its settings in a line below the client id, indented, with a blank behind the colon, as in: " +
      "organizationUser: anna",
  },
  integrations: {
    rule: "must be a map of client ids with at least one customer",
    reason: "a stack without customers would delete every client that it manages",
    remedy: "add an entry such as: acme: { organizationUser: anna }",
  },
  json: {
    rule: "must be a list or a map",
    reason: "Pulumi takes no text for it, not even JSON",
    remedy: "write it as YAML below its key in the stack file",
  },
  list: {
    rule: "must be a list",
    reason: "it holds any number of values",
    remedy: "write one value per line with a leading dash, or [] for none",
  },
  map: {
    rule: "must be a map",
    reason: "it holds named values",
    remedy: "write one key with its value per line, with a blank behind the colon, or {} for none",
  },
  name: {
    rule: "must have 1 to 255 characters, not all of them blank",
    reason: "Keycloak shows it in the list of clients and stores no more",
    remedy: "write the customer's name, or leave the key out",
  },
  origin: {
    rule: "must be text without spaces",
    reason: "the tokens carry it verbatim as an allowed origin",
    remedy: 'write an origin such as "https://app.example.com", or "/*" as in the original token',
  },
  overlapDays: {
    rule: `must be a whole number of days from 1 to ${OVERLAP_DAYS}`,
    reason: "the previous secret works beside the new one for so long, and whoever has it can act as the customer",
    remedy: "write 14 for two weeks, or leave secretRotation out: then the previous secret stops at once",
  },
  printable: {
    rule: "must be visible text, without line ends, control characters and marks that turn its direction",
    reason: "whoever reads it in a list or a review would take it for something else",
    remedy: 'write it anew, without what is shown as "\\u…"',
  },
  realm: {
    rule: "must consist of letters, digits, dots, underscores and hyphens",
    reason: "it is part of the issuer's URL and case sensitive",
    remedy: 'write the realm\'s name as the admin console shows it, such as "ScpCloud"',
  },
  text: {
    rule: "must be text",
    reason: "YAML reads unquoted digits, dates, true and false as other types and may change them (007 becomes 7)",
    remedy: 'put the value in quotes, as in "007"',
  },
  url: {
    rule: "must be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
    reason: "the issuer is compared letter by letter",
    remedy: 'write it as Keycloak\'s hostname option has it, such as "https://keycloak.example.com"',
  },
  urlOfServer: {
    rule: "must be Keycloak's base URL, without /realms/…",
    reason: "the realm is a setting of its own and is appended to it",
    remedy: "cut the URL off before /realms",
  },
  username: {
    rule: "must be a user name of 1 to 255 characters without spaces around it",
    reason: "Keycloak looks it up letter by letter",
    remedy: "write the user name as the admin console shows it",
  },
  uuid: {
    rule: "must be a UUID in lower case, such as c7834e89-74ff-42ae-a6d8-8693f24b1351, or a federated user's f:STORAGE:USER",
    reason: "the API compares it letter by letter with the id of a Keycloak user",
    remedy: "copy the id from the user's page in the admin console",
  },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
