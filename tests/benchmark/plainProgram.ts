import * as keycloak from "@pulumi/keycloak";
import * as pulumi from "@pulumi/pulumi";

// What users write who have no program like this project's: the same resources in a loop. Run by Pulumi's own way.
const config = new pulumi.Config();
const realmId = config.require("realm");
const scope = new keycloak.openid.ClientScope("scope", { realmId, name: "plain", includeInTokenScope: false });
new keycloak.openid.AudienceProtocolMapper("audience", {
  realmId,
  clientScopeId: scope.id,
  name: "audience",
  includedCustomAudience: "plain",
});
for (let number = 1; number <= config.requireNumber("customers"); number++) {
  const name = `plain-${number}`;
  const client = new keycloak.openid.Client(name, {
    realmId,
    clientId: name,
    name,
    accessType: "CONFIDENTIAL",
    serviceAccountsEnabled: true,
    fullScopeAllowed: false,
  });
  new keycloak.openid.ClientOptionalScopes(name, { realmId, clientId: client.id, optionalScopes: [] });
  new keycloak.openid.ClientDefaultScopes(name, {
    realmId,
    clientId: client.id,
    defaultScopes: ["basic", "roles", "service_account", scope.name],
  });
  new keycloak.openid.HardcodedClaimProtocolMapper(name, {
    realmId,
    clientId: client.id,
    name: "organizationId",
    claimName: "organizationId",
    claimValue: name,
    claimValueType: "String",
    addToIdToken: false,
    addToUserinfo: false,
  });
}
