import type { Fault } from "../settings/faults";

/** What a lookup of several things brought, and what is wrong with the others. */
export interface Found<T> {
  readonly found: readonly T[];
  readonly faults: readonly Fault[];
}
