export interface OperationEntry {
  readonly id: string;
  readonly operation: string;
  readonly quantity: number;
  readonly unit: string;
  readonly finishedAt: string;
}

export interface OperationEntries {
  readonly organizationId: string;
  readonly operationEntries: readonly OperationEntry[];
}

const entry = (id: string, operation: string, quantity: number, unit: string, finishedAt: string): OperationEntry => ({
  id,
  operation,
  quantity,
  unit,
  finishedAt,
});

/** Made-up data by organization; the first one is that of the development realm's `admin`. */
export const OPERATION_ENTRIES: ReadonlyMap<string, readonly OperationEntry[]> = new Map([
  [
    "c7834e89-74ff-42ae-a6d8-8693f24b1351",
    [
      entry("entry-kestrel-7f3a", "cutting", 1200, "pieces", "2026-01-12T06:40:00Z"),
      entry("entry-kestrel-91c0", "welding", 1184, "pieces", "2026-01-12T13:05:00Z"),
      entry("entry-kestrel-d25e", "painting", 342.5, "square metres", "2026-01-13T09:30:00Z"),
    ],
  ],
  [
    "11111111-1111-4111-8111-111111111111",
    [
      entry("entry-heron-04b8", "milling", 96, "pieces", "2026-01-12T07:15:00Z"),
      entry("entry-heron-5a17", "grinding", 94, "pieces", "2026-01-12T10:50:00Z"),
      entry("entry-heron-c6f2", "inspection", 94, "pieces", "2026-01-12T15:20:00Z"),
    ],
  ],
  [
    "22222222-2222-4222-8222-222222222222",
    [
      entry("entry-plover-1e6d", "mixing", 4800, "kilograms", "2026-01-11T22:10:00Z"),
      entry("entry-plover-83a9", "filling", 4752.4, "litres", "2026-01-12T02:45:00Z"),
      entry("entry-plover-f04c", "packing", 396, "boxes", "2026-01-12T05:55:00Z"),
    ],
  ],
  [
    "33333333-3333-4333-8333-333333333333",
    [
      entry("entry-wagtail-2b91", "spinning", 615, "kilograms", "2026-01-10T18:00:00Z"),
      entry("entry-wagtail-6ce4", "weaving", 2380, "metres", "2026-01-11T16:35:00Z"),
      entry("entry-wagtail-a870", "dyeing", 2365.5, "metres", "2026-01-12T11:25:00Z"),
    ],
  ],
]);

/** What the API answers to a token of this organization. */
export function operationEntriesOf(organizationId: string): OperationEntries {
  return { organizationId, operationEntries: OPERATION_ENTRIES.get(organizationId) ?? [] };
}
