import { spawn } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { join, relative, resolve } from "node:path";

import { PRIVATE, replaceFile } from "../processes/files.ts";
import { runToExitCode } from "../processes/program.ts";
import { run } from "../processes/run.ts";
import { BFF_URL, SERVICES_DIRECTORY } from "./developmentServices.ts";
import { processEnvironment, stateDirectory } from "./environment.ts";
import { ensureDevelopment, WITH_APPS } from "./setup.ts";

const PROJECT_DIRECTORY = resolve(import.meta.dirname, "..");
const STACK = "dev";
const CUSTOMER = "integration-api-service";
const UP = ["up", "--stack", STACK, "--yes", "--skip-preview", "--suppress-outputs"];

/** Exists while an `up` runs. If it is there already, that run was killed, and a plain `up` might stop with a 409. */
const unfinishedMarker = () => join(stateDirectory(), "unfinished-up");
const KILLED = 137;

runToExitCode(async () => {
  const { server, variables, pathEntries } = await ensureDevelopment((line) => console.log(line));
  const env = processEnvironment(variables, pathEntries);
  const pulumi = (args: readonly string[], further = {}) =>
    runHere("pulumi", [...args, "--non-interactive"], { ...env, ...further });
  const scpcloud = (...args: string[]) =>
    runHere(process.execPath, [join(PROJECT_DIRECTORY, "scpcloud"), ...args, "--stack", STACK], env);

  const steps: (() => Promise<number>)[] = [
    () => pulumi(["stack", "select", "--create", STACK]),
    async () => {
      const unfinished = unfinishedMarker();
      const wasKilled = existsSync(unfinished);
      replaceFile(unfinished, "", PRIVATE);
      const exitCode = wasKilled
        ? await scpcloud("recover", "--yes")
        : await pulumi(
            UP,
            // A first up saves the state once, at its end: recover finds what a killed one had made.
            (await isEmpty(env)) ? { PULUMI_SKIP_CHECKPOINTS: "true" } : {},
          );
      // Two Ctrl-C end even a first up without a saved state.
      if (exitCode === 0 || (!wasKilled && exitCode !== KILLED && !(await isEmpty(env)))) {
        rmSync(unfinished, { force: true });
      }
      return exitCode;
    },
    () => scpcloud("verify"),
    ...(WITH_APPS
      ? [
          () => pulumi(["stack", "select", "--create", STACK, "--cwd", SERVICES_DIRECTORY]),
          () => pulumi([...UP, "--cwd", SERVICES_DIRECTORY]),
          () => callAsCustomer(env),
        ]
      : []),
  ];
  for (const step of steps) {
    const exitCode = await step();
    if (exitCode !== 0) {
      return exitCode;
    }
  }
  console.log(`
What there is to look at:
  ${server.publicUrl}/admin/ is Keycloak's admin console (how a browser gets there: development/keycloak/README.md),
  with the user admin and the password in ${relative("", server.bootstrapAdminPasswordFile)}

What to type next:
  eval "$(make env)"            # pulumi and scpcloud work in this shell
  scpcloud doctor --stack ${STACK}     # what the stack needs of its Keycloak, point by point
  scpcloud customers --stack ${STACK}  # who has access
make down stops what runs, and keeps the data.`);
  return 0;
});

/** Whether the state of the stack has no resources; false as well where Pulumi cannot tell. */
async function isEmpty(env: NodeJS.ProcessEnv): Promise<boolean> {
  const { exitCode, stdout } = await run("pulumi", ["stack", "ls", "--json"], { cwd: PROJECT_DIRECTORY, env });
  const stacks = exitCode === 0 ? (JSON.parse(stdout) as { name: string; resourceCount?: number }[]) : [];
  return stacks.some(({ name, resourceCount }) => name === STACK && resourceCount === 0);
}

/**
 * Types what a customer would type in bash: the secret goes from the stack's outputs to curl through a pipe, so that it is
 * neither on the screen nor in an argument of a process, which others can read.
 */
async function callAsCustomer(env: NodeJS.ProcessEnv): Promise<number> {
  const outputs = `pulumi stack output credentials --stack ${STACK} --show-secrets --json`;
  const toUser = `node -p '"user = ${CUSTOMER}:" + JSON.parse(fs.readFileSync(0))["${CUSTOMER}"].clientSecret'`;
  const line = `curl --config <(${outputs} | ${toUser}) ${BFF_URL}/operation-entries`;
  console.log(`\nA customer's call:\n\n  ${line}\n`);
  const exitCode = await runHere("bash", ["-c", `${line} --silent --show-error --include --fail-with-body`], env);
  console.log("\n");
  return exitCode;
}

/** In this terminal, so that Ctrl-C reaches the command itself and Pulumi can save its state. */
function runHere(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const ignore = () => undefined;
  process.on("SIGINT", ignore);
  return new Promise((resolveExitCode, reject) => {
    spawn(command, args, { cwd: PROJECT_DIRECTORY, env, stdio: ["ignore", "inherit", "inherit"] })
      .on("error", reject)
      .on("close", (exitCode) => {
        process.off("SIGINT", ignore);
        resolveExitCode(exitCode ?? KILLED);
      });
  });
}
