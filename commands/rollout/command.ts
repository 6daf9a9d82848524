import { availableParallelism } from "node:os";

import { readStackFiles } from "../../settings/stackFile/files.ts";
import { type StackOfRealm, stacksOfRealm } from "../../settings/stackFile/realmStacks.ts";
import { plural } from "../changes/markdown.ts";
import { agreed, CHANGE_OPTIONS, refuseWithoutTerminal } from "../cli/confirmation.ts";
import { refuseMistakes } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofProject } from "../cli/verb.ts";
import { holdPlan, saveNewPlan } from "./approval.ts";
import { changesSince } from "./changedStacks.ts";
import { readPlan } from "./plan.ts";
import { INTERRUPTED, type Outcome, type Progress, rolloutOutcome, showProgress } from "./results.ts";
import { rollOut } from "./rollOut.ts";
import { stackRunner } from "./runStack.ts";

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
      ...JSON_OPTION,
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
    refuseMistakes([
      [!/^[1-9]\d?$/.test(parallel), "--parallel must be a number of stacks, from 1 to 99."],
      [
        skips && (options.preview === true || planFile !== undefined),
        "--skip-preview goes with neither --preview nor --plan.",
      ],
      [
        savedTo !== undefined && (options.yes === true || planFile !== undefined),
        "--save-plan changes nothing: say it without --yes and without --plan.",
      ],
      [planFile !== undefined && revision !== undefined, "--plan says which stacks: leave out --only-changed."],
    ]);
    if (savedTo === undefined) {
      refuseWithoutTerminal(options, realmStack);
    }
    const { say, end } = teller(options);
    const endWith = ({ data, exitCode }: Omit<Outcome, "text">, done = false) => {
      end({ stack: realmStack, done, ...data });
      return exitCode;
    };
    const all = stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY));
    const approved = planFile === undefined ? undefined : await readPlan(planFile, digest);
    const isPlanned = ({ stack }: StackOfRealm) => approved?.stacks.some((planned) => planned.stack === stack) ?? true;
    const chosen = revision === undefined ? all.filter(isPlanned) : await changedOf(all, realmStack, revision);
    if (chosen.length === 0 && approved === undefined) {
      say(`✓ ${realmStack}: no stack of this realm has changed since ${revision}`);
      return endWith({ data: { stacks: [] }, exitCode: 0 });
    }
    const parts = chosen.map(({ stack, integrations }) => ({ stack, customers: Object.keys(integrations).length }));
    const how = { policyPack, parallel: Number(parallel) };
    const shown = async (act: (tell: Progress["tell"]) => Promise<Outcome>) => {
      const progress = showProgress(process.stderr);
      const outcome = await act(progress.tell).finally(progress.end);
      say(outcome.text);
      return outcome;
    };
    const run = (deploys: boolean) =>
      shown(async (tell) => {
        const runPart = stackRunner({ ...how, deploys, fast: fast && deploys });
        return rolloutOutcome(await rollOut(realmStack, parts, runPart, { ...how, realmStackAlone: deploys, tell }));
      });

    const plan = { ...how, realmStack, parts, file: savedTo ?? planFile ?? "" };
    if (savedTo !== undefined) {
      return endWith(await shown((tell) => saveNewPlan({ ...plan, tell })));
    }
    let looked: Omit<Outcome, "text"> = { data: {}, exitCode: 0 };
    if (approved !== undefined) {
      looked = await shown((tell) => holdPlan({ ...plan, tell }, approved));
    } else if (!skips) {
      looked = await run(false);
    }
    const failed = looked.exitCode !== 0;
    if (options.preview || looked.exitCode === INTERRUPTED || (failed && approved !== undefined)) {
      return endWith(looked);
    }
    const notes = failed ? ["a preview failed, as shown above: that up fails, too, or recovers its stack"] : [];
    const customers = parts.reduce((sum, part) => sum + part.customers, 0);
    const steps = [...notes, `up of ${plural(parts.length, "stack")} with ${plural(customers, "customer")}`];
    await agreed({ stacks: parts.map(({ stack }) => stack), steps }, options);
    return endWith(await run(true), true);
  },
);

async function changedOf(all: readonly StackOfRealm[], realmStack: string, revision: string) {
  const { program, stackFiles } = await changesSince(PROJECT_DIRECTORY, revision);
  const realmFile = all.find(({ stack }) => stack === realmStack)?.file ?? "";
  const isShared = program.length > 0 || stackFiles.has(realmFile);
  return isShared ? all : all.filter(({ file }) => stackFiles.has(file));
}
