import * as pulumi from "@pulumi/pulumi";

import { BUILT_IN_SCOPES, ORGANIZATION_CLAIM, ORGANIZATION_MAPPER, ROTATION_ATTRIBUTE } from "../contract/names.ts";
import * as keycloak from "../keycloak/provider/index.ts";
import { readSecret } from "./clientSecret.ts";

export interface IntegrationArgs {
  readonly realmId: pulumi.Input<string>;
  readonly clientId: string;
  /** The client's display name. */
  readonly name: string;
  /** The value of the claim `organizationId`: the id of a user of the customer's organization. */
  readonly organizationId: pulumi.Input<string>;
  /** Whether the customer gets no tokens any more. */
  readonly retired: boolean;
  /** Whether Pulumi refuses to delete or replace the client, with which the customer's secret would be gone. */
  readonly protect: boolean;
  /** In seconds. */
  readonly accessTokenLifespan: number;
  /** The names of the client scopes that the client gets besides Keycloak's own. */
  readonly scopeNames: readonly pulumi.Input<string>[];
  /** Undefined: the previous secret stops at once when there is a new one. */
  readonly overlapDays?: number | undefined;
}

/**
 * One customer: a confidential client that can do nothing but fetch tokens for its own service account, with complete
 * lists of client scopes, so that neither the realm's defaults nor a caller can widen the token. Four resources, since
 * their number decides the speed. Keycloak generates the secret, long and of [A-Za-z0-9], which HTTP Basic needs no
 * encoding for.
 */
export class Integration extends pulumi.ComponentResource {
  readonly clientId: string;
  readonly organizationId: pulumi.Output<string>;
  /** Undefined where Keycloak does not show it, which is told, or `--target` left the client out. */
  readonly clientSecret: pulumi.Output<string | undefined>;
  readonly serviceAccountUserId: pulumi.Output<string>;

  constructor(name: string, args: IntegrationArgs, options?: pulumi.ComponentResourceOptions) {
    super("scpcloud:keycloak:Integration", name, {}, options);
    const { realmId } = args;
    const childOptions = {
      parent: this,
      // All of them. Where a stack file leaves out a customer without retiring it, `up` fails at what is protected, but
      // only after it has deleted what is not.
      protect: args.protect && !args.retired,
    };
    // Without it, `--replace` would delete the old one last, and with it what the new one has just written.
    const ofClient = { ...childOptions, deleteBeforeReplace: true };

    const client = new keycloak.openid.Client(
      `${name}-client`,
      {
        realmId,
        clientId: args.clientId,
        name: args.name,
        enabled: !args.retired,
        accessType: "CONFIDENTIAL",
        serviceAccountsEnabled: true,
        standardFlowEnabled: false,
        implicitFlowEnabled: false,
        directAccessGrantsEnabled: false,
        oauth2DeviceAuthorizationGrantEnabled: false,
        fullScopeAllowed: false,
        consentRequired: false,
        accessTokenLifespan: String(args.accessTokenLifespan),
        useRefreshTokens: false,
        useRefreshTokensClientCredentials: false,
        frontchannelLogoutEnabled: false,
        backchannelLogoutSessionRequired: false,
        validRedirectUris: [],
        webOrigins: [],
        // If the program leaves out a property, the provider stores the server's value and writes it back later.
        requireDpopBoundTokens: false,
        // 0 means the realm's own limit. An empty text would be a property left out.
        clientSessionMaxLifespan: "0",
        ...(args.overlapDays === undefined ? {} : { extraConfig: { [ROTATION_ATTRIBUTE]: "true" } }),
      },
      childOptions,
    );
    // Empty, so that a request for any further client scope is refused (invalid_scope).
    const optionalScopes = new keycloak.openid.ClientOptionalScopes(
      `${name}-optional-scopes`,
      { realmId, clientId: client.id, optionalScopes: [] },
      ofClient,
    );
    new keycloak.openid.ClientDefaultScopes(
      `${name}-default-scopes`,
      { realmId, clientId: client.id, defaultScopes: [...BUILT_IN_SCOPES, ...args.scopeNames] },
      // The provider refuses a default client scope that is still an optional one.
      { ...ofClient, dependsOn: optionalScopes },
    );
    new keycloak.openid.HardcodedClaimProtocolMapper(
      `${name}-${ORGANIZATION_MAPPER}`,
      {
        realmId,
        clientId: client.id,
        name: ORGANIZATION_CLAIM,
        claimName: ORGANIZATION_CLAIM,
        claimValue: args.organizationId,
        claimValueType: "String",
        addToAccessToken: true,
        addToIdToken: false,
        addToUserinfo: false,
      },
      ofClient,
    );

    this.clientId = args.clientId;
    this.organizationId = pulumi.output(args.organizationId);
    this.clientSecret = readSecret(client, args);
    this.serviceAccountUserId = client.serviceAccountUserId;
    this.registerOutputs({ serviceAccountUserId: this.serviceAccountUserId });
  }
}
