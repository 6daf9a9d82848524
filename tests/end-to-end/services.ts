import { randomBytes } from "node:crypto";

import type { Credentials } from "../../outputs";
import type { StandInImages } from "../../development/stand-ins/standInImages";
import { STEP_LIMIT_MILLISECONDS } from "./limits";
import { lastingPort } from "../../development/keycloak/ports";
import type { StackFile } from "./project";

/** What a service answered. */
export interface ServiceAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** The stand-ins' containers: what the stack file says of them, and where they are published. */
export interface Services {
  readonly bffUrl: string;
  readonly apiUrl: string;
  readonly bff: Readonly<Record<string, unknown>>;
  readonly api: Readonly<Record<string, unknown>>;
}

/** A second is enough, except on a machine with much else to do. */
const HEALTH_SECONDS = 600;

/** Names on an engine belong to one stack; two runs of the tests may share one. */
export function ownStackName(prefix: string): string {
  return `${prefix}-${randomBytes(3).toString("hex")}`;
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
      healthTimeout: HEALTH_SECONDS,
      ports: [{ host: bffPort, container: 8080 }],
      environment: { ProductionApi__BaseUrl: "http://production-api:8080" },
    },
    api: {
      image: images.api,
      pull: false,
      memory: 256,
      healthTimeout: HEALTH_SECONDS,
      ports: [{ host: apiPort, container: 8080 }],
    },
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
