/**
 * Refuses a deployment where a GitHub environment of its realm does not exist, asks nobody, or lets any branch in:
 * environments.ts REALM-STACKS, a JSON list
 */
import { isStarted, runToExitCode } from "../processes/program.ts";
import { run } from "../processes/run.ts";

/** As GitHub's REST API has it, as far as it is looked at. */
interface Environment {
  readonly protection_rules?: readonly { readonly type: string }[];
  readonly deployment_branch_policy?: unknown;
}

/** What is wrong with an environment, and what to do. @param withoutApproval it may do without reviewers */
export function refusals(name: string, environment: Environment, withoutApproval: boolean): string[] {
  const asks = environment.protection_rules?.some(({ type }) => type === "required_reviewers") ?? false;
  const isForMain = (environment.deployment_branch_policy ?? null) !== null;
  return [
    ...(asks || withoutApproval
      ? []
      : [
          `The GitHub environment ${name} asks nobody. Add required reviewers. Where GitHub has none for you, set the ` +
            "repository's variable DEPLOY_WITHOUT_APPROVAL to true.",
        ]),
    ...(isForMain ? [] : [`The GitHub environment ${name} is open to every branch. Admit main only.`]),
  ];
}

async function check(name: string, withoutApproval: boolean): Promise<string[]> {
  const { exitCode, stdout, stderr } = await run("gh", [
    "api",
    `repos/${process.env["GITHUB_REPOSITORY"]}/environments/${name}`,
  ]);
  // GitHub would create it, open to everybody.
  return exitCode === 0
    ? refusals(name, JSON.parse(stdout) as Environment, withoutApproval)
    : [`The GitHub environment ${name} cannot be read: ${stderr.trim()}. Create it, if it does not exist.`];
}

async function main(realmStacks: string): Promise<number> {
  const withoutApproval = process.env["WITHOUT_APPROVAL"] === "true";
  const checks = (JSON.parse(realmStacks) as string[]).flatMap((stack) => [
    check(stack, withoutApproval),
    // These change nothing. But a branch that is let in may look by its own code.
    check(`preview-${stack}`, true),
    check(`drift-${stack}`, true),
  ]);
  const found = (await Promise.all(checks)).flat();
  if (found.length === 0) {
    return 0;
  }
  console.error(["Nothing is deployed (.github/workflows/README.md).", ...found].join("\n"));
  return 1;
}

if (isStarted(import.meta.filename)) {
  runToExitCode(() => main(process.argv[2] ?? "[]"));
}
