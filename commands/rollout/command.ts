import { availableParallelism } from "node:os";

import { runProjectCommand, UsageError } from "../cli/commandLine";
import { PROJECT_DIRECTORY } from "../cli/stack";
import { holdPlan, saveNewPlan } from "./approval";
import { changesSince } from "./changedStacks";
import { type Progress, showProgress } from "./rolloutProgress";
import { rolloutText } from "./rolloutText";
import { exitCodeOf, rollOut } from "./rollOut";
import { readPlan } from "./rolloutPlan";
import { stackRunner } from "./runStack";
import type { StackOfRealm } from "../../settings/customersOfRealm";
import { stacksOfRealm } from "../../settings/realmStacks";
import { readStackFiles } from "../../settings/stackFiles";

/**
 * One a core, as each keeps more than one busy, and Keycloak another: four stacks of 100 customers were previewed in 23 s
 * one by one, and in 16.5 s two at a time, on two cores with Keycloak on them as well.
 */
const DEFAULT_PARALLEL = Math.max(1, Math.min(8, availableParallelism()));

runProjectCommand(
  {
    name: "rollout",
    description:
      "Runs preview or, with --yes, up of all stacks of a realm: the realm stack first, then the others, several at a\n" +
      "time. One that fails does not stop the others. Ctrl-C reaches all, and each saves what it has done; run it again,\n" +
      "and it goes on. What a killed run left is recovered. Exits with 1 where a stack failed.",
    options: {
      "realm-stack": { type: "string", value: "NAME", description: "the realm's stack; it must be said" },
      "only-changed": {
        type: "string",
        value: "REVISION",
        description:
          "only stacks whose file differs from this revision; all, where the realm stack's or the program does",
      },
      yes: { type: "boolean", description: "up, not preview" },
      parallel: {
        type: "string",
        value: "NUMBER",
        description: `how many stacks at a time; here ${DEFAULT_PARALLEL} by default`,
      },
      fast: {
        type: "boolean",
        description: "Pulumi saves each state at the end only, as always an empty one; what fails is recovered",
      },
      "save-plan": {
        type: "string",
        value: "FILE",
        description: "writes what would be done into a file, and prints what an approver has to read",
      },
      plan: {
        type: "string",
        value: "FILE",
        description: "the stacks of an approved plan, if all is still as it says; else nothing, and exit code 3",
      },
      "plan-digest": { type: "string", value: "DIGEST", description: "the plan that was approved, by its own name" },
      "policy-pack": { type: "string", value: "FOLDER", description: "a policy pack that may refuse a stack" },
    },
  },
  async (options) => {
    const { "realm-stack": realmStack, "only-changed": revision, "policy-pack": policyPack } = options;
    const { "save-plan": savedTo, plan: planFile, "plan-digest": digest } = options;
    const { parallel = String(DEFAULT_PARALLEL), yes = false, fast = false } = options;
    if (realmStack === undefined) {
      throw new UsageError("Say which realm: --realm-stack NAME");
    }
    if (!/^[1-9]\d?$/.test(parallel)) {
      throw new UsageError("--parallel must be a number of stacks, from 1 to 99.");
    }
    if (savedTo !== undefined && (yes || planFile !== undefined)) {
      throw new UsageError("--save-plan changes nothing: say it without --yes and without --plan.");
    }
    if (planFile !== undefined && revision !== undefined) {
      throw new UsageError("--plan says which stacks: leave out --only-changed.");
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
    if (approved !== undefined && planFile !== undefined) {
      const { text, exitCode } = await withProgress((tell) =>
        holdPlan({ ...shared, realmStack, parts, file: planFile, tell }, approved),
      );
      console.log(text);
      if (exitCode !== 0 || !yes) {
        return exitCode;
      }
    }
    const runPart = stackRunner({ ...shared, deploys: yes, fast: fast && yes });
    const states = await withProgress((tell) =>
      rollOut(realmStack, parts, runPart, { ...shared, realmStackAlone: yes, tell }),
    );
    console.log(rolloutText(states));
    return exitCodeOf(states);
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
