/** The types of declared resources, as URNs, previews and the state have them. The policy pack has a list of its own. */
export const TYPES = {
  client: "keycloak:openid/client:Client",
  clientScope: "keycloak:openid/clientScope:ClientScope",
  hardcodedClaim: "keycloak:openid/hardcodedClaimProtocolMapper:HardcodedClaimProtocolMapper",
  audience: "keycloak:openid/audienceProtocolMapper:AudienceProtocolMapper",
  roleMapping: "keycloak:index/genericRoleMapper:GenericRoleMapper",
  defaultScopes: "keycloak:openid/clientDefaultScopes:ClientDefaultScopes",
  optionalScopes: "keycloak:openid/clientOptionalScopes:ClientOptionalScopes",
  clientProfile: "keycloak:index/realmClientPolicyProfile:RealmClientPolicyProfile",
  clientPolicy: "keycloak:index/realmClientPolicyProfilePolicy:RealmClientPolicyProfilePolicy",
} as const;

/** `keycloak:openid/clientScope:ClientScope` as "client scope", `consentRequired` as "consent required". */
export function inWords(name: string): string {
  return (name.split(":").at(-1) ?? "").replace(/(?<=[a-z0-9])(?=[A-Z])/g, " ").toLowerCase();
}
