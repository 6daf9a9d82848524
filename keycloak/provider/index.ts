export { GenericRoleMapper } from "@pulumi/keycloak/genericRoleMapper.js";
export { getRealm } from "@pulumi/keycloak/getRealm.js";
export { getRole } from "@pulumi/keycloak/getRole.js";
export { getUser } from "@pulumi/keycloak/getUser.js";
export { RealmClientPolicyProfile } from "@pulumi/keycloak/realmClientPolicyProfile.js";
export { RealmClientPolicyProfilePolicy } from "@pulumi/keycloak/realmClientPolicyProfilePolicy.js";
export * as openid from "./openid.ts";
