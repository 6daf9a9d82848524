import { availableParallelism } from "node:os";

import type { StackOfRealm } from "../../settings/stackFile/customersOfRealm";
import { stacksOfRealm } from "../../settings/stackFile/realmStacks";
import { readStackFiles } from "../../settings/stackFile/files";
import { plural } from "../changes/markdown";
import { agreed, CHANGE_OPTIONS, refuseWithoutTerminal } from "../cli/confirmation";
import { UsageError } from "../cli/errors";
import { PROJECT_DIRECTORY } from "../cli/projectDirectory";
import { ofProject } from "../cli/verb";
import { holdPlan, saveNewPlan } from "./approval";
import { changesSince } from "./changedStacks";
import { exitCodeOf, INTERRUPTED, rollOut } from "./rollOut";
import { readPlan } from "./rolloutPlan";
import { type Progress, showProgress } from "./rolloutProgress";
import { rolloutText } from "./rolloutText";
import { stackRunner } from "./runStack";

/**
 * One a core, as each keeps more than one busy, and Keycloak another: four stacks of 100 customers were previewed in 23 s
 * one by one, and in 16.5 s two at a time, on two cores with Keycloak on them as well.
 */
const DEFAULT_PARALLEL = Math.max(1, Math.min(8, availableParallelism()));

export default ofProject(
  {
    purpose:
      "Runs preview of all stacks of a realm, asks, and runs up: the realm stack first, then the others, several at a " +
      "time. One that fails does not stop the others. Ctrl-C reaches all, and each saves what it has done; run it again, " +
      "and it goes on. What a killed run left is recovered.",
    changes: "what the stack files declare, as pulumi up does.",
    options: {
      "realm-stack": { value: "STACK", required: true, description: "the realm's stack" },
      "only-changed": {
        value: "REVISION",
        description: "only stacks whose file differs from it; all, where the realm stack's or the program does",
      },
      parallel: { value: "NUMBER", description: `how many stacks at a time; here ${DEFAULT_PARALLEL} by default` },
      fast: {
        description: "Pulumi saves each state at the end only, as always an empty one; what fails is recovered",
      },
      "policy-pack": { value: "FOLDER", description: "a policy pack that may refuse a stack" },
      "skip-preview": { description: "ask and run up, without previews before" },
      "save-plan": {
        value: "FILE",
        description: "write what would be done into a file, and print what an approver has to read; changes nothing",
      },
      plan: {
        value: "FILE",
        description: "the stacks of an approved plan, if all is still as it says; else nothing, and exit code 3",
      },
      "plan-digest": { value: "DIGEST", description: "the plan that was approved, by its own name" },
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--realm-stack prod --preview", "what would change in each stack"],
      ["--realm-stack prod --only-changed origin/main", "previews of the stacks that a branch changes, then up"],
    ],
    fine: "every stack is at its target, or previewed",
    found: "something is not as the plan says; nothing was changed",
  },
  async (options) => {
    const { "realm-stack": realmStack, "only-changed": revision, "policy-pack": policyPack } = options;
    const { "save-plan": savedTo, plan: planFile, "plan-digest": digest, "skip-preview": skips = false } = options;
    const { parallel = String(DEFAULT_PARALLEL), fast = false } = options;
    if (!/^[1-9]\d?$/.test(parallel)) {
      throw new UsageError("--parallel must be a number of stacks, from 1 to 99.");
    }
    if (skips && (options.preview || planFile !== undefined)) {
      throw new UsageError("--skip-preview goes with neither --preview nor --plan.");
    }
    if (savedTo !== undefined && (options.yes || planFile !== undefined)) {
      throw new UsageError("--save-plan changes nothing: say it without --yes and without --plan.");
    }
    if (planFile !== undefined && revision !== undefined) {
      throw new UsageError("--plan says which stacks: leave out --only-changed.");
    }
    if (savedTo === undefined) {
      refuseWithoutTerminal(options, realmStack);
    }
    const all = stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY));
    const approved = planFile === undefined ? undefined : await readPlan(planFile, digest);
    const isPlanned = ({ stack }: StackOfRealm) => approved?.stacks.some((planned) => planned.stack === stack) ?? true;
    const chosen = revision === undefined ? all.filter(isPlanned) : await changedOf(all, realmStack, revision);
    if (chosen.length === 0 && approved === undefined) {
      console.log(`✓ ${realmStack}: no stack of this realm has changed since ${revision}`);
      return 0;
    }
    const shared = {
      directory: PROJECT_DIRECTORY,
      policyPacks: policyPack === undefined ? [] : [policyPack],
      parallel: Number(parallel),
    };
    const parts = chosen.map(toPart);
    if (savedTo !== undefined) {
      const { text, exitCode } = await withProgress((tell) =>
        saveNewPlan({ ...shared, realmStack, parts, file: savedTo, tell }),
      );
      console.log(text);
      return exitCode;
    }
    const run = async (deploys: boolean) => {
      const runPart = stackRunner({ ...shared, deploys, fast: fast && deploys });
      const states = await withProgress((tell) =>
        rollOut(realmStack, parts, runPart, { ...shared, realmStackAlone: deploys, tell }),
      );
      console.log(rolloutText(states));
      return exitCodeOf(states);
    };
    let looked = 0;
    if (approved !== undefined && planFile !== undefined) {
      const { text, exitCode } = await withProgress((tell) =>
        holdPlan({ ...shared, realmStack, parts, file: planFile, tell }, approved),
      );
      console.log(text);
      if (exitCode !== 0) {
        return exitCode;
      }
    } else if (!skips) {
      looked = await run(false);
    }
    if (options.preview || looked === INTERRUPTED) {
      return looked;
    }
    const notes = looked === 0 ? [] : ["a preview failed, as shown above: that up fails, too, or recovers its stack"];
    const customers = parts.reduce((sum, part) => sum + part.customers, 0);
    const steps = [...notes, `up of ${plural(parts.length, "stack")} with ${plural(customers, "customer")}`];
    return (await agreed({ stacks: parts.map(({ stack }) => stack), steps }, options)) ? run(true) : 0;
  },
);

async function withProgress<T>(act: (tell: Progress["tell"]) => Promise<T>): Promise<T> {
  const progress = showProgress(process.stderr);
  try {
    return await act(progress.tell);
  } finally {
    progress.end();
  }
}

async function changedOf(all: readonly StackOfRealm[], realmStack: string, revision: string) {
  const { program, stackFiles } = await changesSince(PROJECT_DIRECTORY, revision);
  const realmFile = all.find(({ stack }) => stack === realmStack)?.file ?? "";
  const isShared = program.length > 0 || stackFiles.has(realmFile);
  return isShared ? all : all.filter(({ file }) => stackFiles.has(file));
}

function toPart({ stack, integrations }: StackOfRealm) {
  return { stack, customers: Object.keys(integrations).length };
}
