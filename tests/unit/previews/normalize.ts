/** What differs from one machine to the next. */
export interface Places {
  readonly url: string;
  readonly caCertificate: string;
  readonly directory: string;
  readonly repository: string;
  readonly repositoryFromDirectory: string;
}

/** Pulumi's own mark of a value that only an `up` will know: it says something, unlike the other ids. */
const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Ids of the recordings' own stack file. */
const OWN_ID = /^00000000-0000-4000-8000-/;

interface Recorded {
  readonly steps?: readonly { readonly urn: string }[];
  readonly [key: string]: unknown;
}

/** The preview without what only this run has: places, ids, times, source lines and the order of what runs at once. */
export function withoutAccidents(json: string, places: Places): Recorded {
  const ids = new Map<string, string>();
  const preview = JSON.parse(json, (key, value: unknown) => normalizeValue(key, value, places)) as Recorded;
  const { steps, ...rest } = preview;
  const sorted = steps === undefined ? rest : { ...rest, steps: sortedByUrn(steps) };
  const withoutIds = JSON.stringify(sorted).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    if (id === UNKNOWN || OWN_ID.test(id)) {
      return id;
    }
    ids.set(id, ids.get(id) ?? `11111111-1111-4111-8111-${String(ids.size + 1).padStart(12, "0")}`);
    return ids.get(id) ?? id;
  });
  return JSON.parse(withoutIds) as Recorded;
}

/** The steps of one resource keep their order. */
function sortedByUrn(steps: NonNullable<Recorded["steps"]>): Recorded["steps"] {
  return [...steps].sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0));
}

function normalizeValue(key: string, value: unknown, places: Places): unknown {
  if (key === "duration") {
    return 0;
  }
  if (typeof value !== "string") {
    return value;
  }
  if (key === "created" || key === "modified") {
    return "2026-01-01T00:00:00Z";
  }
  if (key === "sourcePosition") {
    return value.replace(/#\d+,\d+$/, "#1,1").replace(places.repositoryFromDirectory, "repository");
  }
  return value
    .replaceAll(places.url, "https://localhost:8443")
    .replaceAll(places.caCertificate, "-----BEGIN CERTIFICATE-----\nA private CA.\n-----END CERTIFICATE-----\n")
    .replaceAll(places.directory, "/project")
    .replaceAll(places.repository, "/repository");
}
