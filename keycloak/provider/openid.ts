export { AudienceProtocolMapper } from "@pulumi/keycloak/openid/audienceProtocolMapper.js";
export { Client } from "@pulumi/keycloak/openid/client.js";
export { ClientDefaultScopes } from "@pulumi/keycloak/openid/clientDefaultScopes.js";
export { ClientOptionalScopes } from "@pulumi/keycloak/openid/clientOptionalScopes.js";
export { ClientScope } from "@pulumi/keycloak/openid/clientScope.js";
export { getClient, type GetClientResult } from "@pulumi/keycloak/openid/getClient.js";
export { getClientScope } from "@pulumi/keycloak/openid/getClientScope.js";
export { HardcodedClaimProtocolMapper } from "@pulumi/keycloak/openid/hardcodedClaimProtocolMapper.js";
