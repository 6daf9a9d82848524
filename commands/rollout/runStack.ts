import { RESOURCES_PER_CUSTOMER } from "../../contract/names.ts";
import { UserError } from "../../faults/userError.ts";
import { isHalfWritten } from "../locks/fileBackend.ts";
import { isDead, readLockHolders, refuseLiving } from "../locks/stackLock.ts";
import { diagnosticsOf } from "../pulumi/diagnostics.ts";
import { type EngineEvent, policiesIn, runWithEvents, STREAMING } from "../pulumi/engineEvents.ts";
import { exportState } from "../pulumi/exportedState.ts";
import { CUSTOMER_TYPE, typeOf } from "../pulumi/owners.ts";
import { type PulumiCli, pulumiCli, pulumiErrorOf } from "../pulumi/pulumiCli.ts";
import { recoverStack } from "../recovery/recoverStack.ts";
import type { RunPart } from "./rollOut.ts";

/** What is done with each stack. */
export interface RunOptions {
  /** Whether it is deployed, not only previewed. */
  readonly deploys: boolean;
  /** Whether Pulumi saves the state at the end only; then what fails is recovered. */
  readonly fast: boolean;
  /** A policy pack that may refuse it. */
  readonly policyPack: string | undefined;
}

/**
 * Runs preview or `up` of a stack; one that a killed run has left in a state that `up` cannot mend is recovered. The
 * state of an empty stack is saved at the end only: the time to save it at each step grows with the square of the
 * customers. A kill then leaves an empty state, with its lock or, without that, what Keycloak refuses to make twice: by
 * either the next run knows, and adopts.
 */
export function stackRunner({ deploys, fast, policyPack }: RunOptions): RunPart {
  const policies = policyPack === undefined ? [] : ["--policy-pack", policyPack];
  return async ({ stack: name }, tell) => {
    const savesOnce = fast || (deploys && (await isEmpty(pulumiCli(name))));
    const variables: Readonly<Record<string, string>> = savesOnce ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {};
    tell({ savesOnce });
    const through = customersThrough();
    const events: EngineEvent[] = [];
    let changes: Readonly<Record<string, number>> = {};
    const pulumi = pulumiCli(name, { ...variables, ...STREAMING });
    const run = (...command: readonly string[]) =>
      runWithEvents(pulumi, [...command, ...policies], (event) => {
        changes = event.summaryEvent?.resourceChanges ?? changes;
        if (event.policyEvent !== undefined) {
          events.push(event);
          tell({ advice: policiesIn(events).advice });
        }
        tell({ through: through(event) });
      });
    try {
      await (deploys ? run("up", "--yes", "--skip-preview", "--suppress-outputs") : run("preview"));
      return { changes };
    } catch (error) {
      const { output } = pulumiErrorOf(error);
      const isLeftByKill = async () => namesKill(output) ?? isHalfWritten(pulumiCli(name));
      const isRefused = () => policiesIn(events).violations.length > 0;
      if (deploys && !isRefused() && (fast || (await isLeftByKill()))) {
        tell({ recovers: true });
        if (policyPack !== undefined) {
          // recover asks none; whatever else keeps the preview from being made, recover mends or tells.
          await run("preview").catch(pulumiErrorOf);
        }
        if (!isRefused()) {
          const did: string[] = [];
          const report = (line: string) => {
            did.push(line);
            tell({ did: [...did] });
          };
          await recoverStack(name, report, [], variables);
          return {};
        }
      }
      if (isRefused()) {
        throw new UserError(policiesIn(events).violations.join("\n"));
      }
      tellFailure(name, output);
    }
  };
}

/** Whether the state has nothing that a server has; no, where that cannot be read, which the run will tell. */
async function isEmpty(pulumi: PulumiCli): Promise<boolean> {
  const state = await exportState(pulumi).catch((error: unknown) => void pulumiErrorOf(error));
  const { resources = [] } = state?.deployment ?? {};
  return state !== undefined && resources.every(({ id = "", type = "" }) => id === "" || type.startsWith("pulumi:"));
}

/** Counts the customers with whose resources Pulumi is through, event by event. */
export function customersThrough(): (event: EngineEvent) => number {
  /** The resources that have ended, by the URN of their customer's component. */
  const ended = new Map<string, Set<string>>();
  return ({ resOutputsEvent }) => {
    const { metadata } = resOutputsEvent ?? {};
    const parent = metadata?.new?.parent ?? metadata?.old?.parent ?? "";
    if (metadata !== undefined && typeOf(parent) === CUSTOMER_TYPE) {
      ended.set(parent, (ended.get(parent) ?? new Set()).add(metadata.urn));
    }
    return [...ended.values()].filter(({ size }) => size === RESOURCES_PER_CUSTOMER).length;
  };
}

/** Whether a run that was killed is why it failed; undefined where neither a lock nor an object in Keycloak tells. */
function namesKill(output: string): boolean | undefined {
  const holders = readLockHolders(output);
  return holders.length > 0 ? holders.every(isDead) : /scpcloud recover/.test(output) || undefined;
}

/** @throws UserError where another run holds the lock: Pulumi's own words only tell how to take it away; else UserError */
export function tellFailure(stack: string, output: string): never {
  refuseLiving(readLockHolders(output).map((holder) => ({ ...holder, stack })));
  throw new UserError(firstCause(output));
}

/** The first error of those that the CLI tells, wholly. */
function firstCause(output: string): string {
  const errors = output.split(/^(?=error: )/m).filter((part) => part.startsWith("error: "));
  return diagnosticsOf(errors[0] ?? output).join("\n");
}
