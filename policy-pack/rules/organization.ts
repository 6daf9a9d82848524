import { Attachments } from "./attachments.ts";
import { type DeclaredResource, type Properties, TYPES, type Violation } from "./declaredResources.ts";

/** This claim tells the API whose data to serve. Written again on purpose: a rule must not follow the program. */
export const ORGANIZATION_CLAIM = "organizationId";

/** Every client has the claim from exactly one mapper of its own, and no other mapper sets it. */
export function* organizationClaim(resources: readonly DeclaredResource[]): Generator<Violation> {
  const attachments = new Attachments(resources);
  const mappers = new Set(resources.filter(({ properties }) => claimOf(properties) === ORGANIZATION_CLAIM));
  for (const client of attachments.clients) {
    const own = attachments.of(client, TYPES.hardcodedClaim).filter((mapper) => mappers.delete(mapper));
    if (own.length !== 1) {
      yield { urn: client.urn, message: wrongCount(own.length) };
    }
    for (const { urn, properties } of own) {
      for (const message of mapperFaults(properties)) {
        yield { urn, message };
      }
    }
  }
  for (const { urn } of mappers) {
    yield { urn, message: FOREIGN_MAPPER };
  }
}

const FOREIGN_MAPPER =
  `This mapper sets ${ORGANIZATION_CLAIM}, too. Remove it: the claim comes from one HardcodedClaimProtocolMapper of ` +
  "each client, and a second mapper or one of a client scope could hand out another customer's data.";

function wrongCount(count: number): string {
  return (
    `The client has ${count === 0 ? "no mapper" : `${count} mappers`} for the claim ${ORGANIZATION_CLAIM}. ` +
    "Declare exactly one HardcodedClaimProtocolMapper for it, whose clientId is this client's id."
  );
}

function* mapperFaults({ claimValue, addToAccessToken, addToIdToken, addToUserinfo }: Properties): Generator<string> {
  if (claimValue === undefined || (typeof claimValue === "string" && claimValue.trim() === "")) {
    yield "claimValue is empty. Write the id of a user of the customer's organization.";
  }
  // These three are true where they are left out.
  if (addToAccessToken === false) {
    yield "addToAccessToken is false. Set it to true: the API reads access tokens.";
  }
  for (const [input, value] of Object.entries({ addToIdToken, addToUserinfo })) {
    if (value !== false) {
      yield `${input} is not false. Set it to false: the claim belongs into access tokens only.`;
    }
  }
}

/** The claim that a mapper of any kind sets. */
function claimOf({ claimName, config }: Properties): unknown {
  return claimName ?? (config as Properties | undefined)?.["claim.name"];
}
