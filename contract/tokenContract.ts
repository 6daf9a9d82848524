import { issuerOf, type Settings } from "../settings/settings.ts";
import { ACCOUNT_CLIENT, ACCOUNT_ROLES_EXPANDED, ALLOWED_ORIGINS_CLAIM, ORGANIZATION_CLAIM } from "./names.ts";

/** A value as JSON has it. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A token's payload, decoded. */
export type Claims = Readonly<Record<string, Json>>;

/** What a claim must be. */
export type Expectation =
  /** Exactly this value. Lists of roles have no order (`unordered`). */
  | { readonly kind: "value"; readonly value: Json; readonly unordered?: true }
  /** Any text of this form: it differs from token to token, or Keycloak decides it. */
  | { readonly kind: "form"; readonly pattern: RegExp; readonly description: string }
  /** The time of issue: a number not after now. */
  | { readonly kind: "issuedAt" }
  /** The time of issue plus this many seconds. */
  | { readonly kind: "lifespan"; readonly seconds: number };

/** All claims of a customer's access token, by name: a token has these and no others. */
export type TokenContract = Readonly<Record<string, Expectation>>;

/** The settings of the contract that all customers share. */
export type SharedSettings = Pick<
  Settings,
  "accessTokenLifespan" | "accountAccess" | "allowedOrigins" | "audience" | "publicUrl" | "realm"
>;

/** One customer, as far as the contract needs it. */
export interface CustomerOfContract {
  readonly clientId: string;
  readonly organizationId: string;
  /** The id of the service account's user, where it is known already. */
  readonly serviceAccountUserId?: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The claims that a customer's token carries: a pure function of the settings, which `verify` holds against a real
 * token. docs/token.md tells which resource each claim comes from.
 */
export function tokenContract(settings: SharedSettings, customer: CustomerOfContract): TokenContract {
  const { accountAccess, allowedOrigins, audience } = settings;
  const { clientId, organizationId, serviceAccountUserId } = customer;
  return {
    // RFC 7519, 4.1.3: one audience may be a plain string, and Keycloak writes it so.
    aud: value(accountAccess ? [audience, ACCOUNT_CLIENT] : audience),
    azp: value(clientId),
    clientAddress: form(/^\S+$/, "the caller's address"),
    clientHost: form(/^\S+$/, "the caller's address"),
    client_id: value(clientId),
    exp: { kind: "lifespan", seconds: settings.accessTokenLifespan },
    iat: { kind: "issuedAt" },
    iss: value(issuerOf(settings)),
    // Since 26.2 it has a prefix before the UUID; nobody may rely on its form.
    jti: form(/^\S+$/, "an opaque id"),
    scope: value(""),
    sub: serviceAccountUserId === undefined ? form(UUID, "the service account's user id") : value(serviceAccountUserId),
    typ: value("Bearer"),
    [ORGANIZATION_CLAIM]: value(organizationId),
    ...(allowedOrigins.length > 0 ? { [ALLOWED_ORIGINS_CLAIM]: value(allowedOrigins) } : {}),
    ...(accountAccess
      ? {
          resource_access: {
            kind: "value",
            value: { [ACCOUNT_CLIENT]: { roles: ACCOUNT_ROLES_EXPANDED } },
            unordered: true,
          },
        }
      : {}),
  };
}

function value(value: Json): Expectation {
  return { kind: "value", value };
}

function form(pattern: RegExp, description: string): Expectation {
  return { kind: "form", pattern, description };
}

/** An expectation in the words of a table's cell. */
export function describeExpectation(expectation: Expectation): string {
  switch (expectation.kind) {
    case "value":
      return JSON.stringify(expectation.value);
    case "form":
      return expectation.description;
    case "issuedAt":
      return "the time of issue";
    case "lifespan":
      return `iat + ${expectation.seconds} s, not past`;
  }
}
