import * as pulumi from "@pulumi/pulumi";

import { ACCOUNT_CLIENT_SCOPE, ALLOWED_ORIGINS_CLAIM, CLIENT_SCOPE } from "../contract/names.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import { declareSecretRotation, type RotationInKeycloak } from "./secretRotation.ts";

export interface RealmScopesArgs {
  readonly realmId: pulumi.Input<string>;
  /** The API accepts only tokens with this audience. */
  readonly audience: string;
  /** The value of the claim `allowed-origins`; none when empty. */
  readonly allowedOrigins: readonly string[];
  /** The ids by name of the roles of the client `account` that tokens carry; no client scope for them when empty. */
  readonly accountRoleIds: Readonly<Record<string, pulumi.Input<string>>>;
  /** Whether Pulumi refuses to delete the client scope that all tokens depend on; the other one comes and goes. */
  readonly protect: boolean;
  /** The other stacks whose customers have the client scopes. If there are any, the first client scope is protected. */
  readonly usedBy: readonly string[];
  /** For so many days a customer's previous secret works beside its new one; undefined: it stops at once. */
  readonly overlapDays?: number | undefined;
  /** What Keycloak already has of the rotation of secrets. */
  readonly rotation: RotationInKeycloak | undefined;
}

/**
 * What all customers of a realm share: the client scope `scpCloud`, and optionally the client scope `scpCloud-account` and
 * the rotation of secrets. The claim `scope` shows neither client scope. The realm itself is not declared, so that no
 * `destroy` can delete it.
 */
export class RealmScopes extends pulumi.ComponentResource {
  /** The client scopes that each customer's client gets besides Keycloak's own. */
  readonly scopeNames: readonly pulumi.Output<string>[];

  constructor(name: string, args: RealmScopesArgs, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:keycloak:RealmScopes", name, {}, options);
    const { realmId } = args;
    const childOptions = { parent: this };
    const protect = args.protect || args.usedBy.length > 0;

    const scope = new keycloak.openid.ClientScope(
      `${name}-scope`,
      {
        realmId,
        name: CLIENT_SCOPE,
        description: "Audience and claims common to the tokens of all customers",
        includeInTokenScope: false,
      },
      { ...childOptions, protect },
    );
    new keycloak.openid.AudienceProtocolMapper(
      `${name}-audience`,
      {
        realmId,
        clientScopeId: scope.id,
        name: "audience",
        // A custom audience, because that of a client vanishes when the client is disabled or deleted.
        includedCustomAudience: args.audience,
        addToAccessToken: true,
        addToIdToken: false,
      },
      // Pulumi deletes it before its client scope: so this hook is called before anything is gone.
      { ...childOptions, protect, ...(args.usedBy.length > 0 ? { hooks: { beforeDelete: [usersOf(args)] } } : {}) },
    );
    if (args.allowedOrigins.length > 0) {
      // A mapper, because the provider refuses web origins on a client without browser flows, and only during `up`.
      new keycloak.openid.HardcodedClaimProtocolMapper(
        `${name}-allowed-origins`,
        {
          realmId,
          clientScopeId: scope.id,
          name: ALLOWED_ORIGINS_CLAIM,
          claimName: ALLOWED_ORIGINS_CLAIM,
          claimValue: JSON.stringify(args.allowedOrigins),
          claimValueType: "JSON",
          addToAccessToken: true,
          addToIdToken: false,
          addToUserinfo: false,
        },
        childOptions,
      );
    }
    if (args.overlapDays !== undefined) {
      declareSecretRotation(name, { ...args, overlapDays: args.overlapDays }, childOptions);
    }
    const accountScope = this.declareAccountScope(name, args, childOptions);
    this.scopeNames = [scope.name, ...(accountScope === undefined ? [] : [accountScope.name])];
    this.registerOutputs({ scopeNames: this.scopeNames });
  }

  private declareAccountScope(
    name: string,
    args: RealmScopesArgs,
    childOptions: pulumi.CustomResourceOptions,
  ): keycloak.openid.ClientScope | undefined {
    const { realmId } = args;
    const roles = Object.entries(args.accountRoleIds);
    if (roles.length === 0) {
      return undefined;
    }
    const scope = new keycloak.openid.ClientScope(
      `${name}-account-scope`,
      {
        realmId,
        name: ACCOUNT_CLIENT_SCOPE,
        description: "Roles of the client account in the tokens of all customers",
        includeInTokenScope: false,
      },
      childOptions,
    );
    for (const [role, roleId] of roles) {
      new keycloak.GenericRoleMapper(
        `${name}-account-${role}`,
        { realmId, clientScopeId: scope.id, roleId },
        childOptions,
      );
    }
    return scope;
  }
}

/**
 * `pulumi destroy` refuses a stack with such a hook before it deletes anything. It prints the hook's name, which stands in
 * the state: so the name says which stacks need the client scope. With `--run-program`, the hook itself fails.
 */
function usersOf({ usedBy }: RealmScopesArgs): pulumi.ResourceHook {
  const [stack, need] = usedBy.length === 1 ? ["stack", "needs"] : ["stacks", "need"];
  const name = `the ${stack} ${usedBy.join(", ")} ${need} the client scope ${CLIENT_SCOPE}; see docs/many-customers.md`;
  return new pulumi.ResourceHook(name, () => Promise.reject(new Error(name)), { onDryRun: true });
}
