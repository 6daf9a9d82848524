import { nameOf } from "./owners.ts";
import { plain, type Policies, type Step } from "./preview.ts";
import { type PulumiCli, PulumiError, pulumiErrorOf } from "./pulumiCli.ts";

/** An event of Pulumi's engine, as far as it is read. */
export interface EngineEvent {
  readonly diagnosticEvent?: { readonly message: string; readonly severity: string };
  readonly policyEvent?: {
    readonly resourceUrn?: string;
    readonly policyName: string;
    readonly message: string;
    readonly enforcementLevel: string;
  };
  readonly resourcePreEvent?: { readonly metadata: StepMetadata };
  readonly resOutputsEvent?: { readonly metadata: Pick<StepMetadata, "new" | "old" | "urn"> };
  readonly summaryEvent?: { readonly resourceChanges?: Readonly<Record<string, number>> };
}

/** A step as the events tell it. */
export interface StepMetadata extends Pick<Step, "op" | "urn"> {
  readonly old?: Step["oldState"] | null;
  readonly new?: Step["newState"] | null;
  readonly diffs?: readonly string[];
  readonly keys?: readonly string[];
  readonly detailedDiff?: Readonly<Record<string, { readonly diffKind: string }>> | null;
}

/** With this, `preview --json` prints the engine's events as they come, as `up --json` always does. */
export const STREAMING = { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" };

/**
 * Runs `preview` (with {@link STREAMING}) or `up`, and tells the engine's events as they come.
 * @throws PulumiError with the errors among the events, and what the CLI said besides
 */
export async function runWithEvents(
  pulumi: PulumiCli,
  args: readonly string[],
  onEvent: (event: EngineEvent) => void,
): Promise<void> {
  const errors: string[] = [];
  const onLine = (line: string) => {
    if (isEvent(line)) {
      const event = JSON.parse(line) as EngineEvent;
      errors.push(...errorsIn(event));
      onEvent(event);
    }
  };
  try {
    await pulumi.run([...args, "--json"], { onLine });
  } catch (error) {
    const besides = pulumiErrorOf(error)
      .output.split("\n")
      .filter((line) => !isEvent(line));
    const command = [...args, "--stack", pulumi.stack];
    throw new PulumiError(command, [...errors.map((message) => `error: ${message}`), ...besides].join("\n"));
  }
}

function isEvent(line: string): boolean {
  return line.startsWith('{"sequence":');
}

/** "update failed" is no cause. */
function errorsIn({ diagnosticEvent }: EngineEvent): string[] {
  const message = diagnosticEvent?.severity === "error" ? plain(diagnosticEvent.message) : "";
  return message === "" || /^(update|preview) failed$/.test(message) ? [] : [message];
}

/** What the policies say in an engine's events. */
export function policiesIn(events: readonly EngineEvent[]): Policies {
  const of = (level: string) => {
    const said = events.flatMap(({ policyEvent }) => (policyEvent?.enforcementLevel === level ? [policyEvent] : []));
    return [...new Set(said.map(policyText))];
  };
  return { violations: of("mandatory"), advice: of("advisory") };
}

function policyText({ message, policyName, resourceUrn = "" }: NonNullable<EngineEvent["policyEvent"]>): string {
  const resource = nameOf(resourceUrn);
  return `${policyName}${resource === "" ? "" : ` of ${resource}`}: ${plain(message)}`;
}
