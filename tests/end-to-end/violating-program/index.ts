import type * as Docker from "@pulumi/docker";
import * as keycloak from "@pulumi/keycloak";

// A customer, and where it is asked for a container, that keep to every rule of the policy pack but for what a test
// changes in them. Nothing here is ever made: a preview of new resources asks neither Keycloak nor a Docker engine.

/** By resource, the inputs to be changed; null leaves the resource out. `options` are the client's. */
const changes = JSON.parse(process.env["SCPCLOUD_CHANGES"] ?? "{}") as Readonly<Record<string, object | null>>;

const changed = <Args extends object>(name: string, args: Args): Args => ({ ...args, ...changes[name] });

function declare<Args extends object>(name: string, args: Args, make: (args: Args) => unknown): void {
  if (changes[name] !== null) {
    make(changed(name, args));
  }
}

const provider = new keycloak.Provider("keycloak", {
  url: "https://keycloak.example",
  clientId: "deployer",
  clientSecret: "none",
  initialLogin: false,
});
const options = { provider };
const realmId = "ScpCloud";

const { protect = true } = (changes["options"] ?? {}) as { readonly protect?: boolean };

const scope = new keycloak.openid.ClientScope("scope", { realmId, name: "scpCloud" }, options);
const client = new keycloak.openid.Client(
  "client",
  changed("client", {
    realmId,
    clientId: "acme",
    accessType: "CONFIDENTIAL",
    serviceAccountsEnabled: true,
    fullScopeAllowed: false,
    accessTokenLifespan: "300",
  }),
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

declare("mapper", mapper, (args) => new keycloak.openid.HardcodedClaimProtocolMapper("mapper", args, options));
if ("secondMapper" in changes) {
  new keycloak.openid.HardcodedClaimProtocolMapper("second-mapper", mapper, options);
}
declare(
  "defaultScopes",
  { ...ofClient, defaultScopes: ["basic", "roles", "service_account", scope.name] },
  (args) => new keycloak.openid.ClientDefaultScopes("default-scopes", args, options),
);
declare(
  "optionalScopes",
  { ...ofClient, optionalScopes: [] },
  (args) => new keycloak.openid.ClientOptionalScopes("optional-scopes", args, options),
);

if ("container" in changes || "image" in changes) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the plugin is there where an engine answers only
  const docker = require("@pulumi/docker") as typeof Docker;
  const engine = { provider: new docker.Provider("docker", { host: "unix:///nowhere/docker.sock" }) };
  const image = new docker.RemoteImage("image", changed("image", { name: "registry.example.com/app:1.0" }), engine);
  const container = { image: image.imageId, readOnly: true, capabilities: { drops: ["ALL"] } };
  new docker.Container("container", changed("container", container), engine);
}
