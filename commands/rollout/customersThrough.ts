import type { EngineEvent } from "../pulumi/automation";
import { CUSTOMER_TYPE, typeOf } from "../pulumi/owners";

/** Counts the customers that Pulumi is through with, by what its engine tells. */
export class CustomersThrough {
  /** What is still to come of each customer that Pulumi has begun with, by the URN of its component. */
  private readonly open = new Map<string, Set<string>>();
  private most = 0;

  /** @returns how many; never fewer than before, though a customer's last resource may begin after its others have ended */
  add({ resourcePreEvent, resOutputsEvent, resOpFailedEvent }: EngineEvent): number {
    const { metadata } = resourcePreEvent ?? resOutputsEvent ?? resOpFailedEvent ?? {};
    const parent = metadata?.new?.parent ?? metadata?.old?.parent ?? "";
    if (metadata !== undefined) {
      const customer = [metadata.urn, parent].find((urn) => typeOf(urn) === CUSTOMER_TYPE);
      if (customer !== undefined) {
        const open = this.open.get(customer) ?? new Set();
        this.open.set(customer, open);
        if (resourcePreEvent === undefined) {
          open.delete(metadata.urn);
        } else {
          open.add(metadata.urn);
        }
      }
    }
    this.most = Math.max(this.most, [...this.open.values()].filter((open) => open.size === 0).length);
    return this.most;
  }
}
