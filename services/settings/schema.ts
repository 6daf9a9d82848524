import { X509Certificate } from "node:crypto";

import * as v from "valibot";

import { mapOf, matching, must, text } from "../../settings/schema/checks.ts";
import { ENVIRONMENT, environment, service } from "./containers.ts";

export const CERTIFICATE = must(
  "be one or more X.509 certificates as PEM, and nothing else",
  "the containers trust whoever has a certificate of this authority",
  "write the CA's certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; never a key",
);

/** The keys of the namespace `scpcloud-services`. */
export const STACK = mapOf({
  api: v.optional(service),
  bff: v.optional(service),
  caCertificate: v.optional(v.pipe(text, v.check(isCertificates, CERTIFICATE))),
  network: v.optional(
    matching(
      /^[A-Za-z0-9][\w.-]*$/,
      "be a name of letters, digits, dots, underscores and hyphens",
      "the engine gives the containers' network this name",
      "write a name such as scpcloud-prod, or leave the key out",
    ),
  ),
  // Beside the services, since Pulumi tells only of a whole key whether it is secret.
  secretEnvironment: v.optional(
    mapOf({ api: v.optional(environment, {}), bff: v.optional(environment, {}) }, ENVIRONMENT),
    {},
  ),
});

/** The namespace's values once the schema has passed them. */
export type Values = v.InferOutput<typeof STACK>;

/** Certificates and nothing else, so that no private key gets into the containers. */
export function isCertificates(value: string): boolean {
  const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
  const blocks = value.match(block) ?? [];
  try {
    return (
      blocks.length > 0 && value.replace(block, "").trim() === "" && blocks.every((pem) => new X509Certificate(pem))
    );
  } catch {
    return false;
  }
}
