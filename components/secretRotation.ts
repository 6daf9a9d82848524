import * as keycloak from "@pulumi/keycloak";
import type * as pulumi from "@pulumi/pulumi";

import { ROTATION_ATTRIBUTE, rotationName } from "./names";

/**
 * In seconds, 9 years: only we renew a secret, never the clock, since Keycloak refuses the previous secret, too, once the
 * present one has expired. No longer, as old servers (26.1) count to 2038 and store a date of the past beyond it.
 */
const EXPIRATION_SECONDS = 300_000_000;
const DAY_SECONDS = 24 * 60 * 60;

export interface SecretRotationArgs {
  readonly realmId: string;
  /** For so many days a customer's previous secret works beside its new one. */
  readonly overlapDays: number;
}

/**
 * What makes Keycloak keep a client's previous secret alive when it is given a new one: a client profile, and a client
 * policy that picks our clients by their attribute. The provider keeps those that the realm has besides.
 */
export function declareSecretRotation(
  name: string,
  { realmId, overlapDays }: SecretRotationArgs,
  options: pulumi.CustomResourceOptions,
): void {
  // The name tells the days: other days make another pair, and the old one goes when the new one is there. The provider
  // has released versions whose update of a profile changes nothing, and between two of one name none would be there.
  const rotation = rotationName(overlapDays);
  const profile = new keycloak.RealmClientPolicyProfile(
    `${name}-rotation-profile`,
    {
      realmId,
      name: rotation,
      description: `The previous secret of a client works for ${overlapDays} days`,
      executors: [
        {
          name: "secret-rotation",
          configuration: {
            "expiration-period": String(EXPIRATION_SECONDS),
            "rotated-expiration-period": String(overlapDays * DAY_SECONDS),
            // Only clients that register themselves may renew a secret by themselves.
            "remaining-rotation-period": "1",
          },
        },
      ],
    },
    options,
  );
  new keycloak.RealmClientPolicyProfilePolicy(
    `${name}-rotation-policy`,
    {
      realmId,
      name: rotation,
      description: `The clients with the attribute ${ROTATION_ATTRIBUTE}`,
      profiles: [profile.name],
      conditions: [
        {
          name: "client-attributes",
          configuration: {
            "is-negative-logic": "false",
            // The space keeps versions of the provider from sending a list in place of this text: Keycloak takes it, and
            // then answers every token request of the realm with 500 (tried on 26.7.3).
            attributes: ` ${JSON.stringify([{ key: ROTATION_ATTRIBUTE, value: "true" }])}`,
          },
        },
      ],
    },
    options,
  );
}
