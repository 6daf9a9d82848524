import { type EngineEvent, policiesIn, runWithEvents, type StepMetadata, STREAMING } from "./engineEvents.ts";
import { type Preview, previewOf, type Step, withPolicies } from "./preview.ts";
import { pulumiCli, pulumiErrorOf } from "./pulumiCli.ts";

/**
 * What an `up` of a stack would do, and what a policy pack says of it. A preview that failed tells its errors.
 * @throws PulumiError where there is no preview at all
 */
export async function previewWithPolicies(stack: string, policyPack: string | undefined): Promise<Preview> {
  const asking = policyPack === undefined ? [] : ["--policy-pack", policyPack];
  const pulumi = pulumiCli(stack, STREAMING);
  const events: EngineEvent[] = [];
  const run = runWithEvents(pulumi, ["preview", ...asking], (event) => events.push(event));
  const failure = await run.then(() => undefined, pulumiErrorOf);
  if (failure !== undefined && !events.some(({ diagnosticEvent }) => diagnosticEvent?.severity === "error")) {
    throw failure;
  }
  const preview = previewOf({
    steps: events.flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [stepOf(resourcePreEvent.metadata)] : [])),
    changeSummary: events.find(({ summaryEvent }) => summaryEvent)?.summaryEvent?.resourceChanges,
    diagnostics: events.flatMap(({ diagnosticEvent }) => diagnosticEvent ?? []),
  });
  return policyPack === undefined ? preview : withPolicies(preview, policiesIn(events));
}

function stepOf({ op, urn, old, new: now, diffs, keys, detailedDiff }: StepMetadata): Step {
  const differences = Object.entries(detailedDiff ?? {}).map(
    ([path, { diffKind }]) => [path, { kind: diffKind }] as const,
  );
  return {
    op,
    urn,
    oldState: old ?? undefined,
    newState: now ?? undefined,
    diffReasons: diffs,
    replaceReasons: keys,
    detailedDiff: detailedDiff && Object.fromEntries(differences),
  };
}
