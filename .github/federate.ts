/**
 * Lets GitHub's jobs log in to a realm of Keycloak (26.6 or later) by their own OIDC tokens, without any stored secret:
 * federate.ts URL REALM OWNER/NAME REALM-STACK
 * One client for each of the stack's three environments, with the rights that its job needs. Run again, it mends what
 * differs. The administrator is KEYCLOAK_USER of the realm master, with KEYCLOAK_PASSWORD.
 */
import * as v from "valibot";

import { messageOf, UsageError } from "../commands/cli/errors.ts";
import { type KeycloakManager, loginAsDeployer, read } from "../keycloak/admin.ts";
import { findClient } from "../keycloak/clients.ts";
import { connect } from "../keycloak/http.ts";
import { fetchToken } from "../keycloak/tokens.ts";
import { runToExitCode } from "../processes/program.ts";

/** The CI system that vouches for its jobs. The issuer is letter by letter as in the tokens. */
const ALIAS = "github-actions";
const ISSUER = "https://token.actions.githubusercontent.com";
const KEYS = `${ISSUER}/.well-known/jwks`;

const ROLES = v.array(v.looseObject({ id: v.string(), name: v.string() }));
const REALM = v.object({ clientAuthenticationFlow: v.optional(v.string(), "clients") });
const STEPS = v.array(v.object({ providerId: v.optional(v.string()), requirement: v.optional(v.string()) }));

const LOOKING = ["view-clients", "view-users", "view-realm"];
/** The clients of a realm's stack, by environment; manage-realm is needed for protocol mappers from 26.8.2 on. */
const rolesByEnvironment = (stack: string): Readonly<Record<string, readonly string[]>> => ({
  [stack]: ["manage-clients", "view-users", "view-realm", "manage-realm"],
  [`preview-${stack}`]: LOOKING,
  [`drift-${stack}`]: LOOKING,
});

/**
 * Makes the identity provider and the clients, or mends them.
 * @returns what is left for a person to do
 */
async function federate(admin: KeycloakManager, repository: string, stack: string): Promise<string[]> {
  const provider = {
    alias: ALIAS,
    providerId: "oidc",
    enabled: true,
    hideOnLogin: true,
    linkOnly: true,
    config: {
      issuer: ISSUER,
      jwksUrl: KEYS,
      useJwksUrl: "true",
      validateSignature: "true",
      supportsClientAssertions: "true",
      // Program, provider and commands log in with one token, each by itself.
      supportsClientAssertionReuse: "true",
      // Keycloak asks for these, and uses none: nobody logs in by this provider.
      clientId: "unused",
      clientSecret: "unused",
      authorizationUrl: ISSUER,
      tokenUrl: ISSUER,
    },
  };
  const providers = await read(admin, "/identity-provider/instances", v.array(v.object({ alias: v.string() })));
  await (providers.some((one) => one.alias === ALIAS)
    ? admin.change("PUT", `/identity-provider/instances/${ALIAS}`, provider)
    : admin.change("POST", "/identity-provider/instances", provider));
  for (const [environment, roles] of Object.entries(rolesByEnvironment(stack))) {
    await makeClient(admin, `${ALIAS}-${environment}`, `repo:${repository}:environment:${environment}`, roles);
  }
  return missingStep(admin);
}

async function makeClient(
  admin: KeycloakManager,
  clientId: string,
  subject: string,
  roleNames: readonly string[],
): Promise<void> {
  const known = await findClient(admin, clientId);
  const client = {
    ...known,
    clientId,
    enabled: true,
    publicClient: false,
    standardFlowEnabled: false,
    directAccessGrantsEnabled: false,
    serviceAccountsEnabled: true,
    fullScopeAllowed: false,
    clientAuthenticatorType: "federated-jwt",
    attributes: { ...known?.attributes, "jwt.credential.issuer": ALIAS, "jwt.credential.sub": subject },
  };
  await (known === undefined
    ? admin.change("POST", "/clients", client)
    : admin.change("PUT", `/clients/${known.id}`, client));
  const id = (await findClient(admin, clientId))?.id ?? "";
  const management = (await findClient(admin, "realm-management"))?.id ?? "";
  const all = await read(admin, `/clients/${management}/roles`, ROLES);
  const user = await read(admin, `/clients/${id}/service-account-user`, v.object({ id: v.string() }));
  // What the account may do, and what of that its tokens tell.
  for (const path of [`/users/${user.id}/role-mappings`, `/clients/${id}/scope-mappings`]) {
    const mapped = await read(admin, `${path}/clients/${management}`, ROLES);
    if (mapped.some(({ name }) => !roleNames.includes(name))) {
      await admin.change("DELETE", `${path}/clients/${management}`);
    }
    await admin.change(
      "POST",
      `${path}/clients/${management}`,
      all.filter(({ name }) => roleNames.includes(name)),
    );
  }
}

/** A realm that an older Keycloak made lacks the step, and a built-in flow cannot be changed. */
async function missingStep(admin: KeycloakManager): Promise<string[]> {
  const { clientAuthenticationFlow: flow } = await read(admin, "", REALM);
  const steps = await read(admin, `/authentication/flows/${encodeURIComponent(flow)}/executions`, STEPS);
  return steps.some(({ providerId, requirement }) => providerId === "federated-jwt" && requirement !== "DISABLED")
    ? []
    : [
        `The client authentication flow "${flow}" has no step federated-jwt. Copy the flow in the admin console, add the ` +
          'step "Signed JWT - Federated" as ALTERNATIVE, and bind the copy as client authentication flow.',
      ];
}

async function main([url, realm, repository, stack]: readonly string[]): Promise<void> {
  const { KEYCLOAK_USER: username = "", KEYCLOAK_PASSWORD: password = "" } = process.env;
  if (url === undefined || realm === undefined || repository === undefined || stack === undefined || username === "") {
    throw new UsageError(
      "Say: node .github/federate.ts URL REALM OWNER/NAME REALM-STACK; export KEYCLOAK_USER and KEYCLOAK_PASSWORD",
    );
  }
  const connection = { url };
  const keycloak = connect(connection);
  try {
    const form = { grant_type: "password", client_id: "admin-cli", username, password };
    const accessToken = await fetchToken(keycloak, "master", undefined, form);
    const credentials = { kind: "accessToken", accessToken } as const;
    const deployer = { realm: "master", clientId: "admin-cli", credentials };
    const admin = await loginAsDeployer(keycloak, { connection, deployer, realm });
    const left = await federate(admin, repository, stack);
    console.log([`✓ ${stack}: its jobs may log in to realm ${realm}`, ...left.map((text) => `! ${text}`)].join("\n"));
  } finally {
    await keycloak.close();
  }
}

runToExitCode(() => main(process.argv.slice(2)), messageOf);
