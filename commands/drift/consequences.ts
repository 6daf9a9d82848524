import { ACCOUNT_CLIENT_SCOPE, CLIENT_SCOPE } from "../../contract/names";
import { TYPES } from "../../contract/types";
import { stringsOf } from "../../settings/decode";
import { textInput } from "../changes/values";
import type { Change } from "./changes";

/** What somebody did, and which other change comes of it. The sentence of the cause tells both. */
interface Consequence {
  readonly cause: (change: Change) => boolean;
  readonly consequence: (change: Change, cause: Change) => boolean;
}

const lost = (type: string) => (change: Change) => change.kind === "lost" && change.resource.type === type;
const changed = (property: string) => (change: Change) => change.kind === "changed" && change.property === property;
const isCustomers = (change: Change, { resource: { owner } }: Change) =>
  owner.kind === "customer" && change.resource.owner.kind === "customer" && change.resource.owner.name === owner.name;

const CONSEQUENCES: readonly Consequence[] = [
  // With a client go its mappers and lists.
  {
    cause: lost(TYPES.client),
    consequence: (change, cause) => isCustomers(change, cause) && change.resource.type !== TYPES.client,
  },
  // With a shared client scope go its mappers, or its roles.
  {
    cause: lost(TYPES.clientScope),
    consequence: ({ kind, resource: { owner, type } }, cause) =>
      kind === "lost" &&
      owner.kind === "shared" &&
      type !== TYPES.clientScope &&
      nameOf(cause) === (type === TYPES.roleMapping ? ACCOUNT_CLIENT_SCOPE : CLIENT_SCOPE),
  },
  // The service account that is made instead has another id.
  {
    cause: changed("serviceAccountsEnabled"),
    consequence: (change, cause) => changed("serviceAccountUserId")(change) && isCustomers(change, cause),
  },
];

/** Only what somebody did: whoever deletes a client deletes its mappers, too, and only the first is told. */
export function withoutConsequences(changes: readonly Change[]): Change[] {
  const happened = CONSEQUENCES.map(({ cause, consequence }) => ({ causes: changes.filter(cause), consequence }));
  return changes
    .filter((change) => !happened.some(({ causes, consequence }) => causes.some((cause) => consequence(change, cause))))
    .flatMap((change) => withoutScopes(change, scopesTakenOff(change, changes)));
}

/** The client scopes that Keycloak itself takes off a client: a deleted one, off every client. */
function scopesTakenOff(change: Change, changes: readonly Change[]): string[] {
  const hasNoAccount = changes.some((cause) => changed("serviceAccountsEnabled")(cause) && isCustomers(change, cause));
  return [...changes.filter(lost(TYPES.clientScope)).map(nameOf), ...(hasNoAccount ? ["service_account"] : [])];
}

function withoutScopes(change: Change, takenOff: readonly string[]): Change[] {
  if (change.kind === "lost" || change.property !== "defaultScopes") {
    return [change];
  }
  const real = stringsOf(change.real);
  const stored = stringsOf(change.stored).filter((scope) => real.includes(scope) || !takenOff.includes(scope));
  return stored.length === real.length && stored.every((scope) => real.includes(scope))
    ? []
    : [{ ...change, stored, real }];
}

function nameOf({ resource }: Change): string {
  return textInput(resource.inputs, "name") ?? "";
}
