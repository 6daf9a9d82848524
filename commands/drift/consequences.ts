import { ACCOUNT_CLIENT_SCOPE, CLIENT_SCOPE } from "../../components/names";
import { textInput } from "../review/values";
import { stringsOf } from "../../settings/decode";
import type { Change } from "./changes";
import { CLIENT, CONTAINER, NETWORK, ROLE_MAPPING, SCOPE } from "./managedResources";

/**
 * Only what somebody did: whoever deletes a client has deleted its mapper, and need not be told to have done that, too.
 * What is left out here is in the sentence of its cause.
 */
export function withoutConsequences(changes: readonly Change[]): Change[] {
  const lost = changes.filter(({ kind }) => kind === "lost").map(({ resource }) => resource);
  const lostClients = new Set(lost.filter(({ type }) => type === CLIENT).map(({ owner }) => owner.name));
  const lostScopes = lost.filter(({ type }) => type === SCOPE).map(({ inputs }) => textInput(inputs, "name") ?? "");
  const isNetworkLost = lost.some(({ type }) => type === NETWORK);
  const stopped = new Set(changed("mustRun").map(({ resource }) => resource.urn));
  const withoutAccount = new Set(changed("serviceAccountsEnabled").map(({ resource }) => resource.owner.name));

  function changed(property: string) {
    return changes.filter((change) => change.kind === "changed" && change.property === property);
  }
  const isConsequence = (change: Change): boolean => {
    const { owner, type } = change.resource;
    if (owner.kind === "customer" && lostClients.has(owner.name)) {
      return type !== CLIENT;
    }
    if (change.kind === "lost") {
      const scope = type === ROLE_MAPPING ? ACCOUNT_CLIENT_SCOPE : CLIENT_SCOPE;
      return owner.kind === "shared" && type !== SCOPE && lostScopes.includes(scope);
    }
    return (
      (type === CONTAINER && change.property === "ports" && (isNetworkLost || stopped.has(change.resource.urn))) ||
      (change.property === "serviceAccountUserId" && withoutAccount.has(owner.name))
    );
  };
  return changes
    .filter((change) => !isConsequence(change))
    .flatMap((change) => {
      if (change.kind === "lost" || change.property !== "defaultScopes") {
        return [change];
      }
      // Keycloak itself takes them off, a deleted scope from every client.
      const gone = [...lostScopes, ...(withoutAccount.has(change.resource.owner.name) ? ["service_account"] : [])];
      const real = stringsOf(change.real);
      const stored = stringsOf(change.stored).filter((scope) => real.includes(scope) || !gone.includes(scope));
      return stored.length === real.length && stored.every((scope) => real.includes(scope))
        ? []
        : [{ ...change, stored, real }];
    });
}
