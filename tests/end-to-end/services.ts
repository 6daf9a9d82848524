import { randomBytes, randomInt } from "node:crypto";

import { assertPortIsFree } from "../../development/keycloak/ports";
import type { Credentials } from "../../outputs";
import type { StandInImages } from "../../development/stand-ins/images";
import type { StackFile } from "./project";

/** What a service answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
  readonly milliseconds: number;
  /** In seconds, where the caller is told when to come again. */
  readonly retryAfter: number | undefined;
}

/** The stand-ins' containers: what the stack file says of them, and where they are published. */
export interface Services {
  readonly bffUrl: string;
  readonly apiUrl: string;
  readonly bff: Readonly<Record<string, unknown>>;
  readonly api: Readonly<Record<string, unknown>>;
}

/** Names on an engine belong to one stack; two runs of the tests may share one. */
export function ownStackName(prefix: string): string {
  return `${prefix}-${randomBytes(3).toString("hex")}`;
}

/**
 * A free port that is still free when a container or a server is started on it, minutes later or again: it lies below
 * those that the system gives to whoever asks for any, such as each connection of whatever runs meanwhile.
 */
export async function lastingPort(): Promise<number> {
  const port = randomInt(20_000, 28_000);
  const isFree = await assertPortIsFree(port).then(
    () => true,
    () => false,
  );
  return isFree ? port : lastingPort();
}

export async function servicesOf(images: StandInImages): Promise<Services> {
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

/** The part of a stack file that declares the containers; Keycloak is reached as the containers see it. */
export function appsOf({ bff, api }: Pick<Services, "bff" | "api">, serverUrl: string): StackFile {
  return {
    "scpcloud:backchannelUrl": serverUrl.replace("localhost", "host.docker.internal"),
    "scpcloud:apps": { requireDigest: false, bff, api },
  };
}

/** Asks a service for the operation entries. */
export async function ask(url: string, authorization?: string): Promise<ServiceAnswer> {
  const start = performance.now();
  const response = await fetch(`${url}/operation-entries`, {
    headers: authorization === undefined ? {} : { authorization },
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  const milliseconds = performance.now() - start;
  const retryAfter = response.headers.get("retry-after");
  return {
    status: response.status,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
    text,
    milliseconds,
    retryAfter: retryAfter === null ? undefined : Number(retryAfter),
  };
}

/** A customer's call to the BFF. */
export function callBff(url: string, { basic }: Pick<Credentials, "basic">): Promise<ServiceAnswer> {
  return ask(url, basic);
}

/** The value of an Authorization header. */
export function basic(clientId: string, secret: string): string {
  return `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
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

/** Asks again and again until the answer is as wished, or fails with the last one. */
export async function until<T>(
  action: () => Promise<T>,
  isWished: (answer: T) => boolean,
  seconds: number,
): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await action();
    if (isWished(answer)) {
      return answer;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${seconds} s; the last answer was ${JSON.stringify(answer)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
