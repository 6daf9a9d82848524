import { parseJson, recordOf } from "../../values/shapes.ts";

/** What Pulumi writes for a value that only an `up` will know. */
export const UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A resource in a step of a preview, as far as the summary uses it. */
interface State {
  /** False for a component. */
  readonly custom?: boolean | undefined;
  readonly parent?: string | undefined;
  readonly protect?: boolean | undefined;
  readonly inputs?: Readonly<Record<string, unknown>>;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: State | undefined;
  readonly newState?: State | undefined;
  readonly diffReasons?: readonly string[] | null | undefined;
  readonly replaceReasons?: readonly string[] | null | undefined;
  readonly detailedDiff?: Readonly<Record<string, { readonly kind?: string }>> | null | undefined;
}

/** What `pulumi preview --json` wrote. */
export interface Preview {
  readonly steps: readonly Step[];
  /** How many resources by what becomes of them. */
  readonly counts: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** What a policy pack says, where one was asked. */
  readonly policies?: Policies;
}

/** What a policy pack says of a stack: what refuses it, and what is only advice. */
export interface Policies {
  readonly violations: readonly string[];
  readonly advice: readonly string[];
}

/** A preview with what its policies say. "preview failed" is no further error where they refuse it. */
export function withPolicies(preview: Preview, policies: Policies): Preview {
  const errors = preview.errors.filter((error) => policies.violations.length === 0 || error !== "preview failed");
  return { ...preview, errors, policies };
}

/** The error where the output is something else, or incomplete. */
export const NO_PREVIEW = "what was read is no output of pulumi preview --json";

/** Operations that leave a resource as it is. */
export const IDLE_OPS: readonly string[] = ["same", "read", "refresh", "read-discard", "remove-pending-replace"];

/** A step of a resource, with what all its steps do. */
export interface ChangingStep extends Step {
  readonly ops: readonly string[];
}

/** One changing step for each resource. A replacement is several steps: the one that tells the differences is taken. */
export function changingSteps({ steps }: Pick<Preview, "steps">): ReadonlyMap<string, ChangingStep> {
  const byUrn = new Map<string, ChangingStep>();
  for (const step of steps.filter(({ op }) => !IDLE_OPS.includes(op))) {
    const known = byUrn.get(step.urn);
    const told = known !== undefined && (known.detailedDiff ?? null) !== null ? known : step;
    byUrn.set(step.urn, { ...told, ops: [...(known?.ops ?? []), step.op] });
  }
  return byUrn;
}

/**
 * Reads the output. Anything else becomes an error: a reviewer must not take it for "no changes".
 * @param isRefresh for `pulumi refresh --preview-only`, which prints neither steps nor counts where the state is empty
 */
export function readPreview(text: string, isRefresh = false): Preview {
  const json = parseJson(text);
  if (json === undefined) {
    const said = text.trim();
    if (said.startsWith("{")) {
      // Not quoted: it may be a megabyte, and have secrets where somebody asked for them.
      return failed(["the output of pulumi preview --json is cut off: it begins as JSON, and is none"]);
    }
    return failed(
      said === "" ? ["pulumi preview wrote nothing; its own message is in the log of the run"] : [NO_PREVIEW, said],
    );
  }
  return previewOf(json, isRefresh);
}

/** The same of an output that is read already. */
export function previewOf(json: unknown, isRefresh = false): Preview {
  const { steps, changeSummary, diagnostics, duration } = recordOf(json);
  const messages = (severity: string) =>
    listOf(diagnostics).flatMap((diagnostic) => {
      const { message, severity: own } = recordOf(diagnostic);
      return own === severity && typeof message === "string" ? [plain(message)] : [];
    });
  const read: Preview = {
    steps: listOf(steps).filter(isStep),
    counts: Object.fromEntries(
      Object.entries(recordOf(changeSummary)).filter(
        (entry): entry is [string, number] => typeof entry[1] === "number",
      ),
    ),
    errors: messages("error"),
    warnings: messages("warning"),
  };
  if (isRefresh && steps === undefined && changeSummary === undefined && typeof duration === "number") {
    return read;
  }
  return read.errors.length > 0 ? read : { ...read, errors: contradictions(read, Array.isArray(steps), isRefresh) };
}

/** A preview of an `up` that would change nothing. */
export const NOTHING_CHANGES: Preview = failed([]);

/** A preview that could not be made. */
export function failed(errors: readonly string[]): Preview {
  return { steps: [], counts: {}, errors, warnings: [] };
}

/** Compares the steps with Pulumi's own count, so that none is lost unnoticed. */
function contradictions({ steps, counts }: Preview, hasSteps: boolean, isRefresh: boolean): string[] {
  if (!hasSteps || Object.keys(counts).length === 0) {
    return [NO_PREVIEW];
  }
  const counted = Object.entries(counts).filter(([op]) => !IDLE_OPS.includes(op));
  const told = changingSteps({ steps }).size;
  const all = counted.reduce((sum, [, count]) => sum + count, 0);
  // A replacement is several steps and one count, and a refresh has none: Pulumi lists it without what it found there
  // where a provider does not tell the differences.
  return (isRefresh ? all === told : all > 0 === told > 0)
    ? []
    : [
        `the preview counts ${counted.map(([op, count]) => `${count} × ${op}`).join(", ") || "no changes"}, and lists ${told}`,
      ];
}

function isStep(step: unknown): step is Step {
  const { op, urn } = recordOf(step);
  return typeof op === "string" && typeof urn === "string";
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Without Pulumi's marks for colours and its own "error:". */
export function plain(message: string): string {
  return message
    .replace(/<\{%.*?%\}>/g, "")
    .replace(/^(error|warning): /, "")
    .trim();
}
