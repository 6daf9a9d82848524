import { createRequire } from "node:module";

import type * as Docker from "@pulumi/docker";
import * as keycloak from "@pulumi/keycloak";

const load = createRequire(import.meta.url);

// Customers, and where they are asked for containers, that keep to every rule of the policy pack but for what a test
// changes in them. Nothing here is ever made: a preview of new resources asks neither Keycloak nor a Docker engine.

/** By resource, the inputs to be changed; null leaves the resource out. `options` are the client's. */
type Changes = Readonly<Record<string, object | null>>;

/** By the name of a case, with which its resources' names begin. */
const cases = JSON.parse(process.env["SCPCLOUD_CHANGES"] ?? "{}") as Readonly<Record<string, Changes>>;

const provider = new keycloak.Provider("keycloak", {
  url: "https://keycloak.example",
  clientId: "deployer",
  clientSecret: "none",
  initialLogin: false,
});
const options = { provider };
const realmId = "ScpCloud";
const scope = new keycloak.openid.ClientScope("scope", { realmId, name: "scpCloud" }, options);

for (const [name, changes] of Object.entries(cases)) {
  if ("container" in changes || "image" in changes) {
    declareContainer(name, changes);
  } else {
    declareCustomer(name, changes);
  }
}

function declareCustomer(name: string, changes: Changes): void {
  const { protect = true } = (changes["options"] ?? {}) as { readonly protect?: boolean };
  const client = new keycloak.openid.Client(
    `${name}-client`,
    {
      realmId,
      clientId: name,
      accessType: "CONFIDENTIAL",
      serviceAccountsEnabled: true,
      fullScopeAllowed: false,
      accessTokenLifespan: "300",
      ...changes["client"],
    },
    { ...options, protect },
  );
  const ofClient = { realmId, clientId: client.id };
  const mapper = {
    ...ofClient,
    claimName: "organizationId",
    claimValue: "an-id",
    addToIdToken: false,
    addToUserinfo: false,
  };
  if (changes["mapper"] !== null) {
    new keycloak.openid.HardcodedClaimProtocolMapper(`${name}-mapper`, mapper, options);
  }
  if ("secondMapper" in changes) {
    new keycloak.openid.HardcodedClaimProtocolMapper(`${name}-second-mapper`, mapper, options);
  }
  const defaultScopes = ["basic", "roles", "service_account", scope.name];
  const scopes = { ...ofClient, defaultScopes, ...changes["defaultScopes"] };
  new keycloak.openid.ClientDefaultScopes(`${name}-default-scopes`, scopes, options);
  if (changes["optionalScopes"] !== null) {
    new keycloak.openid.ClientOptionalScopes(`${name}-optional-scopes`, { ...ofClient, optionalScopes: [] }, options);
  }
}

function declareContainer(name: string, changes: Changes): void {
  const docker = load("@pulumi/docker") as typeof Docker;
  const engine = { provider: new docker.Provider(`${name}-docker`, { host: "unix:///nowhere/docker.sock" }) };
  const wanted = { name: "registry.example.com/app:1.0", ...changes["image"] };
  const image = new docker.RemoteImage(`${name}-image`, wanted, engine);
  const container = { image: image.imageId, readOnly: true, capabilities: { drops: ["ALL"] }, ...changes["container"] };
  new docker.Container(`${name}-container`, container, engine);
}
