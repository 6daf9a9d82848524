import { readFile } from "node:fs/promises";

import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { serverOfTests } from "./server.ts";

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

/** A token of the console's client lives a minute; on a slow machine a test takes longer. */
const TOKEN_MILLISECONDS = 30_000;

/** The server's own administrator, for what the tests look at or do behind the program's back. */
export class Administrator {
  private token = "";
  private fetched = 0;

  private readonly keycloak: KeycloakConnection;
  private readonly password: string;
  private readonly realm: string;

  private constructor(keycloak: KeycloakConnection, password: string, realm: string) {
    this.keycloak = keycloak;
    this.password = password;
    this.realm = realm;
  }

  static async login(realm: string): Promise<Administrator> {
    const { url, caCertificate, bootstrapAdminPasswordFile } = serverOfTests();
    const password = (await readFile(bootstrapAdminPasswordFile, "utf8")).trim();
    return new Administrator(connect({ url, caCertificate }), password, realm);
  }

  async send(method: string, path: string, json?: unknown): Promise<unknown> {
    const { status, body } = await this.keycloak.request(`/admin/realms/${this.realm}${path}`, {
      method,
      headers: { authorization: `Bearer ${await this.currentToken()}` },
      ...(json === undefined ? {} : { json }),
    });
    if (status >= 300) {
      throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
    }
    return body;
  }

  /** The clients of the realm whose ids begin so; the test realms are small. */
  /** Sorted, and each one's client scopes too: Keycloak gives both in any order, now this way, now that. */
  async clients(prefix = ""): Promise<ClientRepresentation[]> {
    const all = (await this.send("GET", "/clients")) as ClientRepresentation[];
    return all
      .filter(({ clientId }) => clientId.startsWith(prefix))
      .sort((a, b) => (a.clientId < b.clientId ? -1 : 1))
      .map((client) => ({ ...client, defaultClientScopes: [...(client["defaultClientScopes"] as string[])].sort() }));
  }

  async clientScopes(): Promise<string[]> {
    return ((await this.send("GET", "/client-scopes")) as { name: string }[]).map(({ name }) => name).sort();
  }

  async userId(username: string): Promise<string> {
    const users = (await this.send("GET", `/users?exact=true&username=${encodeURIComponent(username)}`)) as {
      id: string;
    }[];
    return users[0]?.id ?? "";
  }

  close(): Promise<void> {
    return this.keycloak.close();
  }

  private async currentToken(): Promise<string> {
    if (Date.now() - this.fetched > TOKEN_MILLISECONDS) {
      const { body } = await this.keycloak.request("/realms/master/protocol/openid-connect/token", {
        method: "POST",
        form: { grant_type: "password", client_id: "admin-cli", username: "admin", password: this.password },
      });
      this.token = (body as { access_token: string }).access_token;
      this.fetched = Date.now();
    }
    return this.token;
  }
}
