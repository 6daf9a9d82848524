import { RESOURCES_PER_CUSTOMER } from "../../contract/names";
import type { EngineEvent } from "../pulumi/engineEvents";
import { CUSTOMER_TYPE, typeOf } from "../pulumi/owners";

/** Counts the customers with whose resources Pulumi is through, by what its engine tells. */
export class CustomersThrough {
  /** The resources that have ended, by the URN of their customer's component. */
  private readonly ended = new Map<string, Set<string>>();

  /** @returns how many */
  add({ resOutputsEvent }: EngineEvent): number {
    const { metadata } = resOutputsEvent ?? {};
    const parent = metadata?.new?.parent ?? metadata?.old?.parent ?? "";
    if (metadata !== undefined && typeOf(parent) === CUSTOMER_TYPE) {
      this.ended.set(parent, (this.ended.get(parent) ?? new Set()).add(metadata.urn));
    }
    return [...this.ended.values()].filter(({ size }) => size === RESOURCES_PER_CUSTOMER).length;
  }
}
