import { SettingsError } from "../../faults/faults.ts";
import { UserError } from "../../faults/userError.ts";
import { assertionInWords, clientOf, issuedAtOf } from "../../keycloak/accessToken.ts";
import { type KeycloakAdmin, type KeycloakManager, loginAsDeployer } from "../../keycloak/admin.ts";
import { deployerName } from "../../keycloak/adminFaults.ts";
import { policyInWords, refusingPolicies } from "../../keycloak/clientPolicies.ts";
import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { givenAssertion, login } from "../../keycloak/login.ts";
import { rotationFaults } from "../../keycloak/rotationSupport.ts";
import { rotationIn } from "../../lookups/policies.ts";
import { serviceAccountFaults } from "../../lookups/users.ts";
import { readSettings } from "../../settings/read.ts";
import type { Settings } from "../../settings/settings.ts";
import { plural } from "../changes/markdown.ts";
import { messageOf } from "../cli/errors.ts";
import { loadConfiguration } from "../cli/stack.ts";
import { IGNORE_PROTECT, pulumiCli, PulumiError } from "../pulumi/pulumiCli.ts";
import { ACTIVITIES, type Activity, type Check, OF_ADMIN, right, unknown, warning, wrong, wrongBy } from "./check.ts";
import { checkEncryption } from "./encryption.ts";
import { checkOrganizations } from "./organizationIds.ts";
import { checkRights } from "./rights.ts";
import { checkClock, checkRealm, checkSecrets, checkServer } from "./serverChecks.ts";
import { checkState } from "./state.ts";

/** Everything that has to be right before a stack can be worked on. Changes nothing. */
export async function examine(stack: string, asksForLock = false): Promise<Check[]> {
  const pulumi = pulumiCli(stack);
  const checks = [
    ...checkProtection(process.env),
    ...(await attempt("state", ACTIVITIES, () => checkState(pulumi, asksForLock))),
  ];
  if (checks.some(({ about, outcome }) => about === "state" && outcome === "right")) {
    checks.push(...(await attempt("encryption", ACTIVITIES, () => checkEncryption(pulumi))));
  }
  const settings = await attempt("settings", ACTIVITIES, async () => readSettings(await loadConfiguration(stack)));
  if (Array.isArray(settings)) {
    return [...checks, ...settings, unknown("Keycloak", "not asked, as the settings are not valid")];
  }
  const keycloak = connect(settings.connection);
  try {
    return [...checks, ...describeSettings(settings), ...(await checkKeycloak(keycloak, settings))];
  } finally {
    await keycloak.close();
  }
}

/** Without that variable there is nothing to say: hardly anybody has heard of it. */
export function checkProtection({ [IGNORE_PROTECT]: value = "" }: NodeJS.ProcessEnv): Check[] {
  const found = `${IGNORE_PROTECT}=${value} lets pulumi up delete customers who are protected, in one step and for good`;
  return /^(true|1)$/i.test(value) ? [wrong("protect", found, `unset ${IGNORE_PROTECT}`, ["up"])] : [];
}

/** With the stacks that share the realm. */
function describeSettings({ integrations, realmStack, usedBy }: Settings): Check[] {
  const valid = right("settings", `valid; ${plural(integrations.length, "customer")}`);
  if (realmStack !== undefined) {
    return [valid, right("realm stack", `${realmStack}, which declares the realm's client scopes`)];
  }
  return usedBy.length === 0 ? [valid] : [valid, right("realm stack", `this one; used by ${usedBy.join(", ")}`)];
}

async function checkKeycloak(keycloak: KeycloakConnection, settings: Settings): Promise<Check[]> {
  const server = await attempt("Keycloak", ACTIVITIES, () => checkServer(keycloak, settings));
  if (server.some(({ about, outcome }) => outcome === "wrong" && about === "Keycloak")) {
    return [...server, unknown("login", "not tried, as the stack's own Keycloak or the realm is not there")];
  }
  const token = await attempt("login", OF_ADMIN, () => login(keycloak, settings));
  return Array.isArray(token)
    ? [...server, ...token]
    : [...server, ...(await checkDeployer(keycloak, settings, token, new Date()))];
}

async function checkDeployer(
  keycloak: KeycloakConnection,
  settings: Settings,
  token: string,
  receivedAt: Date,
): Promise<Check[]> {
  const { deployer, integrations } = settings;
  const admin = await loginAsDeployer(keycloak, settings, token);
  const info = await attempt("server version", OF_ADMIN, () => admin.serverInfo());
  const version = Array.isArray(info) ? undefined : (info.systemInfo?.version ?? undefined);
  const looksUpUsers = integrations.some(({ organization }) => "user" in organization);
  return [
    ...(await attempt("login", OF_ADMIN, () => describeLogin(deployer, token))),
    // A token that was given, not fetched, may be old.
    ...(deployer.credentials.kind === "accessToken" ? [] : [checkClock(issuedAtOf(token), receivedAt)]),
    ...(Array.isArray(info) ? info : []),
    version === undefined
      ? unknown("server version", "Keycloak hides it from this deployer; the provider does without")
      : right("server version", version),
    ...checkRights(admin.roles, { version, looksUpUsers }),
    ...(await attempt("admin API", OF_ADMIN, async () => [
      right("admin API", "accepts the deployer's token"),
      ...(await checkRealm(admin, settings)),
      ...(await checkOrganizations(admin, admin.roles, settings)),
      await checkSecrets(admin, settings),
      ...(await serviceAccountFaults(admin, settings)).map((fault) => wrongBy("service accounts", fault, OF_ADMIN)),
      ...(await checkPolicies(admin)),
      ...(await checkRotation(admin, settings)),
    ])),
  ];
}

async function describeLogin(deployer: Settings["deployer"], token: string): Promise<Check[]> {
  const name = deployerName({ ...deployer, clientId: clientOf(token) ?? deployer.clientId });
  const given = await givenAssertion(deployer);
  const by = given === undefined ? "" : `, by ${assertionInWords(given)}`;
  return [right("login", `${name} is accepted${by}`)];
}

/** Only Keycloak can tell which clients a policy picks: it may except ours. */
async function checkPolicies(admin: KeycloakAdmin): Promise<Check[]> {
  return (await refusingPolicies(admin)).map((policy) =>
    warning(
      "client policies",
      `${policyInWords(policy)} refuses each client that it picks and that logs in with a secret`,
      "except the customers' clients from it, in the admin console: Realm settings, Client policies",
    ),
  );
}

async function checkRotation(admin: KeycloakManager, settings: Settings): Promise<Check[]> {
  const about = "secret rotation";
  const faults = await rotationFaults(admin, settings);
  const { overlapDays, realmStack } = settings;
  if (faults.length > 0 || overlapDays === undefined) {
    return faults.map((fault) => wrongBy(about, fault, OF_ADMIN));
  }
  const { missing } = await rotationIn(admin, overlapDays);
  if (missing.length === 0) {
    return [right(about, `a previous secret works for ${overlapDays} days`)];
  }
  const found = `Keycloak has no ${missing.join(" and no ")}: the previous secret stops as soon as one is renewed`;
  const recover = `scpcloud recover${realmStack === undefined ? "" : ` --stack ${realmStack}`}`;
  const remedy = `run: pulumi up, if secretRotation was never deployed; else somebody deleted it, and ${recover} makes it anew`;
  return [warning(about, found, remedy)];
}

/** What a step finds; or else checks, where it fails in a way that the user can mend. */
async function attempt<T>(about: string, prevents: readonly Activity[], step: () => Promise<T>): Promise<T | Check[]> {
  try {
    return await step();
  } catch (error) {
    if (error instanceof SettingsError) {
      return error.faults.map((fault) => wrongBy(about, fault, prevents));
    }
    if (error instanceof PulumiError && error.remedy !== undefined) {
      return [wrong(about, error.told, error.remedy, prevents)];
    }
    if (error instanceof UserError) {
      return [wrong(about, messageOf(error), "mend this first; the checks that need it were left out", prevents)];
    }
    throw error;
  }
}
