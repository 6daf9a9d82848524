import { Administrator, type ClientRepresentation } from "./keycloak";

/** Whether client profiles or client policies are meant. */
type PolicyKind = "policies" | "profiles";

interface Profile {
  readonly name: string;
  readonly executors: readonly { readonly executor: string; readonly configuration: Record<string, string> }[];
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

/** Somebody who changes things in Keycloak's console, behind the program's back. */
export class Meddler {
  constructor(private readonly realm: string) {}

  /** Logs in anew: an administrator's token lives a minute only. */
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
    return this.act(async (administrator) =>
      administrator.send("DELETE", `/clients/${(await find(administrator, clientId)).id}`),
    );
  }

  /** Resolves to the new secret. */
  async regenerateSecret(clientId: string): Promise<string> {
    const answer = await this.act(async (administrator) =>
      administrator.send("POST", `/clients/${(await find(administrator, clientId)).id}/client-secret`, {}),
    );
    return (answer as { value: string }).value;
  }

  /** Has the previous secret refused at once. */
  endOverlap(clientId: string): Promise<unknown> {
    return this.act(async (administrator) =>
      administrator.send("DELETE", `/clients/${(await find(administrator, clientId)).id}/client-secret/rotated`),
    );
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

  addScope(clientId: string, kind: "default" | "optional", scope: string): Promise<unknown> {
    return this.act(async (administrator) => {
      const { id } = await find(administrator, clientId);
      const { id: scopeId } = named(await administrator.send("GET", "/client-scopes"), scope);
      return administrator.send("PUT", `/clients/${id}/${kind}-client-scopes/${scopeId}`, {});
    });
  }

  /** @param name the mapper's, else the claim's */
  addMapper(clientId: string, claim: string, value: string, name = claim): Promise<unknown> {
    return this.act(async (administrator) =>
      administrator.send("POST", `/clients/${(await find(administrator, clientId)).id}/protocol-mappers/models`, {
        name,
        protocol: "openid-connect",
        protocolMapper: "oidc-hardcoded-claim-mapper",
        config: {
          "claim.name": claim,
          "claim.value": value,
          "jsonType.label": "String",
          "access.token.claim": "true",
        },
      }),
    );
  }

  /** @param config what its configuration says instead; none: it is deleted */
  changeMapper(clientId: string, mapper: string, config?: Readonly<Record<string, string>>): Promise<unknown> {
    return this.act(async (administrator) =>
      changeMapper(administrator, `/clients/${(await find(administrator, clientId)).id}`, mapper, config),
    );
  }

  changeScopeMapper(scope: string, mapper: string, config: Readonly<Record<string, string>>): Promise<unknown> {
    return this.act(async (administrator) => {
      const { id } = named(await administrator.send("GET", "/client-scopes"), scope);
      return changeMapper(administrator, `/client-scopes/${id}`, mapper, config);
    });
  }

  /** The realm's client profiles or client policies, without Keycloak's own. */
  policies<T>(kind: PolicyKind): Promise<readonly T[]> {
    return this.act(async (administrator) => {
      const answer = (await administrator.send("GET", `/client-policies/${kind}`)) as Record<string, readonly T[]>;
      return answer[kind] ?? [];
    });
  }

  setPolicies(kind: PolicyKind, list: readonly object[]): Promise<unknown> {
    return this.act((administrator) => administrator.send("PUT", `/client-policies/${kind}`, { [kind]: list }));
  }

  /** Has previous secrets work for so many seconds: the stack file counts in days. */
  async shortenOverlap(seconds: number): Promise<void> {
    const shortened = (await this.policies<Profile>("profiles")).map((profile) => ({
      ...profile,
      executors: profile.executors.map(({ configuration, executor }) => ({
        executor,
        configuration:
          executor === "secret-rotation"
            ? { ...configuration, "rotated-expiration-period": String(seconds) }
            : configuration,
      })),
    }));
    await this.setPolicies("profiles", shortened);
  }

  deleteScope(scope: string): Promise<unknown> {
    return this.act(async (administrator) => {
      const { id } = named(await administrator.send("GET", "/client-scopes"), scope);
      return administrator.send("DELETE", `/client-scopes/${id}`);
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

async function changeMapper(
  administrator: Administrator,
  owner: string,
  name: string,
  config: Readonly<Record<string, string>> | undefined,
): Promise<unknown> {
  const path = `${owner}/protocol-mappers/models`;
  const mapper = named(await administrator.send("GET", path), name);
  return config === undefined
    ? administrator.send("DELETE", `${path}/${mapper.id}`)
    : administrator.send("PUT", `${path}/${mapper.id}`, {
        ...mapper,
        config: { ...(mapper["config"] as object), ...config },
      });
}

function named(list: unknown, name: string): Named {
  const found = (list as Named[]).find((one) => one.name === name);
  if (found === undefined) {
    throw new Error(`There is nothing named ${name}.`);
  }
  return found;
}
