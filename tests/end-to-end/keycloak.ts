import { readFile } from "node:fs/promises";

import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { realmOfTests, serverOfTests } from "./server.ts";

/** A client as Keycloak shows it to an administrator. */
export interface ClientRepresentation {
  readonly id: string;
  readonly clientId: string;
  readonly secret?: string;
  readonly [field: string]: unknown;
}

/** What must not change of clients, whatever becomes of the rest. */
export function identity(clients: readonly ClientRepresentation[]) {
  return clients.map(({ clientId, id, secret }) => ({ clientId, id, secret }));
}

/** Whether client profiles or client policies are meant. */
type PolicyKind = "policies" | "profiles";

interface Policy {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Named extends Policy {
  readonly id: string;
}

/** A token of the console's client lives a minute; on a slow machine a test takes longer. */
const TOKEN_MILLISECONDS = 30_000;

/** The server's own administrator, for what the tests look at or do in a realm behind the program's back. */
export class Administrator {
  private readonly realm: string;
  private keycloak: KeycloakConnection | undefined;
  private token = "";
  private fetched = 0;

  constructor(realm: string) {
    this.realm = realm;
  }

  /** Makes the realm. Keycloak refuses a second one of that name: files run at the same time. */
  async makeRealm(): Promise<void> {
    await this.ask("POST", "/admin/realms", realmOfTests(this.realm, serverOfTests().deployerSecret));
  }

  send(method: string, path: string, json?: unknown): Promise<unknown> {
    return this.ask(method, `/admin/realms/${this.realm}${path}`, json);
  }

  private async ask(method: string, path: string, json: unknown): Promise<unknown> {
    this.keycloak ??= connect(serverOfTests());
    const { status, body } = await this.keycloak.request(path, {
      method,
      headers: { authorization: `Bearer ${await this.currentToken(this.keycloak)}` },
      ...(json === undefined ? {} : { json }),
    });
    if (status >= 300) {
      throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    }
    return body;
  }

  /**
   * The clients of the realm whose ids begin so; the test realms are small. They are sorted, and each one's client scopes
   * too: Keycloak gives both in any order, now this way, now that.
   */
  async clients(prefix = ""): Promise<ClientRepresentation[]> {
    const all = (await this.send("GET", "/clients")) as ClientRepresentation[];
    return all
      .filter(({ clientId }) => clientId.startsWith(prefix))
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
      .map((client) => ({ ...client, defaultClientScopes: [...(client["defaultClientScopes"] as string[])].sort() }));
  }

  async client(clientId: string): Promise<ClientRepresentation> {
    const client = (await this.clients(clientId)).find((one) => one.clientId === clientId);
    if (client === undefined) {
      throw new Error(`There is no client ${clientId}.`);
    }
    return client;
  }

  async changeClient(clientId: string, change: Readonly<Record<string, unknown>>): Promise<void> {
    const client = await this.client(clientId);
    const attributes = { ...(client["attributes"] as object), ...(change["attributes"] as object | undefined) };
    await this.send("PUT", `/clients/${client.id}`, { ...client, ...change, attributes });
  }

  deleteClient(clientId: string): Promise<unknown> {
    return this.sendTo(clientId, "DELETE", "");
  }

  /** Resolves to the new secret. */
  async regenerateSecret(clientId: string): Promise<string> {
    return ((await this.sendTo(clientId, "POST", "/client-secret", {})) as { value: string }).value;
  }

  /** Has the previous secret refused at once. */
  endOverlap(clientId: string): Promise<unknown> {
    return this.sendTo(clientId, "DELETE", "/client-secret/rotated");
  }

  /** Gives a deployer a role of realm-management, which is added where the realm lacks it. */
  async giveRole(clientId: string, name: string): Promise<void> {
    const { id: owner } = await this.client("realm-management");
    const roles = (await this.send("GET", `/clients/${owner}/roles`)) as Named[];
    if (!roles.some((role) => role.name === name)) {
      await this.send("POST", `/clients/${owner}/roles`, { name });
    }
    const role = await this.send("GET", `/clients/${owner}/roles/${name}`);
    const account = (await this.sendTo(clientId, "GET", "/service-account-user")) as Named;
    await this.send("POST", `/users/${account.id}/role-mappings/clients/${owner}`, [role]);
    await this.sendTo(clientId, "POST", `/scope-mappings/clients/${owner}`, [role]);
  }

  async addScope(clientId: string, kind: "default" | "optional", scope: string): Promise<void> {
    await this.sendTo(clientId, "PUT", `/${kind}-client-scopes/${await this.scopeId(scope)}`, {});
  }

  /** @param name the mapper's, else the claim's */
  addMapper(clientId: string, claim: string, value: string, name = claim): Promise<unknown> {
    const config = { "claim.name": claim, "claim.value": value, "jsonType.label": "String" };
    return this.sendTo(clientId, "POST", "/protocol-mappers/models", {
      name,
      protocol: "openid-connect",
      protocolMapper: "oidc-hardcoded-claim-mapper",
      config: { ...config, "access.token.claim": "true" },
    });
  }

  /** @param config what its configuration says instead; none: it is deleted */
  async changeMapper(clientId: string, mapper: string, config?: Readonly<Record<string, string>>): Promise<void> {
    await this.changeMapperOf(`/clients/${(await this.client(clientId)).id}`, mapper, config);
  }

  async changeScopeMapper(scope: string, mapper: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.changeMapperOf(`/client-scopes/${await this.scopeId(scope)}`, mapper, config);
  }

  async clientScopes(): Promise<string[]> {
    return ((await this.send("GET", "/client-scopes")) as Named[]).map(({ name }) => name).sort();
  }

  async deleteScope(scope: string): Promise<void> {
    await this.send("DELETE", `/client-scopes/${await this.scopeId(scope)}`);
  }

  /** The realm's client profiles or client policies, without Keycloak's own. */
  async policies(kind: PolicyKind): Promise<readonly Policy[]> {
    const answer = await this.send("GET", `/client-policies/${kind}`);
    return (answer as Record<string, readonly Policy[]>)[kind] ?? [];
  }

  setPolicies(kind: PolicyKind, list: readonly object[]): Promise<unknown> {
    return this.send("PUT", `/client-policies/${kind}`, { [kind]: list });
  }

  /** Has previous secrets work for so many seconds: the stack file counts in days. */
  async shortenOverlap(seconds: number): Promise<void> {
    const profiles = JSON.stringify(await this.policies("profiles"));
    const shortened = profiles.replace(/("rotated-expiration-period":)"\d+"/g, `$1"${seconds}"`);
    await this.setPolicies("profiles", JSON.parse(shortened) as object[]);
  }

  /** Empty where there is no such user. */
  async userId(username: string): Promise<string> {
    const users = await this.send("GET", `/users?exact=true&username=${encodeURIComponent(username)}`);
    return (users as { id: string }[])[0]?.id ?? "";
  }

  private async sendTo(clientId: string, method: string, path: string, json?: object): Promise<unknown> {
    return this.send(method, `/clients/${(await this.client(clientId)).id}${path}`, json);
  }

  private async scopeId(name: string): Promise<string> {
    return named(await this.send("GET", "/client-scopes"), name).id;
  }

  private async changeMapperOf(owner: string, name: string, config?: Readonly<Record<string, string>>): Promise<void> {
    const path = `${owner}/protocol-mappers/models`;
    const mapper = named(await this.send("GET", path), name);
    const changed = { ...mapper, config: { ...(mapper["config"] as object), ...config } };
    await (config === undefined
      ? this.send("DELETE", `${path}/${mapper.id}`)
      : this.send("PUT", `${path}/${mapper.id}`, changed));
  }

  private async currentToken(keycloak: KeycloakConnection): Promise<string> {
    if (Date.now() - this.fetched > TOKEN_MILLISECONDS) {
      const password = (await readFile(serverOfTests().bootstrapAdminPasswordFile, "utf8")).trim();
      const { body } = await keycloak.request("/realms/master/protocol/openid-connect/token", {
        method: "POST",
        form: { grant_type: "password", client_id: "admin-cli", username: "admin", password },
      });
      this.token = (body as { access_token: string }).access_token;
      this.fetched = Date.now();
    }
    return this.token;
  }
}

function named(list: unknown, name: string): Named {
  const found = (list as Named[]).find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`There is nothing named ${name}.`);
  }
  return found;
}
