import { type DeclaredResource, TYPES } from "./declaredResources.ts";

/** What belongs to the stack's clients: lists of client scopes, and mappers, found by their input `clientId`. */
export class Attachments {
  readonly clients: readonly DeclaredResource[];
  private readonly byClient = new Map<string, DeclaredResource[]>();

  constructor(resources: readonly DeclaredResource[]) {
    this.clients = resources.filter(({ type }) => type === TYPES.client);
    const urns = new Set(this.clients.map(({ urn }) => urn));
    for (const resource of resources) {
      for (const urn of (resource.sources["clientId"] ?? []).filter((source) => urns.has(source))) {
        this.byClient.set(urn, [...(this.byClient.get(urn) ?? []), resource]);
      }
    }
  }

  /** The attached resources of a type. */
  of(client: DeclaredResource, type: string): readonly DeclaredResource[] {
    return (this.byClient.get(client.urn) ?? []).filter((resource) => resource.type === type);
  }
}
