import type * as v from "valibot";

import { toLogin } from "./connection";
import { decode, type Decoded, recordOf } from "./decode";
import { type Fault, SettingsError, shown } from "./faults";
import { checkIntegrations, toIntegrations } from "./integrations";
import { checkProvider, decodeProvider } from "./provider";
import { type RuleName, RULES } from "./rules";
import { parse, SCHEMA, type UsableValues, type Values } from "./schema";
import { checkServices } from "./services";
import type { OfflineSettings, Settings } from "./settings";
import { checkSize } from "./size";
import { type ConfigurationSource, keysOf } from "./source";
import { checkUnknownKeys } from "./unknownKeys";

const KEYS = Object.keys(SCHEMA) as (keyof typeof SCHEMA)[];

/**
 * The stack's settings, wholly validated.
 * @param options.login whether the deployer is going to log in, for which its secret has to be there
 * @throws SettingsError with every fault that can be told without asking a server.
 */
export function readSettings(source: ConfigurationSource): Settings;
export function readSettings(source: ConfigurationSource, options: { readonly login: false }): OfflineSettings;
export function readSettings(source: ConfigurationSource, { login = true } = {}): OfflineSettings {
  const { decoded, faults: undecodable } = decode(source);
  const { values, faults: misshapen } = parseAll(decoded);
  const { provider, faults: ofProvider } = decodeProvider(source);
  const faults = [...(source.fileFaults ?? []), ...undecodable, ...checkSize(source)];
  const isTold = (key: string, rule?: string) =>
    faults.some((other) => other.key === key && (rule === undefined || other.rule === rule));
  faults.push(
    ...[
      ...checkUnknownKeys(decoded, source),
      ...checkReadable(source),
      ...misshapen.filter(({ key }) => !isTold(key)),
      ...checkCount(decoded, source),
      ...ofProvider,
      ...checkProvider(provider, source),
      ...[...checkIntegrations(values, provider)].filter(({ key, rule }) => !isTold(key, rule)),
      ...checkServices(values, provider),
    ].map((fault) => inItsFile(fault, source)),
  );
  const way = login ? toLogin(provider, source.environment, values.realm) : { faults: [] };
  faults.push(...way.faults.filter(({ key }) => !isTold(key)));
  if (faults.length > 0) {
    throw new SettingsError(faults.map((fault) => (isOfSecret(fault, source) ? withoutValue(fault) : fault)));
  }
  return { ...way.login, ...toSettings(values as Values, source) };
}

/** The values that are there, and what is wrong with each by itself. */
function parseAll(decoded: Decoded): { values: UsableValues; faults: Fault[] } {
  const values: Record<string, unknown> = {};
  const faults = KEYS.flatMap((key) => {
    if (!Object.hasOwn(decoded, key)) {
      return [
        {
          key: `scpcloud:${key}`,
          rule: "must be set",
          reason: "the stack file does not say it, and it has no default",
          remedy: `add it to the stack file; Pulumi.yaml describes it`,
        },
      ];
    }
    const { issues, output } = parse(key, decoded[key]);
    values[key] = output;
    return issues.map((issue) => toFault(key, issue));
  });
  return { values, faults };
}

function toFault(key: string, issue: v.BaseIssue<unknown>): Fault {
  const path = (issue.path ?? []).map((item) =>
    typeof item.key === "number" ? `[${item.key}]` : `.${String(item.key)}`,
  );
  const fullKey = `scpcloud:${key}${path.join("")}`;
  const rule = issue.message as RuleName;
  return { key: fullKey, ...RULES[rule], value: shown(issue.input) };
}

/** Only a realm stack may have no customers of its own. */
function* checkCount({ integrations, realmStack }: Decoded, { usedBy }: ConfigurationSource): Generator<Fault> {
  const isEmpty = recordOf(integrations) === integrations && Object.keys(integrations).length === 0;
  if (isEmpty && (usedBy === undefined || realmStack !== "")) {
    yield { key: "scpcloud:integrations", ...RULES.integrations, value: shown(integrations) };
  }
}

/** A fault of what another stack's file says names that file. */
function inItsFile(fault: Fault, { realmFile }: ConfigurationSource): Fault {
  const isOfRealm = fault.key.startsWith("scpcloud:") && !/^scpcloud:(integrations|realmStack)\b/.test(fault.key);
  return realmFile === undefined || !isOfRealm
    ? fault
    : { ...fault, value: [...(fault.value === undefined ? [] : [fault.value]), `in ${realmFile}`].join(", ") };
}

/** Whether the fault's value is a secret's, which must not be printed however wrong it is, encrypted or not. */
function isOfSecret({ key }: Fault, { secretKeys }: ConfigurationSource): boolean {
  return [...secretKeys].some(
    (secret) => key === secret || key.startsWith(`${secret}.`) || key.startsWith(`${secret}[`),
  );
}

function withoutValue({ key, rule, reason, remedy }: Fault): Fault {
  return { key, rule, reason, remedy };
}

/** Nothing in this namespace is secret: every value ends up in tokens, outputs or reviews. */
function checkReadable(source: ConfigurationSource): Fault[] {
  return keysOf(source, "scpcloud")
    .filter((key) => Object.hasOwn(SCHEMA, key) && source.secretKeys.has(`scpcloud:${key}`))
    .map((key) => ({
      key: `scpcloud:${key}`,
      rule: "must not be stored as a secret",
      reason: "every token shows it, and a reviewer has to be able to read it",
      remedy: `run: pulumi config rm scpcloud:${key}, and set it again without --secret`,
    }));
}

function toSettings(values: Values, { twinsElsewhere, usedBy = [] }: ConfigurationSource): OfflineSettings {
  return {
    realm: values.realm,
    publicUrl: values.publicUrl,
    backchannelUrl: values.backchannelUrl === "" ? values.publicUrl : values.backchannelUrl,
    audience: values.audience,
    accessTokenLifespan: values.accessTokenLifespan,
    allowedOrigins: values.allowedOrigins,
    accountAccess: values.accountAccess,
    protect: values.protect,
    ...(values.realmStack === "" ? {} : { realmStack: values.realmStack }),
    usedBy,
    ...(twinsElsewhere && { twinsElsewhere }),
    integrations: toIntegrations(values),
    forbiddenOrganizationIds: values.forbiddenOrganizationIds,
    contact: values.contact,
    bff: values.bff,
    api: values.api,
    ...(values.secretRotation.overlapDays === undefined ? {} : { overlapDays: values.secretRotation.overlapDays }),
  };
}
