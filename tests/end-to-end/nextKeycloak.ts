import type { IncomingHttpHeaders } from "node:http";

import type { Administrator } from "./keycloak.ts";
import { type Interference, type Listener, startProxy } from "./proxy.ts";

/** The built-in client scope by which 26.8.2 lets a client use the admin API. */
const ADMIN_API_SCOPE = "kc-admin-api";
const PUBLIC_URL = "https://host.docker.internal:28443";
const MASK = "**********";

/**
 * A Keycloak 26.8.2 as its upgrading notes describe it, imitated before the newest server that can be had:
 * - the admin API takes only tokens with the audience that the client scope kc-admin-api gives (401);
 * - who writes protocol mappers needs manage-realm (403);
 * - who may only view clients sees asterisks instead of their secrets;
 * - who may not view clients gets empty lists of client scopes.
 *
 * It differs in one thing: it tells everybody the server's version. The plugin that is built from Go modules must know it;
 * the official one does without.
 */
export function startNextKeycloak(): Promise<Listener> {
  return startProxy(({ method = "", url = "", headers }) =>
    url.startsWith("/admin/") ? rule(method, url, headers) : undefined,
  );
}

/** What the upgrade to 26.8.2 makes in each realm, and an older server's realm lacks. */
export async function makeAdminApiScope(administrator: Administrator, realm: string): Promise<void> {
  await administrator.send("POST", "/client-scopes", {
    name: ADMIN_API_SCOPE,
    protocol: "openid-connect",
    attributes: { "include.in.token.scope": "false" },
    protocolMappers: [
      {
        name: "admin api",
        protocol: "openid-connect",
        protocolMapper: "oidc-audience-mapper",
        config: { "included.custom.audience": audienceOf(realm), "access.token.claim": "true" },
      },
    ],
  });
}

/** Gives a client the scope, as an administrator does after the upgrade. */
export function giveAdminApiScope(administrator: Administrator, clientId: string): Promise<void> {
  return administrator.addScope(clientId, "default", ADMIN_API_SCOPE);
}

function audienceOf(realm: string): string {
  return `${PUBLIC_URL}/admin/realms/${realm}`;
}

function rule(method: string, path: string, headers: IncomingHttpHeaders): Interference | undefined {
  const { audiences, realm, roles } = callerOf(headers);
  if (!audiences.includes(audienceOf(realm))) {
    return { status: 401, body: { error: "HTTP 401 Unauthorized" } };
  }
  if (method !== "GET") {
    return path.includes("/protocol-mappers/") && !roles.includes("manage-realm")
      ? { status: 403, body: { error: "HTTP 403 Forbidden" } }
      : undefined;
  }
  if (path.startsWith("/admin/serverinfo")) {
    return (body) => ({ ...(body as object), systemInfo: { version: "26.8.2" } });
  }
  if (/\/(default|optional)-client-scopes/.test(path) && !roles.some((role) => /^(view|manage)-clients$/.test(role))) {
    return () => [];
  }
  return /\/clients\b/.test(path) && !roles.includes("manage-clients") ? masked : undefined;
}

interface Caller {
  readonly audiences: readonly string[];
  readonly roles: readonly string[];
  readonly realm: string;
}

/** The caller as its token tells it; nobody without one. */
function callerOf({ authorization = "" }: IncomingHttpHeaders): Caller {
  const [, payload] = authorization.replace(/^bearer /i, "").split(".");
  const claims = JSON.parse(Buffer.from(payload ?? "e30", "base64url").toString()) as {
    aud?: string | string[];
    iss?: string;
    resource_access?: Record<string, { roles: string[] }>;
  };
  return {
    audiences: [claims.aud ?? []].flat(),
    roles: claims.resource_access?.["realm-management"]?.roles ?? [],
    realm: claims.iss?.split("/realms/")[1] ?? "",
  };
}

/** Secrets of clients: in a client, in a list of them, or in the answer of client-secret. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(masked);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return {
    ...value,
    ...("secret" in value ? { secret: MASK } : {}),
    ...("type" in value && value.type === "secret" && "value" in value ? { value: MASK } : {}),
  };
}
