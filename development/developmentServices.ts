import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import * as v from "valibot";
import { parse, stringify } from "yaml";

import { replaceFile } from "../processes/files.ts";
import type { Report } from "../processes/progress.ts";
import { readEngine } from "../services/engine/containerState.ts";
import { connectToEngine, type DockerEngine, DockerEngineError } from "../services/engine/engineConnection.ts";
import { decodeEngine } from "../services/settings/engine.ts";
import { STACK_LABEL } from "../services/settings/settings.ts";
import { SERVICE_NAMES } from "../settings/settings.ts";
import { hostGateway } from "./hostGateway.ts";
import type { DevelopmentServer } from "./keycloak/development.ts";
import { ensureRelayRunning, stopRelay } from "./keycloak/relay.ts";
import { ensureImages } from "./stand-ins/standInImages.ts";

const PROJECT_DIRECTORY = resolve(import.meta.dirname, "..");

/** Where a customer finds the BFF of the stack dev. */
export const BFF_URL = "http://127.0.0.1:28080";

/** The project of the containers. */
export const SERVICES_DIRECTORY = join(PROJECT_DIRECTORY, "services");

/**
 * Asks whether an engine answers, before anybody waits for what is of no use without one.
 * @throws DockerEngineError if none answers on this machine, whose Keycloak the containers have to reach
 */
export async function checkEngineAnswers(engine = developmentEngine()): Promise<void> {
  if (!engine.host.startsWith("unix://")) {
    throw new DockerEngineError(`APPS=1 needs a Docker engine on this machine, and DOCKER_HOST is ${engine.host}.`);
  }
  try {
    await engine.request("GET", "/_ping");
  } catch (error) {
    if (error instanceof DockerEngineError) {
      throw new DockerEngineError(
        `${error.message}\nStart Docker, name another engine in DOCKER_HOST, or leave APPS=1 out.`,
      );
    }
    throw error;
  }
}

/**
 * Makes everything ready for the stack dev with containers: the images of the stand-ins, the way from the containers to
 * the embedded Keycloak, the stack file, which holds what is this machine's own.
 */
export async function prepareServices(server: DevelopmentServer, report: Report): Promise<void> {
  const engine = developmentEngine();
  const images = await ensureImages(engine, report);
  const gateway = await hostGateway(engine);
  if (gateway !== undefined) {
    await ensureRelayRunning(gateway, Number(new URL(server.url).port), report);
  }
  const main = parse(readFileSync(join(PROJECT_DIRECTORY, "Pulumi.dev.yaml"), "utf8")) as { encryptionsalt: string };
  const config = {
    "scpcloud-services:caCertificate": server.caCertificate,
    "scpcloud-services:bff": {
      image: images.bff,
      pull: false,
      ports: [{ host: Number(new URL(BFF_URL).port), container: 8080 }],
      environment: { ProductionApi__BaseUrl: `http://${SERVICE_NAMES.api}:8080` },
    },
    "scpcloud-services:api": { image: images.api, pull: false },
  };
  const text = stringify({ config, encryptionsalt: main.encryptionsalt }, { aliasDuplicateObjects: false });
  replaceFile(join(SERVICES_DIRECTORY, "Pulumi.dev.yaml"), `# Made by make up APPS=1 for this machine.\n${text}`);
  // Those that make down has stopped.
  await eachContainer(engine, "exited", (id) => engine.request("POST", `/containers/${id}/start`));
}

/** Stops the containers of the stack dev, where there are any; the next `make up APPS=1` starts them again. */
export async function stopServices(): Promise<number> {
  await stopRelay();
  const engine = developmentEngine();
  const isThere = await checkEngineAnswers(engine).then(
    () => true,
    () => false,
  );
  return isThere ? eachContainer(engine, "running", (id) => engine.request("POST", `/containers/${id}/stop`)) : 0;
}

function developmentEngine(): DockerEngine {
  return connectToEngine(decodeEngine({ values: {}, secretKeys: new Set(), environment: process.env }).engine);
}

const CONTAINERS = v.array(v.object({ Id: v.string() }));

async function eachContainer(
  engine: DockerEngine,
  status: "exited" | "running",
  action: (id: string) => Promise<unknown>,
): Promise<number> {
  const filters = encodeURIComponent(JSON.stringify({ label: [`${STACK_LABEL}=dev`], status: [status] }));
  const containers = await readEngine(engine, `/containers/json?filters=${filters}`, CONTAINERS);
  await Promise.all(containers.map(({ Id }) => action(Id)));
  return containers.length;
}
