import { changedNames } from "../../../commands/changes/propertyChanges.ts";
import type { Step } from "../../../commands/pulumi/preview.ts";
import { recordOf } from "../../../values/shapes.ts";

/** What readPreview and its callers look at, without the order of what runs at once; most of a preview is something else. */
export function onlyRead(json: string): object {
  const { changeSummary, diagnostics, steps } = JSON.parse(json) as {
    readonly changeSummary?: unknown;
    readonly diagnostics?: readonly unknown[];
    readonly steps?: readonly Step[];
  };
  return {
    ...(diagnostics && {
      diagnostics: diagnostics.map((diagnostic) => pick(recordOf(diagnostic), ["message", "severity"])),
    }),
    ...(steps && {
      steps: [...steps]
        // The steps of one resource keep their order.
        .sort((a, b) => (a.urn < b.urn ? -1 : a.urn > b.urn ? 1 : 0))
        .map((step) => ({
          ...pick(step, ["op", "urn", "diffReasons", "replaceReasons"]),
          ...(step.detailedDiff && { detailedDiff: step.detailedDiff }),
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

function pick(value: object, keys: readonly string[]): object {
  return Object.fromEntries(Object.entries(value).filter(([key]) => keys.includes(key)));
}
