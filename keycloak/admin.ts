import * as v from "valibot";

import { type Fault, SettingsError } from "../faults/faults.ts";
import { ofForm, recordOf, stringsOf } from "../values/shapes.ts";
import { issuedAtOf, rolesOf } from "./accessToken.ts";
import { explainAdmin } from "./adminFaults.ts";
import { refuseBlindness } from "./blindness.ts";
import type { KeycloakConnection } from "./http.ts";
import { login } from "./login.ts";
import { type Place, refuseWrongServer } from "./wrongServer.ts";

const SERVER_INFO = v.object({
  features: v.nullish(v.array(v.object({ name: v.string(), enabled: v.nullish(v.boolean()) })), []),
  systemInfo: v.nullish(v.object({ version: v.nullish(v.string()) }), {}),
});
type ServerInfo = v.InferOutput<typeof SERVER_INFO>;

/** Reads what Keycloak's admin REST API has, with the deployer's own rights. */
export interface KeycloakAdmin {
  /** Below `/admin/realms/<realm>`. @throws SettingsError unless it is 200, JSON, and of a deployer who may look. */
  get(path: string): Promise<unknown>;
}

/** Changes what it has, too. */
export interface KeycloakManager extends KeycloakAdmin {
  /** The roles in the deployer's token that the admin REST API goes by; undefined where the token does not tell. */
  readonly roles: readonly string[] | undefined;
  /** What the server says of itself; nothing where it does not say it to this deployer. @throws SettingsError as above */
  serverInfo(): Promise<ServerInfo>;
  /** The time by Keycloak's clock, by which it notes when a secret was made and when one ends. */
  now(): Date;
  /** @returns the answer's JSON, if it is any. @throws SettingsError unless the answer is good. */
  change(method: "DELETE" | "POST" | "PUT", path: string, json?: unknown): Promise<unknown>;
}

/**
 * Logs in to the stack's own server as the Keycloak provider does, to read the realm of the settings, or to change it.
 * @param accessToken from a login before, which is used instead as long as Keycloak takes it
 */
export async function loginAsDeployer(
  keycloak: KeycloakConnection,
  asking: Omit<Place, "api" | "publicUrl"> | Place,
  accessToken?: string,
): Promise<KeycloakManager> {
  // Somebody who sets up a realm has no stack yet, and so no public URL to compare.
  if (accessToken === undefined && "publicUrl" in asking) {
    await refuseWrongServer(keycloak, asking);
  }
  let token = accessToken ?? (await logIn(keycloak, asking));
  const ahead = clockDifference(token, asking);
  const base = `/admin/realms/${asking.realm}`;
  const attempt = (method: string, path: string, json?: unknown) =>
    keycloak.request(path, { method, headers: { authorization: `Bearer ${token}` }, json });
  const send = async (method: string, path: string, isGood: (status: number) => boolean, json?: unknown) => {
    let { status, body } = await attempt(method, `${base}${path}`, json);
    if (status === 401) {
      // The token has ended: to recover a large stack takes longer.
      token = await logIn(keycloak, asking);
      ({ status, body } = await attempt(method, `${base}${path}`, json));
    }
    if (!isGood(status)) {
      // Without the query: the same refusal of many questions is told once.
      const [at = ""] = path.split("?");
      throw refusal([explainAdmin({ status, path: `${base}${at}`, said: wordsOf(body) }, asking)]);
    }
    return body;
  };
  const get = (path: string) => send("GET", path, (status) => status === 200);
  return {
    roles: rolesOf(token, asking.realm),
    now: () => new Date(Date.now() + ahead),
    serverInfo: async () => {
      const path = "/admin/serverinfo";
      const { body, status } = await attempt("GET", path);
      return formed(SERVER_INFO, path, status === 200 ? body : {});
    },
    get: async (path) => {
      const body = await get(path);
      await refuseBlindness(path, body, asking, get);
      return body ?? Promise.reject(otherAnswer(path, "it is no JSON"));
    },
    change: (method, path, json) => send(method, path, (status) => status >= 200 && status < 300, json),
  };
}

/** The same, who asks for each path once: for a command that only looks, and looks at one object for several reasons. */
export function askingOnce<Admin extends KeycloakAdmin>(admin: Admin): Admin {
  const answers = new Map<string, Promise<unknown>>();
  const get = (path: string) => {
    const answer = answers.get(path) ?? admin.get(path);
    answers.set(path, answer);
    return answer;
  };
  return { ...admin, get };
}

/** By how many milliseconds Keycloak's clock is ahead of this machine's: a new token tells it, a ready one does not (0). */
function clockDifference(token: string, { deployer }: Pick<Place, "deployer">): number {
  const issuedAt = deployer.credentials.kind === "accessToken" ? undefined : issuedAtOf(token);
  return issuedAt === undefined ? 0 : issuedAt * 1000 - Date.now();
}

/** What the admin REST API has at a path. @throws SettingsError also if it has another form */
export async function read<Schema extends v.GenericSchema>(
  admin: KeycloakAdmin,
  path: string,
  schema: Schema,
): Promise<v.InferOutput<Schema>> {
  return formed(schema, path, await admin.get(path));
}

function formed<Schema extends v.GenericSchema>(schema: Schema, path: string, body: unknown): v.InferOutput<Schema> {
  const answer = ofForm(schema, body);
  if ("wrong" in answer) {
    throw otherAnswer(path, answer.wrong);
  }
  return answer.value;
}

async function logIn(...asking: Parameters<typeof login>): Promise<string> {
  try {
    return await login(...asking);
  } catch (error) {
    throw error instanceof SettingsError ? refusal(error.faults) : error;
  }
}

/** Without "nothing was changed": at this time, the command may have changed something. */
function refusal(faults: readonly Fault[]): SettingsError {
  return new SettingsError(faults, "in the stack's configuration, or in Keycloak");
}

function otherAnswer(path: string, wrong: string): SettingsError {
  return refusal([
    {
      key: "keycloak:url",
      rule: "must be a Keycloak that answers itself",
      reason: `its admin REST API answered 200 at ${path || "the realm"}, but not as Keycloak does: ${wrong}`,
      remedy: "see that neither a proxy nor a login page answers in its place, and that the URL is Keycloak's own",
    },
  ]);
}

/** Keycloak's own, of two forms. */
function wordsOf(body: unknown): string {
  const { error, error_description: description, errorMessage } = recordOf(body);
  return stringsOf([errorMessage, error, description]).join(": ");
}
