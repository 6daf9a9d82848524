import { ORGANIZATION_CLAIM } from "../../contract/names.ts";
import { code, names } from "../changes/markdown.ts";
import { type OwnerChanges, ownerTitle, type ResourceChange } from "../changes/resourceChanges.ts";
import { type Owner } from "../pulumi/owners.ts";

/** In bold, and before all else, what cannot be taken back: a client's secret is gone with the client. */
export function* dangers(owners: readonly OwnerChanges[], unprotected: readonly Owner[]): Generator<string> {
  const customersWhose = (isMeant: (change: ResourceChange) => boolean) =>
    owners
      .filter(({ changes, owner }) => owner.kind === "customer" && changes.some(isMeant))
      .map(({ owner }) => owner.name)
      .sort();
  const retired = customersWhose(({ enabled }) => enabled === false);
  yield* danger(
    "The client is deleted, and its credentials are refused from then on",
    customersWhose(({ action, isClient }) => isClient && action === "delete"),
  );
  yield* danger(
    "The client is replaced: the customer needs its new secret",
    customersWhose(({ action, isClient }) => isClient && action === "replace"),
  );
  yield* danger(
    "The server has lost the client, which is made anew: the customer needs its new secret",
    customersWhose(({ isClient, isLost }) => isClient && isLost),
  );
  yield* otherOrganizations(owners);
  yield* danger("The client is disabled (retired)", retired);
  yield* danger(
    "No longer protected against deletion",
    // That is what retirement is for.
    unprotected
      .filter(({ name }) => !retired.includes(name))
      .map(({ kind, name }) => name || ownerTitle([{ kind, name }])),
  );
  for (const { changes, owner } of owners.filter(({ owner }) => owner.kind !== "customer")) {
    const gone = changes.filter(({ action }) => /delete|replace/.test(action));
    yield* danger(
      `${ownerTitle([owner])}: deleted or replaced`,
      gone.map(({ action, resource }) => `${resource} (${action})`),
    );
  }
  yield* renamed(owners);
}

function* danger(what: string, who: readonly string[]): Generator<string> {
  if (who.length > 0) {
    yield `**${what}: ${names(who)}**`;
  }
}

/** A customer's organization, as the plan says it. */
interface Organization {
  readonly name: string;
  readonly before: string | undefined;
  readonly after: string | undefined;
  /** Whether the whole client comes or goes. */
  readonly isWhole: boolean;
}

function organizationsOf(owners: readonly OwnerChanges[]): Organization[] {
  return owners.flatMap(({ changes, owner }): Organization[] => {
    const mapper = changes.find(({ claim }) => claim?.name === ORGANIZATION_CLAIM);
    if (owner.kind !== "customer" || mapper?.claim === undefined) {
      return [];
    }
    const { action, claim, properties } = mapper;
    const change = properties.find(({ property }) => property === "claimValue");
    const isWhole = changes.some(({ isClient, ...client }) => isClient && client.action === action);
    const before = action === "delete" ? JSON.stringify(claim.value) : change?.before;
    const after = action === "create" ? JSON.stringify(claim.value) : change?.after;
    return before === undefined && after === undefined ? [] : [{ name: owner.name, before, after, isWhole }];
  });
}

/** What may show one customer's data to another. */
function* otherOrganizations(owners: readonly OwnerChanges[]): Generator<string> {
  const all = organizationsOf(owners);
  const changed = all.filter(({ before, after }) => before !== undefined && after !== undefined);
  yield* danger(
    "The customer gets another organization's data",
    changed.map(({ name }) => name),
  );
  for (const { after, isWhole, name } of all.filter(({ after }) => after !== undefined)) {
    const others = all.filter((other) => other.name !== name && other.before === after);
    // A client that goes while another one comes with its organization is renamed.
    const strangers = others.filter((other) => !(isWhole && other.isWhole && other.after === undefined));
    yield* danger(
      `${code(name)} gets the organization that was another customer's before`,
      strangers.map((other) => other.name),
    );
  }
}

/** Keycloak sees a changed client id as another customer. Their common organization shows that they are one. */
function* renamed(owners: readonly OwnerChanges[]): Generator<string> {
  const whole = organizationsOf(owners).filter(({ isWhole }) => isWhole);
  const gone = new Map(whole.filter(({ after }) => after === undefined).map(({ name, before }) => [before, name]));
  const pairs = whole.flatMap(({ name, before, after }) => {
    const old = before === undefined ? gone.get(after) : undefined;
    return old === undefined ? [] : [`${old} → ${name}`];
  });
  if (pairs.length > 0) {
    yield `Renamed, by the organization that both have: ${names(pairs)}. Each needs the new client id and a new secret.`;
  }
}
