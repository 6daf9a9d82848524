import { ACCOUNT_ROLES, BUILT_IN_SCOPES, realmScopeNames } from "../contract/names.ts";
import { SettingsError } from "../faults/faults.ts";
import { payloadOf } from "../keycloak/accessToken.ts";
import { type KeycloakManager, loginAsDeployer } from "../keycloak/admin.ts";
import type { KeycloakConnection } from "../keycloak/http.ts";
import { givenAssertion, login } from "../keycloak/login.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import { refuseWrongServer } from "../keycloak/wrongServer.ts";
import type { Settings } from "../settings/settings.ts";

/** What lookups ask. */
export type Admin = Omit<KeycloakManager, "change">;

/**
 * Logs in to the stack's own server as the provider does, before it does.
 * @throws SettingsError where the server is not the stack's own, or the deployer cannot log in
 */
export async function logIn(connection: KeycloakConnection, settings: Settings): Promise<Admin> {
  const assertion = await givenAssertion(settings.deployer);
  const claims = payloadOf(assertion ?? "");
  if (claims?.["iss"] !== undefined && claims["iss"] === claims["sub"]) {
    await refuseWrongServer(connection, settings);
    // The deployer's client has signed it itself (RFC 7523). Keycloak takes such an assertion once only, and the provider
    // needs it.
    return adminOfProvider(settings);
  }
  const admin = await loginAsDeployer(connection, settings);
  if (assertion !== undefined) {
    // The provider logs in, too. If Keycloak takes the assertion once only, this login says so, as the provider could not.
    await login(connection, settings);
  }
  return admin;
}

type Answers = readonly (readonly [path: RegExp, answer: (name: string) => Promise<object>])[];

/**
 * Asks by the provider's login, for a deployer who can log in only once. It answers what the program cannot do without. It
 * refuses all other questions, as Keycloak refuses them to a deployer who may not ask.
 */
function adminOfProvider(settings: Settings): Admin {
  const { realm: realmId } = settings;
  const { getClient, getClientScope } = keycloak.openid;
  const scopes = [...BUILT_IN_SCOPES, ...realmScopeNames(settings)];
  const answers: Answers = [
    // Without the session limits, which the provider tells in another form.
    [/^$/, () => keycloak.getRealm({ realm: realmId }).then(() => ({}))],
    [/^\/users\?exact=true&username=(.*)$/, (username) => listed([keycloak.getUser({ realmId, username })])],
    [
      /^\/clients\?clientId=(.*)$/,
      (clientId) => listed([getClient({ realmId, clientId }).then(({ id }) => ({ id, clientId }))]),
    ],
    [
      /^\/clients\/(.*)\/roles$/,
      (clientId) => listed(ACCOUNT_ROLES.map((name) => keycloak.getRole({ realmId, clientId, name }))),
    ],
    [/^\/client-scopes$/, () => listed(scopes.map((name) => getClientScope({ realmId, name })))],
  ];
  return {
    roles: undefined,
    now: () => new Date(),
    serverInfo: () => Promise.resolve({ features: [], systemInfo: {} }),
    get: async (path) => {
      const [pattern, answer] = answers.find(([one]) => one.test(path)) ?? [];
      if (answer === undefined) {
        throw new SettingsError([]);
      }
      return answer(decodeURIComponent(pattern?.exec(path)?.[1] ?? "")).catch((error: unknown) => {
        throw new SettingsError([
          {
            key: "keycloak:jwtToken",
            rule: "must be an assertion with which the provider can ask Keycloak",
            reason: wordsOf(error),
            remedy: "see what its words name; with a new assertion, scpcloud doctor tells more",
          },
        ]);
      });
    },
  };
}

/** Those that are there. Of one that is in no list that Keycloak gave, the provider says so in its own words. */
async function listed(answers: readonly Promise<object>[]): Promise<object[]> {
  const ifThere = (error: unknown) => {
    const words = wordsOf(error);
    if (/does not exist|not found|matched 0 /i.test(words) && !/: \d{3} /.test(words)) {
      return [];
    }
    throw error;
  };
  return (await Promise.all(answers.map((answer) => answer.catch(ifThere)))).flat();
}

function wordsOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\s+/g, " ").trim();
}
