import { ACCOUNT_ROLES, BUILT_IN_SCOPES, realmScopeNames } from "../contract/names.ts";
import type { KeycloakConnection } from "../keycloak/http.ts";

/** What is asked, as a rule by a name, and what a realm in which all is well answers. Ids are recognizable. */
const QUESTIONS = {
  discovery: [
    /^\/realms\/(.*)\/\.well-known\/openid-configuration$/,
    (realm) => ({ issuer: `https://keycloak.example.com/realms/${realm}` }),
  ],
  token: [/\/token$/, () => ({ access_token: "token" })],
  realm: [/^\/admin\/realms\/([^/]+)$/, () => ({ ssoSessionMaxLifespan: 36_000 })],
  users: [
    /\/users\?exact=true&username=(.*)$/,
    (username) => [{ id: `id-of-${username}`, username, enabled: true }] as unknown,
  ],
  clients: [/\/clients\?clientId=(.*)$/, (clientId) => [{ id: `id-of-client-${clientId}`, clientId }]],
  roles: [/\/clients\/(.*)\/roles$/, () => ACCOUNT_ROLES.map((name) => ({ id: `id-of-role-${name}`, name }))],
  scopes: [
    /\/client-scopes$/,
    () => [...BUILT_IN_SCOPES, ...realmScopeNames({ accountAccess: true })].map((name) => ({ name })),
  ],
} satisfies Record<string, readonly [RegExp, (name: string) => unknown]>;

/** Other answers; a function of the name that is asked for, or the answer's JSON, or {@link answered}. */
export type RealmAnswers = Partial<Record<keyof typeof QUESTIONS, unknown>>;

class Answered {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

/** An answer of another status than 200. */
export const answered = (status: number, body?: unknown) => new Answered(status, body);

/** A Keycloak with one realm. What it is not asked for by name is an empty list. */
export function fakeRealm(answers: RealmAnswers = {}, requests: string[] = []): KeycloakConnection {
  return {
    url: "https://keycloak.example.com",
    close: () => Promise.resolve(),
    // eslint-disable-next-line @typescript-eslint/require-await -- so that what is thrown becomes a rejection
    request: async (path) => {
      requests.push(path);
      for (const [question, [pattern, usual]] of Object.entries(QUESTIONS)) {
        const match = pattern.exec(path);
        if (match !== null) {
          const answer = question in answers ? answers[question as keyof RealmAnswers] : usual;
          const ask = typeof answer === "function" ? (answer as (name: string) => unknown) : () => answer;
          const body = ask(decodeURIComponent(match[1] ?? ""));
          return body instanceof Answered ? body : { status: 200, body };
        }
      }
      return { status: 200, body: path === "/admin/serverinfo" ? {} : [] };
    },
  };
}
