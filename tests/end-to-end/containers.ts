import { randomBytes } from "node:crypto";

import { lastingPort } from "../../development/keycloak/ports.ts";
import type { StandInImages } from "../../development/stand-ins/standInImages.ts";
import type { Credentials } from "../../outputs.ts";
import type { RunResult } from "../../processes/run.ts";
import { namesOnEngine } from "./engine.ts";
import { STEP_LIMIT_MILLISECONDS } from "./limits.ts";
import { Project, type StackFile } from "./project.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";

/** What a service answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** The stand-ins' containers: what the stack file in services/ says of them, and where they are published. */
export interface Containers {
  readonly bffUrl: string;
  readonly apiUrl: string;
  readonly bff: Readonly<Record<string, unknown>>;
  readonly api: Readonly<Record<string, unknown>>;
}

/** Names on an engine belong to one stack; two runs of the tests may share one. */
export function ownStackName(prefix: string): string {
  return `${prefix}-${randomBytes(3).toString("hex")}`;
}

export async function containersOf(images: StandInImages): Promise<Containers> {
  const [bffPort, apiPort] = [await lastingPort(), await lastingPort()];
  return {
    bffUrl: `http://127.0.0.1:${bffPort}`,
    apiUrl: `http://127.0.0.1:${apiPort}`,
    bff: {
      image: images.bff,
      pull: false,
      memory: 256,
      ports: [{ host: bffPort, container: 8080 }],
      environment: { ProductionApi__BaseUrl: "http://production-api:8080" },
    },
    api: { image: images.api, pull: false, memory: 256, ports: [{ host: apiPort, container: 8080 }] },
  };
}

/** The stack file in services/. */
export function containersFile({ bff, api }: Pick<Containers, "api" | "bff">, further: StackFile = {}): StackFile {
  return { "scpcloud-services:bff": bff, "scpcloud-services:api": api, ...further };
}

/** The main stack's file: these customers, by their organizations. The containers reach Keycloak by another name. */
export function mainFile(organizations: Readonly<Record<string, string>>): StackFile {
  return {
    "scpcloud:backchannelUrl": serverOfTests().url.replace("localhost", "host.docker.internal"),
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:integrations": Object.fromEntries(
      Object.entries(organizations).map(([clientId, organizationId]) => [clientId, { organizationId }]),
    ),
  };
}

/**
 * A stack of containers whose main stack has a file, but is not deployed: for what asks Keycloak nothing.
 * @param action what is tried; afterwards nothing is left on the engine
 */
export async function withContainers(
  images: StandInImages,
  action: (run: {
    readonly name: string;
    readonly project: Project;
    readonly stack: Stack;
    readonly containers: Containers;
    readonly configure: (changes: Partial<Pick<Containers, "api" | "bff">>, further?: StackFile) => Promise<void>;
    readonly up: (...args: readonly string[]) => Promise<RunResult>;
  }) => Promise<void>,
): Promise<void> {
  const name = ownStackName("containers");
  const main = await Project.create();
  const project = main.services();
  const containers = await containersOf(images);
  await main.configure(name, mainFile({ kestrel: "11111111-1111-4111-8111-111111111111" }));
  const stack = await Stack.createIn(project, name, containersFile(containers));
  try {
    await action({
      name,
      project,
      stack,
      containers,
      configure: (changes, further) => project.configure(name, containersFile({ ...containers, ...changes }, further)),
      up: (...args) => project.pulumi("up", "--yes", "--skip-preview", "--stack", name, ...args),
    });
  } finally {
    await stack.destroy();
    expect(await namesOnEngine(name)).toEqual([]);
    await main.remove();
  }
}

/** Asks a service for the operation entries. */
export async function ask(url: string, authorization?: string): Promise<ServiceAnswer> {
  const response = await fetch(`${url}/operation-entries`, {
    headers: authorization === undefined ? {} : { authorization },
    signal: AbortSignal.timeout(STEP_LIMIT_MILLISECONDS),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
    text,
  };
}

/** A customer's call to the BFF. */
export function callBff(url: string, { basic }: Pick<Credentials, "basic">): Promise<ServiceAnswer> {
  return ask(url, basic);
}

/** Runs the actions, so many at a time, in their order. */
export async function concurrently<T>(actions: readonly (() => Promise<T>)[], limit: number): Promise<T[]> {
  const results: T[] = [];
  const entries = actions.entries();
  const worker = async () => {
    for (const [index, action] of entries) {
      results[index] = await action();
    }
  };
  await Promise.all(Array.from({ length: limit }, worker));
  return results;
}
