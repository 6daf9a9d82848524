import { Administrator, type ClientRepresentation } from "./keycloak.ts";

/** Whether client profiles or client policies are meant. */
type PolicyKind = "policies" | "profiles";

interface Policy {
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Named extends Policy {
  readonly id: string;
}

/** Somebody who changes things in Keycloak's console, behind the program's back. */
export class Meddler {
  private readonly realm: string;

  constructor(realm: string) {
    this.realm = realm;
  }

  async act<T>(action: (administrator: Administrator) => Promise<T>): Promise<T> {
    const administrator = await Administrator.login(this.realm);
    try {
      return await action(administrator);
    } finally {
      await administrator.close();
    }
  }

  client(clientId: string): Promise<ClientRepresentation> {
    return this.act((administrator) => find(administrator, clientId));
  }

  changeClient(clientId: string, change: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.act(async (administrator) => {
      const client = await find(administrator, clientId);
      const attributes = { ...(client["attributes"] as object), ...(change["attributes"] as object | undefined) };
      return administrator.send("PUT", `/clients/${client.id}`, { ...client, ...change, attributes });
    });
  }

  deleteClient(clientId: string): Promise<unknown> {
    return this.send("DELETE", clientId, "");
  }

  /** Resolves to the new secret. */
  async regenerateSecret(clientId: string): Promise<string> {
    return ((await this.send("POST", clientId, "/client-secret", {})) as { value: string }).value;
  }

  /** Has the previous secret refused at once. */
  endOverlap(clientId: string): Promise<unknown> {
    return this.send("DELETE", clientId, "/client-secret/rotated");
  }

  /** Gives a deployer a role of realm-management, which is added where the realm lacks it. */
  giveRole(clientId: string, name: string): Promise<unknown> {
    return this.act(async (administrator) => {
      const { id: owner } = await find(administrator, "realm-management");
      const roles = (await administrator.send("GET", `/clients/${owner}/roles`)) as Named[];
      if (!roles.some((role) => role.name === name)) {
        await administrator.send("POST", `/clients/${owner}/roles`, { name });
      }
      const role = await administrator.send("GET", `/clients/${owner}/roles/${name}`);
      const { id } = await find(administrator, clientId);
      const account = (await administrator.send("GET", `/clients/${id}/service-account-user`)) as Named;
      await administrator.send("POST", `/users/${account.id}/role-mappings/clients/${owner}`, [role]);
      return administrator.send("POST", `/clients/${id}/scope-mappings/clients/${owner}`, [role]);
    });
  }

  async addScope(clientId: string, kind: "default" | "optional", scope: string): Promise<unknown> {
    return this.send("PUT", clientId, `/${kind}-client-scopes/${await this.scopeId(scope)}`, {});
  }

  /** @param name the mapper's, else the claim's */
  addMapper(clientId: string, claim: string, value: string, name = claim): Promise<unknown> {
    return this.send("POST", clientId, "/protocol-mappers/models", {
      name,
      protocol: "openid-connect",
      protocolMapper: "oidc-hardcoded-claim-mapper",
      config: {
        "claim.name": claim,
        "claim.value": value,
        "jsonType.label": "String",
        "access.token.claim": "true",
      },
    });
  }

  /** @param config what its configuration says instead; none: it is deleted */
  async changeMapper(clientId: string, mapper: string, config?: Readonly<Record<string, string>>): Promise<unknown> {
    return this.changeMapperOf(`/clients/${(await this.client(clientId)).id}`, mapper, config);
  }

  async changeScopeMapper(scope: string, mapper: string, config: Readonly<Record<string, string>>): Promise<unknown> {
    return this.changeMapperOf(`/client-scopes/${await this.scopeId(scope)}`, mapper, config);
  }

  /** The realm's client profiles or client policies, without Keycloak's own. */
  policies(kind: PolicyKind): Promise<readonly Policy[]> {
    return this.act(async (administrator) => {
      const answer = await administrator.send("GET", `/client-policies/${kind}`);
      return (answer as Record<string, readonly Policy[]>)[kind] ?? [];
    });
  }

  setPolicies(kind: PolicyKind, list: readonly object[]): Promise<unknown> {
    return this.act((administrator) => administrator.send("PUT", `/client-policies/${kind}`, { [kind]: list }));
  }

  /** Has previous secrets work for so many seconds: the stack file counts in days. */
  async shortenOverlap(seconds: number): Promise<void> {
    const profiles = JSON.stringify(await this.policies("profiles"));
    const shortened = profiles.replace(/("rotated-expiration-period":)"\d+"/g, `$1"${seconds}"`);
    await this.setPolicies("profiles", JSON.parse(shortened) as object[]);
  }

  async deleteScope(scope: string): Promise<unknown> {
    const id = await this.scopeId(scope);
    return this.act((administrator) => administrator.send("DELETE", `/client-scopes/${id}`));
  }

  private send(method: string, clientId: string, path: string, body?: object): Promise<unknown> {
    return this.act(async (administrator) =>
      administrator.send(method, `/clients/${(await find(administrator, clientId)).id}${path}`, body),
    );
  }

  private scopeId(name: string): Promise<string> {
    return this.act(async (administrator) => named(await administrator.send("GET", "/client-scopes"), name).id);
  }

  private changeMapperOf(owner: string, name: string, config?: Readonly<Record<string, string>>): Promise<unknown> {
    return this.act(async (administrator) => {
      const path = `${owner}/protocol-mappers/models`;
      const mapper = named(await administrator.send("GET", path), name);
      const changed = { ...mapper, config: { ...(mapper["config"] as object), ...config } };
      return config === undefined
        ? administrator.send("DELETE", `${path}/${mapper.id}`)
        : administrator.send("PUT", `${path}/${mapper.id}`, changed);
    });
  }
}

async function find(administrator: Administrator, clientId: string): Promise<ClientRepresentation> {
  const client = (await administrator.clients(clientId)).find((one) => one.clientId === clientId);
  if (client === undefined) {
    throw new Error(`There is no client ${clientId}.`);
  }
  return client;
}

function named(list: unknown, name: string): Named {
  const found = (list as Named[]).find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`There is nothing named ${name}.`);
  }
  return found;
}
