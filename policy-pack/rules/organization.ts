import { type DeclaredResource, type Properties, TYPES, type Violation } from "./declaredResources";
import { Attachments } from "./attachments";

/** This claim tells the API whose data to serve. Written again on purpose: a rule must not follow the program. */
export const ORGANIZATION_CLAIM = "organizationId";

/** Every client has the claim from exactly one mapper of its own, and no other mapper sets it. */
export function organizationClaim(resources: readonly DeclaredResource[]): readonly Violation[] {
  const attachments = new Attachments(resources);
  const mappers = new Set(resources.filter(({ properties }) => claimOf(properties) === ORGANIZATION_CLAIM));
  const ofClients = attachments.clients.flatMap((client) => {
    const own = attachments.of(client, TYPES.hardcodedClaim).filter((mapper) => mappers.delete(mapper));
    return [...countFaults(client, own.length), ...own.flatMap(mapperFaults)];
  });
  return [...ofClients, ...[...mappers].map(foreignMapper)];
}

function countFaults({ urn }: DeclaredResource, count: number): readonly Violation[] {
  return count === 1
    ? []
    : [
        {
          urn,
          message:
            `The client has ${count === 0 ? "no mapper" : `${count} mappers`} for the claim ${ORGANIZATION_CLAIM}. ` +
            "Declare exactly one HardcodedClaimProtocolMapper for it, whose clientId is this client's id.",
        },
      ];
}

function mapperFaults({ urn, properties }: DeclaredResource): readonly Violation[] {
  const { claimValue, addToAccessToken, addToIdToken, addToUserinfo } = properties;
  const messages = [
    ...(claimValue === undefined || (typeof claimValue === "string" && claimValue.trim() === "")
      ? ["claimValue is empty. Write the id of a user of the customer's organization."]
      : []),
    // These three are true where they are left out.
    ...(addToAccessToken === false ? ["addToAccessToken is false. Set it to true: the API reads access tokens."] : []),
    ...Object.entries({ addToIdToken, addToUserinfo })
      .filter(([, value]) => value !== false)
      .map(([input]) => `${input} is not false. Set it to false: the claim belongs into access tokens only.`),
  ];
  return messages.map((message) => ({ urn, message }));
}

function foreignMapper({ urn }: DeclaredResource): Violation {
  return {
    urn,
    message:
      `This mapper sets ${ORGANIZATION_CLAIM}, too. Remove it: the claim comes from one HardcodedClaimProtocolMapper of ` +
      "each client, and a second mapper or one of a client scope could hand out another customer's data.",
  };
}

/** The claim that a mapper of any kind sets. */
function claimOf({ claimName, config }: Properties): unknown {
  return claimName ?? (config as Properties | undefined)?.["claim.name"];
}
