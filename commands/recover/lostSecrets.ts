import { isSecret } from "../../components/credentials";
import { TYPES } from "../../components/types";
import { recordOf } from "../../settings/decode";

/** A resource in `pulumi stack export --show-secrets`. */
export interface ExportedResource {
  readonly urn: string;
  readonly type?: string;
  readonly id?: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

/**
 * The URNs of the clients whose secret the state lacks: the connection broke between the creation of the client and the
 * question for its secret, or Keycloak masked it.
 */
export function clientsWithoutSecret(resources: readonly ExportedResource[]): string[] {
  return resources
    .filter(({ type, id }) => type === TYPES.client && id !== undefined && id !== "")
    .filter(({ outputs }) => !isSecret(plainOf(outputs?.["clientSecret"])))
    .map(({ urn }) => urn);
}

/** A shown secret is JSON within an object. */
function plainOf(value: unknown): unknown {
  const { plaintext } = recordOf(value);
  return typeof plaintext === "string" ? (JSON.parse(plaintext) as unknown) : value;
}
