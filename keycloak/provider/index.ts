export { GenericRoleMapper } from "@pulumi/keycloak/genericRoleMapper.js";
export { getRealm, type GetRealmResult } from "@pulumi/keycloak/getRealm.js";
export { getRole } from "@pulumi/keycloak/getRole.js";
export { getUser } from "@pulumi/keycloak/getUser.js";
export { getUserRealmRoles } from "@pulumi/keycloak/getUserRealmRoles.js";
export { RealmClientPolicyProfile } from "@pulumi/keycloak/realmClientPolicyProfile.js";
export { RealmClientPolicyProfilePolicy } from "@pulumi/keycloak/realmClientPolicyProfilePolicy.js";
export * as openid from "./openid.ts";
