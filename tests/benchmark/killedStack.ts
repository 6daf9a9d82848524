import { spawn } from "node:child_process";
import { once } from "node:events";

import type { RunResult } from "../../processes/run";
import { Administrator } from "../end-to-end/keycloak";
import { numberedCustomers, Project } from "../end-to-end/project";
import { REALMS } from "../end-to-end/server";
import { type End, type Kill, Killed, type Stacks } from "./killed";

const REALM = REALMS.crashes;
const STACK = "kills";

/** How the CLI tells the first change of Keycloak. */
const FIRST_CHANGE = { create: /keycloak:\S+ \S+ creating/, update: /keycloak:\S+ \S+ updating/ };

/** One stack: `up` is killed, the CLI and it alone, after its first change of Keycloak; `recover` heals. */
export class KilledStack extends Killed {
  static async open(customers: number): Promise<KilledStack> {
    return new KilledStack(await Administrator.login(REALM), customers);
  }

  protected async create(): Promise<Stacks> {
    const project = await Project.create();
    return { project, stacks: [await project.createStack(STACK, {})] };
  }

  protected async configure({ project }: Stacks, round: number): Promise<void> {
    await project.configure(STACK, {
      ...project.connection(REALM),
      "scpcloud:accessTokenLifespan": 300 + (round % 2),
      "scpcloud:accountAccess": true,
      "scpcloud:integrations": numberedCustomers(this.customers, { round }),
    });
  }

  protected async run({ project }: Stacks, { operation, checkpoints }: Kill, point?: number): Promise<End> {
    const child = spawn("pulumi", ["up", "--yes", "--skip-preview", "--non-interactive", "--stack", STACK], {
      cwd: project.directory,
      env: { ...process.env, ...project.environment, ...(checkpoints ? {} : { PULUMI_SKIP_CHECKPOINTS: "true" }) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let started: number | undefined;
    let timer: NodeJS.Timeout | undefined;
    const listen = (data: Buffer) => {
      output += data.toString();
      if (started === undefined && FIRST_CHANGE[operation].test(output)) {
        started = performance.now();
        timer = point === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), point);
      }
    };
    child.stdout.on("data", listen);
    child.stderr.on("data", listen);
    // Its plugins live on, and hold its output open.
    const [exitCode] = (await once(child, "exit")) as [number | null];
    clearTimeout(timer);
    child.stdout.destroy();
    child.stderr.destroy();
    if (started === undefined || (exitCode !== 0 && exitCode !== null)) {
      throw new Error(`up failed without a kill:\n${output}`);
    }
    return { killed: exitCode === null, milliseconds: performance.now() - started };
  }

  protected heal({ project }: Stacks): Promise<RunResult> {
    return project.command("recover", "--stack", STACK);
  }
}
