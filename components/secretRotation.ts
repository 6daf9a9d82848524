import * as pulumi from "@pulumi/pulumi";

import { ROTATION_ATTRIBUTE, rotationName } from "../contract/names.ts";
import * as keycloak from "../keycloak/provider/index.ts";

/**
 * In seconds, 9 years: only we renew a secret, never the clock, since Keycloak refuses the previous secret, too, once the
 * present one has expired. No longer, as old servers (26.1) count to 2038 and store a date of the past beyond it.
 */
const EXPIRATION_SECONDS = 300_000_000;
const DAY_SECONDS = 24 * 60 * 60;

/** What Keycloak has of it before anything is declared, in words such as "client profile NAME". */
export interface RotationInKeycloak {
  /** Those that differ from the program's: somebody else made them, or changed them. */
  readonly others: readonly string[];
  readonly missing: readonly string[];
}

export interface SecretRotationArgs {
  readonly realmId: pulumi.Input<string>;
  /** For so many days a customer's previous secret works beside its new one. */
  readonly overlapDays: number;
  /** Undefined where the deployer may not look. */
  readonly rotation: RotationInKeycloak | undefined;
}

/**
 * What makes Keycloak keep a client's previous secret alive when it is given a new one: a client profile, and a client
 * policy that picks our clients by their attribute. The provider keeps those that the realm has besides.
 */
export function declareSecretRotation(
  name: string,
  { realmId, overlapDays, rotation }: SecretRotationArgs,
  options: pulumi.CustomResourceOptions,
): void {
  // The name contains the days, so other days make another pair. Pulumi deletes the old pair after it has made the new one.
  // An update would not do: in some versions of the provider, an update of a profile changes nothing.
  const declared = rotationPair(overlapDays);
  const [ofProfile, ofPolicy] = rotationInWords(overlapDays);
  const profile = new keycloak.RealmClientPolicyProfile(
    `${name}-rotation-profile`,
    {
      realmId,
      description: `The previous secret of a client works for ${overlapDays} days`,
      ...declared.profile,
    },
    pulumi.mergeOptions(options, refusingOthers(ofProfile, rotation)),
  );
  const policy = new keycloak.RealmClientPolicyProfilePolicy(
    `${name}-rotation-policy`,
    {
      realmId,
      description: `The clients with the attribute ${ROTATION_ATTRIBUTE}`,
      ...declared.policy,
      profiles: [profile.name],
    },
    pulumi.mergeOptions(options, refusingOthers(ofPolicy, rotation)),
  );
  warnOfMissing(ofProfile, profile, rotation);
  warnOfMissing(ofPolicy, policy, rotation);
}

export function rotationInWords(overlapDays: number): readonly [profile: string, policy: string] {
  const name = rotationName(overlapDays);
  return [`client profile ${name}`, `client policy ${name}`];
}

/** The client profile and the client policy, as the provider wants them. */
export function rotationPair(overlapDays: number) {
  const name = rotationName(overlapDays);
  const executor = {
    name: "secret-rotation",
    configuration: {
      "expiration-period": String(EXPIRATION_SECONDS),
      "rotated-expiration-period": String(overlapDays * DAY_SECONDS),
      // Only clients that register themselves may renew a secret by themselves.
      "remaining-rotation-period": "1",
    },
  };
  const condition = {
    name: "client-attributes",
    configuration: {
      "is-negative-logic": "false",
      // The space keeps versions of the provider from sending a list in place of this text: Keycloak takes it, and
      // then answers every token request of the realm with 500 (tried on 26.7.3).
      attributes: ` ${JSON.stringify([{ key: ROTATION_ATTRIBUTE, value: "true" }])}`,
    },
  };
  return { profile: { name, executors: [executor] }, policy: { name, profiles: [name], conditions: [condition] } };
}

/**
 * Refuses a creation where Keycloak has another one of that name: the provider would be refused, and leave in the state
 * what is not the stack's, for the next `up` to write over.
 */
function refusingOthers(words: string, rotation: RotationInKeycloak | undefined): pulumi.CustomResourceOptions {
  if (rotation?.others.includes(words) !== true) {
    return {};
  }
  const refuse = () => {
    throw new Error(
      `scpcloud:secretRotation: Keycloak has a ${words}, which this stack's state does not know, and it is not as this ` +
        "program makes it. Nothing was changed in it. If nobody needs it, delete it in the admin console: Realm settings, " +
        "Client policies. Else write other overlapDays.",
    );
  };
  return { hooks: { beforeCreate: [new pulumi.ResourceHook(`no other ${words}`, refuse, { onDryRun: true })] } };
}

/** Its id is known in a preview only if the state has it. Then an `up` alone would not make it again. */
function warnOfMissing(words: string, { id }: pulumi.CustomResource, rotation: RotationInKeycloak | undefined): void {
  if (pulumi.runtime.isDryRun() && rotation?.missing.includes(words) === true) {
    id.apply(() =>
      pulumi.log.warn(
        `Somebody deleted the ${words} in Keycloak: a previous secret stops as soon as one is renewed. An up alone does not ` +
          `make it anew. Run: scpcloud recover --stack ${pulumi.getStack()}`,
      ),
    );
  }
}
