import { setTimeout as delay } from "node:timers/promises";

import { withoutSecrets } from "../../faults/faults.ts";
import { type ContainerState, inspectContainer, lastLogLines } from "./containerState.ts";
import { type DockerEngine, DockerEngineError } from "./engineConnection.ts";

/** A container that is waited for. */
export interface Awaited {
  readonly id: string;
  readonly name: string;
  /** What the log lines might show and must not be printed. */
  readonly secrets: readonly string[];
}

const POLL_MILLISECONDS = 300;
const LOG_LINES = 20;
/** An engine restarts a container that ends; after so many times in a row waiting is of no use. */
const RESTARTS = 3;
/** The engine itself says when a container is unhealthy. This ends what it never decides, such as a paused one. */
const LIMIT_SECONDS = 15 * 60;

/**
 * Waits until a container is healthy.
 * @returns undefined, or in the user's words why it is not, with the container's last log lines
 */
export async function awaitHealthy(engine: DockerEngine, container: Awaited): Promise<string | undefined> {
  try {
    return await whyUnhealthy(engine, container);
  } catch (error) {
    if (error instanceof DockerEngineError) {
      return `Whether the container ${container.name} is healthy cannot be told. ${error.message}`;
    }
    throw error;
  }
}

async function whyUnhealthy(engine: DockerEngine, container: Awaited): Promise<string | undefined> {
  const deadline = Date.now() + LIMIT_SECONDS * 1000;
  let verdict: Verdict = "wait";
  let found: ContainerState | undefined;
  while (verdict === "wait" && Date.now() < deadline) {
    found = await inspectContainer(engine, container.id);
    verdict = judge(found);
    if (verdict === "wait") {
      await delay(POLL_MILLISECONDS);
    }
  }
  if (verdict === "healthy") {
    return undefined;
  }
  const reason = verdict === "wait" ? `did not get healthy within ${LIMIT_SECONDS} s` : verdict.reason;
  const text = `The container ${container.name} ${reason}.`;
  return found === undefined ? text : [text, ...(await logOf(engine, container))].join("\n");
}

type Verdict = "healthy" | "wait" | { readonly reason: string };

/** What a container's state says about its health; also whether waiting for it makes any sense. */
export function judge(container: ContainerState | undefined): Verdict {
  if (container === undefined) {
    return { reason: "is gone from the engine; the next pulumi up --refresh makes it anew" };
  }
  const { RestartCount, State } = container;
  const gaveUp = State.Status === "restarting" && RestartCount >= RESTARTS;
  if (State.Status === "exited" || State.Status === "dead" || gaveUp) {
    const restarts = RestartCount > 0 ? ` after ${RestartCount} restarts` : "";
    return {
      reason: `ended with exit code ${State.ExitCode}${restarts}${State.Error === "" ? "" : `: ${State.Error}`}`,
    };
  }
  if (State.Status === "running" && (State.Health?.Status ?? "none") === "none") {
    return { reason: "has no health check: give its image a HEALTHCHECK, or set healthCheck in the stack file" };
  }
  const health = State.Status === "running" ? State.Health?.Status : undefined;
  if (health === "unhealthy") {
    return { reason: "is unhealthy: its health check failed as often as its retries allow" };
  }
  return health === "healthy" ? "healthy" : "wait";
}

async function logOf(engine: DockerEngine, { id, secrets }: Awaited): Promise<string[]> {
  const lines = await lastLogLines(engine, id, LOG_LINES).catch(() => []);
  const masked = lines.map((line) => withoutSecrets(line, secrets));
  return masked.length === 0
    ? ["It has logged nothing."]
    : ["The last lines of its log:", ...masked.map((line) => `  ${line}`)];
}
