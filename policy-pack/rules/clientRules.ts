import { type Properties, textsOf } from "./declaredResources.ts";

/** Each rule looks at the inputs of one client and says what to do about it; nothing where it is as it should be. */
export type ClientRule = (client: Properties) => Iterable<string>;

export function* confidential({ accessType }: Properties): Generator<string> {
  if (accessType !== "CONFIDENTIAL") {
    yield (
      `accessType is ${JSON.stringify(accessType)}. Write accessType: "CONFIDENTIAL"; without a secret anybody ` +
      "could fetch this customer's tokens."
    );
  }
}

/** Inputs, and Keycloak's attributes by which `extraConfig` would say the same. */
const FLOWS = {
  standardFlowEnabled: "the login by browser",
  implicitFlowEnabled: "the implicit flow",
  directAccessGrantsEnabled: "the password grant",
  oauth2DeviceAuthorizationGrantEnabled: "the device flow",
  "oauth2.device.authorization.grant.enabled": "the device flow",
  "oidc.ciba.grant.enabled": "the login by another device (CIBA)",
} as const;

export function* flows(client: Properties): Generator<string> {
  const extraConfig = (client["extraConfig"] ?? {}) as Properties;
  const isOn = (value: unknown) => value === true || value === "true";
  for (const [input, flow] of Object.entries(FLOWS)) {
    if (isOn(client[input]) || isOn(extraConfig[input])) {
      yield `${input} is true. Set it to false: a customer is a program, which does not need ${flow}.`;
    }
  }
}

export function* serviceAccount({ serviceAccountsEnabled }: Properties): Generator<string> {
  if (serviceAccountsEnabled !== true) {
    yield "serviceAccountsEnabled is not true. Set it to true: without it the customer gets no token at all.";
  }
}

/** The provider's default is true. */
export function* fullScope({ fullScopeAllowed }: Properties): Generator<string> {
  if (fullScopeAllowed !== false) {
    yield (
      "fullScopeAllowed is not false. Set it to false: otherwise tokens carry every role that the service account " +
      "ever gets."
    );
  }
}

export function* wildcards(client: Properties): Generator<string> {
  for (const input of ["validRedirectUris", "validPostLogoutRedirectUris", "webOrigins"]) {
    for (const value of textsOf(client[input]).filter((text) => text.includes("*"))) {
      yield `${input} has ${JSON.stringify(value)}. Leave it out, or name each address: * lets in any website.`;
    }
  }
}

/** In seconds, both included. */
export interface LifespanBounds {
  readonly minimum: number;
  readonly maximum: number;
}

export function* lifespan({ minimum, maximum }: LifespanBounds, client: Properties): Generator<string> {
  const { accessTokenLifespan } = client;
  const seconds = secondsOf(accessTokenLifespan);
  if (seconds === undefined) {
    yield `accessTokenLifespan is not set. Write ${minimum} to ${maximum} seconds; the realm's may be any.`;
  } else if (!(seconds >= minimum && seconds <= maximum)) {
    yield (
      `accessTokenLifespan is ${String(accessTokenLifespan)} seconds. Write ${minimum} to ${maximum}: a token cannot ` +
      "be called back, and a very short one is fetched anew for every call."
    );
  }
}

export function* advisedLifespan(
  { maximum }: Pick<LifespanBounds, "maximum">,
  { accessTokenLifespan }: Properties,
): Generator<string> {
  if ((secondsOf(accessTokenLifespan) ?? 0) > maximum) {
    yield (
      `accessTokenLifespan is ${String(accessTokenLifespan)} seconds. Consider ${maximum} or less: a stolen token ` +
      "remains good for so long."
    );
  }
}

/** The provider takes it as a text. */
function secondsOf(value: unknown): number | undefined {
  return value === undefined || value === null || value === "" ? undefined : Number(value);
}

/** What the rule for protection looks at. */
export interface ProtectedClient {
  readonly urn: string;
  readonly enabled: unknown;
  readonly protect: boolean;
}

/** @param stacks whose clients have to be protected */
export function* protection(stacks: readonly string[], { urn, enabled, protect }: ProtectedClient): Generator<string> {
  // urn:pulumi:STACK::PROJECT::TYPE::NAME
  const stack = urn.split("::")[0]?.split(":").at(-1) ?? "";
  // The client of a customer who is retired may go.
  if (stacks.includes(stack) && !protect && enabled !== false) {
    yield (
      `The stack ${stack} does not protect this client. Set the resource option protect: true, or a deletion or ` +
      "replacement takes the customer's secret along."
    );
  }
}
