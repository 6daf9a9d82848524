import * as v from "valibot";

import { type Fault, SettingsError, shown, withoutValue } from "../faults/faults.ts";
import { recordOf } from "../values/shapes.ts";
import { checkLogin, toLogin } from "./provider/login.ts";
import { checkClientCertificate, plainSecrets, PROVIDER, providerValues, SILENT_KEYS } from "./provider/provider.ts";
import { checkProxies } from "./provider/proxy.ts";
import { checkIntegrations } from "./rules/customers.ts";
import { checkSize } from "./rules/size.ts";
import { checkUrls } from "./rules/urls.ts";
import { faultOf, lostNames, must, partsOf, unknownNamespaces } from "./schema/checks.ts";
import { NO_CUSTOMER } from "./schema/customers.ts";
import { STACK, type Values } from "./schema/stack.ts";
import type { IntegrationSettings, OfflineSettings, OrganizationSource, Settings } from "./settings.ts";
import { type ConfigurationSource, type Decoded, decodeNamespace } from "./source.ts";

/** The namespaces that the program's providers and Pulumi itself read. */
const NAMESPACES = ["scpcloud", "keycloak", "pulumi"];

/** These keys moved to the project in services/, with the containers. Their values may be secret. */
const MOVED = /^(scpcloud:(apps|secretEnvironment)$|docker:)/;

/**
 * The stack's settings, wholly validated.
 * @param options.login whether the deployer is going to log in, for which its secret has to be there
 * @throws SettingsError with every fault that can be told without asking a server.
 */
export function readSettings(source: ConfigurationSource): Settings;
export function readSettings(source: ConfigurationSource, options: { readonly login: false }): OfflineSettings;
export function readSettings(source: ConfigurationSource, { login = true } = {}): OfflineSettings {
  const stack = decodeNamespace(source, "scpcloud", STACK.entries);
  const provider = providerValues(source);
  const ofStack = v.safeParse(STACK, stack);
  const ofProvider = v.safeParse(PROVIDER, provider);
  const { fileFaults = [] } = source;
  const toldOfFile = new Set(fileFaults.map(({ key }) => key));
  const deployerRealm = provider["realm"] ?? "master";
  const faults = [
    ...fileFaults,
    ...[
      ...checkSize(source),
      ...unknownNamespaces(Object.keys(source.values), NAMESPACES),
      ...(ofStack.issues ?? []).map((issue) => faultOf("scpcloud", issue)).filter(({ key }) => !toldOfFile.has(key)),
      ...(ofProvider.issues ?? []).map((issue) => faultOf("keycloak", issue)),
      ...lostNames(stack, "scpcloud:"),
      ...lostNames(provider, "keycloak:"),
      ...checkSecrecy(source),
      ...checkClientCertificate(provider),
      ...plainSecrets(provider, source),
      ...checkCount(stack, source),
      ...checkIntegrations(stack, deployerRealm === stack["realm"] && provider["clientId"], source.otherStacks),
      ...checkUrls(stack, provider),
      ...(login ? [...checkLogin(provider, stack["realm"]), ...checkProxies(provider, source.environment)] : []),
    ].map((fault) => (MOVED.test(fault.key) ? { key: fault.key, ...partsOf(IN_SERVICES) } : inItsFile(fault, source))),
  ];
  if (!ofStack.success || !ofProvider.success || faults.length > 0) {
    throw new SettingsError(faults.map((fault) => (isOfSecret(fault, source) ? withoutValue(fault) : fault)));
  }
  return {
    ...(login && toLogin(ofProvider.output, source.environment)),
    ...toSettings(ofStack.output, source),
  };
}

const IN_SERVICES = must(
  "stand in the stack file in services/",
  "the containers of BFF and API are a Pulumi project of their own",
  "move it there, and before the next pulumi up here move the containers to that project's state, or this one " +
    "deletes them: docs/containers.md shows both",
);

/** Only a realm stack may have no customers of its own. */
function* checkCount({ integrations, realmStack }: Decoded, { usedBy }: ConfigurationSource): Generator<Fault> {
  const isEmpty = recordOf(integrations) === integrations && Object.keys(integrations).length === 0;
  if (isEmpty && (usedBy === undefined || realmStack !== "")) {
    yield { key: "scpcloud:integrations", ...partsOf(NO_CUSTOMER), value: shown(integrations) };
  }
}

/** A fault of what another stack's file says names that file. */
function inItsFile(fault: Fault, { realmFile }: ConfigurationSource): Fault {
  const isOfRealm = fault.key.startsWith("scpcloud:") && !/^scpcloud:(integrations|realmStack)\b/.test(fault.key);
  return realmFile === undefined || !isOfRealm
    ? fault
    : { ...fault, value: [...(fault.value === undefined ? [] : [fault.value]), `in ${realmFile}`].join(", ") };
}

/** Whether the fault's value is a secret's, which must not be printed however wrong it is. */
function isOfSecret({ key }: Fault, { secretKeys }: ConfigurationSource): boolean {
  return [...secretKeys, ...SILENT_KEYS].some(
    (secret) => key === secret || key.startsWith(`${secret}.`) || key.startsWith(`${secret}[`),
  );
}

/** Nothing in the namespace `scpcloud` is secret: every value ends up in tokens, outputs or reviews. */
function checkSecrecy({ secretKeys, values }: ConfigurationSource): Fault[] {
  return Object.keys(values)
    .filter((key) => key.startsWith("scpcloud:") && secretKeys.has(key))
    .map((key) => ({
      key,
      rule: "must not be stored as a secret",
      reason: "every token shows it, and a reviewer has to be able to read it",
      remedy: `run: pulumi config rm ${key}, and set it again without --secret`,
    }));
}

function toSettings(
  { integrations, realmStack, secretRotation, ...values }: Values,
  source: ConfigurationSource,
): OfflineSettings {
  const { overlapDays } = secretRotation;
  const { otherStacks, usedBy = [] } = source;
  return {
    ...values,
    backchannelUrl: values.backchannelUrl || values.publicUrl,
    ...(realmStack === "" ? {} : { realmStack }),
    usedBy,
    ...(otherStacks && { otherStacks }),
    integrations: toIntegrations(integrations),
    ...(overlapDays === undefined ? {} : { overlapDays }),
  };
}

/** The customers as the program declares them, in the order of their client ids. */
function toIntegrations(integrations: Values["integrations"]): IntegrationSettings[] {
  return Object.entries(integrations)
    .map(([clientId, { name = clientId, retired, sharedOrganization, successorOf, ...entry }]) => ({
      clientId,
      name,
      organization: toOrganization((successorOf === undefined ? undefined : integrations[successorOf]) ?? entry),
      retired,
      sharedOrganization,
      ...(successorOf === undefined ? {} : { successorOf }),
    }))
    .sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
}

function toOrganization({
  organizationId,
  organizationUser,
}: Pick<Values["integrations"][string], "organizationId" | "organizationUser">): OrganizationSource {
  if (organizationUser !== undefined) {
    return { user: organizationUser };
  }
  if (organizationId !== undefined) {
    return { id: organizationId };
  }
  // Keycloak would take an empty id and leave the claim out without a word.
  throw new Error("A customer without organization has passed the schema");
}
