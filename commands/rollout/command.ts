import { availableParallelism } from "node:os";

import { runProjectCommand, UsageError } from "../cli/commandLine";
import { PROJECT_DIRECTORY } from "../cli/stack";
import { installedCli } from "../pulumi/automation";
import { changesSince } from "./changedStacks";
import { showProgress } from "./rolloutProgress";
import { rolloutText } from "./rolloutText";
import { rollOut } from "./rollOut";
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
      "policy-pack": { type: "string", value: "FOLDER", description: "a policy pack that may refuse a stack" },
    },
  },
  async (options) => {
    const { "realm-stack": realmStack, "only-changed": revision, "policy-pack": policyPack } = options;
    const { parallel = String(DEFAULT_PARALLEL), yes = false, fast = false } = options;
    if (realmStack === undefined) {
      throw new UsageError("Say which realm: --realm-stack NAME");
    }
    if (!/^[1-9]\d?$/.test(parallel)) {
      throw new UsageError("--parallel must be a number of stacks, from 1 to 99.");
    }
    const all = stacksOfRealm(realmStack, readStackFiles(PROJECT_DIRECTORY));
    const chosen = revision === undefined ? all : await changedOf(all, realmStack, revision);
    if (chosen.length === 0) {
      console.log(`✓ ${realmStack}: no stack of this realm has changed since ${revision}`);
      return 0;
    }
    const runPart = stackRunner({
      directory: PROJECT_DIRECTORY,
      command: await installedCli(),
      deploys: yes,
      fast: fast && yes,
      policyPacks: policyPack === undefined ? [] : [policyPack],
    });
    const progress = showProgress(process.stderr);
    let states;
    try {
      states = await rollOut(realmStack, chosen.map(toPart), runPart, {
        parallel: Number(parallel),
        realmStackAlone: yes,
        tell: progress.tell,
      });
    } finally {
      progress.end();
    }
    console.log(rolloutText(states));
    return states.every(({ state }) => state === "done")
      ? 0
      : states.some(({ state }) => state === "interrupted")
        ? 130
        : 1;
  },
);

async function changedOf(all: readonly StackOfRealm[], realmStack: string, revision: string) {
  const { program, stackFiles } = await changesSince(PROJECT_DIRECTORY, revision);
  const realmFile = all.find(({ stack }) => stack === realmStack)?.file ?? "";
  const isShared = program.length > 0 || stackFiles.has(realmFile);
  return isShared ? all : all.filter(({ file }) => stackFiles.has(file));
}

function toPart({ stack, integrations }: StackOfRealm) {
  return { stack, customers: Object.keys(integrations).length };
}
