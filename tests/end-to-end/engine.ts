import type { Server } from "node:net";

import { hostGateway } from "../../development/hostGateway.ts";
import { startRelay } from "../../development/keycloak/relay.ts";
import { ensureImages, type StandInImages } from "../../development/stand-ins/standInImages.ts";
import type { Report } from "../../processes/progress.ts";
import { jsonOf } from "../../services/engine/containerState.ts";
import { connectToEngine, type DockerEngine } from "../../services/engine/engineConnection.ts";
import { decodeEngine } from "../../services/settings/engine.ts";
import { STACK_LABEL } from "../../services/settings/settings.ts";

/** The Docker engine of the tests, or why there is none. */
export type EngineOfTests =
  { readonly answers: true; readonly images: StandInImages } | { readonly answers: false; readonly reason: string };

const VARIABLE = "SCPCLOUD_ENGINE_OF_TESTS";

/** The engine that the Docker provider would use. */
export function dockerEngine(): DockerEngine {
  return connectToEngine(decodeEngine({ values: {}, secretKeys: new Set(), environment: process.env }).engine);
}

/** Asks whether an engine answers, and makes the stand-ins' images on it. */
export async function lookForEngine(report: Report): Promise<EngineOfTests> {
  const engine = dockerEngine();
  try {
    await engine.request("GET", "/_ping");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report(`The tests with containers are skipped. ${reason}`);
    return { answers: false, reason };
  }
  return { answers: true, images: await ensureImages(engine, report) };
}

/** Lets the containers reach a server of the tests; nothing where no engine answers. */
export async function relayToContainers(engine: EngineOfTests, serverUrl: string): Promise<Server | undefined> {
  const address = engine.answers ? await hostGateway(dockerEngine()) : undefined;
  return address === undefined ? undefined : startRelay(address, Number(new URL(serverUrl).port));
}

/** For the test files, which inherit the variable. */
export function tellOfEngine(engine: EngineOfTests): void {
  process.env[VARIABLE] = JSON.stringify(engine);
}

/**
 * A group of tests on real containers; skipped, with the reason in its name, where no engine answers.
 * @param further why it is skipped besides, as missing() says it
 */
export function describeWithEngine(name: string, tests: (images: StandInImages) => void, further = ""): void {
  const engine = JSON.parse(process.env[VARIABLE] ?? "{}") as EngineOfTests;
  const reason = engine.answers ? further : ` (skipped: no Docker engine; apt-get install docker.io. ${engine.reason})`;
  const images = engine.answers ? engine.images : { bff: "none:none", api: "none:none" };
  (reason === "" ? describe : describe.skip)(`${name}${reason}`, () => tests(images));
}

/** The names of everything that a stack has on the engine. */
export async function namesOnEngine(stack: string): Promise<string[]> {
  const engine = dockerEngine();
  const filters = encodeURIComponent(JSON.stringify({ label: [`${STACK_LABEL}=${stack}`] }));
  const list = async (path: string) => jsonOf(await engine.request("GET", `${path}filters=${filters}`));
  const containers = (await list("/containers/json?all=1&")) as { Names: string[] }[];
  const networks = (await list("/networks?")) as { Name: string }[];
  const { Volumes } = (await list("/volumes?")) as { Volumes: { Name: string }[] | null };
  return [
    ...containers.map(({ Names }) => `container ${Names[0]?.slice(1)}`),
    ...networks.map(({ Name }) => `network ${Name}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ].sort();
}
