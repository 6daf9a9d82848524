import { recordOf } from "../../../settings/decode.ts";
import { changedNames } from "../../../commands/changes/propertyChanges.ts";
import { type Step, UNKNOWN } from "../../../commands/pulumi/preview.ts";

/** What differs from one machine to the next. */
export interface Places {
  readonly url: string;
  readonly caCertificate: string;
  readonly directory: string;
  readonly repository: string;
}

/** Ids of the recordings' own stack file. */
const OWN_ID = /^00000000-0000-4000-8000-/;

interface Recorded {
  readonly steps?: readonly Step[];
  readonly [key: string]: unknown;
}

/** What is read of the preview, without what only this run has: places, ids and the order of what runs at once. */
export function withoutAccidents(json: string, places: Places): Recorded {
  const ids = new Map<string, string>();
  const preview = onlyRead(JSON.parse(json, (_, value: unknown) => normalizeValue(value, places)) as Recorded);
  const { steps, ...rest } = preview;
  const sorted = steps === undefined ? rest : { ...rest, steps: sortedByUrn(steps) };
  const withoutIds = JSON.stringify(sorted).replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (id) => {
    // That one says something, unlike the other ids.
    if (id === UNKNOWN || OWN_ID.test(id)) {
      return id;
    }
    ids.set(id, ids.get(id) ?? `11111111-1111-4111-8111-${String(ids.size + 1).padStart(12, "0")}`);
    return ids.get(id) ?? id;
  });
  return JSON.parse(withoutIds) as Recorded;
}

/** What readPreview and its callers look at; most of a preview is something else. */
function onlyRead(preview: Recorded): Recorded {
  const { changeSummary, diagnostics, steps } = preview;
  return {
    ...(Array.isArray(diagnostics) && {
      diagnostics: diagnostics.map((diagnostic) => pick(recordOf(diagnostic), ["message", "severity"])),
    }),
    ...(steps && {
      steps: steps.map((step) => ({
        ...pick(step, [
          "op",
          "urn",
          "diffReasons",
          "replaceReasons",
          ...(step.detailedDiff ? ["detailedDiff" as const] : []),
        ]),
        ...(step.oldState && { oldState: stateOf(step, step.oldState, ["inputs", "outputs"]) }),
        ...(step.newState && { newState: stateOf(step, step.newState, ["inputs"]) }),
      })),
    }),
    ...(changeSummary !== undefined && { changeSummary }),
  };
}

/** Of the properties, those that differ and those that name the resource. */
function stateOf(step: Step, state: NonNullable<Step["oldState"]>, kept: readonly ("inputs" | "outputs")[]): object {
  const names = step.op === "refresh" ? [] : ["name", "claimName", "claimValue", ...changedNames(step)];
  const properties = kept.map((key) => [key, pick(state[key] ?? {}, names)] as const);
  return {
    ...pick(state, ["custom", "parent", "protect"]),
    ...Object.fromEntries(properties.filter(([, values]) => Object.keys(values).length > 0)),
  };
}

function pick<T extends object, Key extends keyof T>(value: T, keys: readonly Key[]): Pick<T, Key> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.some((kept) => kept === key))) as Pick<T, Key>;
}

/** The steps of one resource keep their order. */
function sortedByUrn(steps: NonNullable<Recorded["steps"]>): Recorded["steps"] {
  return [...steps].sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0));
}

function normalizeValue(value: unknown, places: Places): unknown {
  if (typeof value !== "string") {
    return value;
  }
  return value
    .replaceAll(places.url, "https://localhost:8443")
    .replaceAll(places.caCertificate, "-----BEGIN CERTIFICATE-----\nA private CA.\n-----END CERTIFICATE-----\n")
    .replaceAll(places.directory, "/project")
    .replaceAll(places.repository, "/repository");
}
