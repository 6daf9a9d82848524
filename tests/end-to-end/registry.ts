import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { jsonOf } from "../../services/engine/containerState";
import type { StandInImages } from "../../development/stand-ins/standInImages";
import { describeWithEngine, dockerEngine } from "./engine";
import { lastingPort } from "../../development/keycloak/ports";
import { missing } from "./tools";
import { until } from "./until";

/** Of the Debian package of that name. */
const PROGRAM = "docker-registry";

/** Whom it lets push and pull. */
export const REGISTRY_USER = { username: "deploy", password: "the-password-of-the-tests" } as const;
/** The same as `htpasswd -B` writes it. */
const PASSWORD_FILE = "deploy:$2y$05$abcdefghijklmnopqrstuuDu2u9Yn1ygA.DtdLIqFW5SChF1hEbCS\n";

/** A registry on this machine's loopback address, where an engine asks for no certificate. It asks for a password. */
export class Registry {
  private constructor(
    /** Its part of an image reference. */
    readonly address: string,
    private readonly directory: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Registry> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-registry-"));
    const address = `127.0.0.1:${await lastingPort()}`;
    const configuration = join(directory, "config.yml");
    const path = join(directory, "passwords");
    await writeFile(path, PASSWORD_FILE);
    await writeFile(
      configuration,
      stringify({
        version: "0.1",
        log: { level: "error", accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(directory, "images") } },
        http: { addr: address },
        auth: { htpasswd: { realm: "tests", path } },
      }),
    );
    const child = spawn(PROGRAM, ["serve", configuration], { stdio: ["ignore", "ignore", "pipe"] });
    const registry = new Registry(address, directory, child);
    process.once("exit", registry.kill);
    const complaints: Buffer[] = [];
    child.stderr.on("data", (chunk: Buffer) => complaints.push(chunk));
    const isReady = () =>
      fetch(`http://${address}/v2/`).then(
        ({ status }) => status === 401,
        () => false,
      );
    if (!(await until(isReady, (ready) => ready || child.exitCode !== null))) {
      await registry.stop();
      throw new Error(`The registry does not start: ${Buffer.concat(complaints).toString("utf8")}`);
    }
    return registry;
  }

  /** Removes from the engine whatever came from here or was to go here. */
  async removeImages(): Promise<void> {
    type Image = Readonly<Record<"RepoTags" | "RepoDigests", readonly string[] | null>>;
    const images = jsonOf(await dockerEngine().request("GET", "/images/json")) as readonly Image[];
    const references = images.flatMap(({ RepoTags, RepoDigests }) => [...(RepoTags ?? []), ...(RepoDigests ?? [])]);
    for (const reference of references.filter((name) => name.startsWith(`${this.address}/`))) {
      await removeImage(reference);
    }
  }

  async stop(): Promise<void> {
    process.off("exit", this.kill);
    const isRunning = this.child.exitCode === null && this.child.signalCode === null;
    const hasEnded = isRunning ? once(this.child, "exit") : undefined;
    this.kill();
    await hasEnded;
    await rm(this.directory, { recursive: true, force: true });
  }

  private readonly kill = (): void => void this.child.kill();
}

/**
 * Makes an image that is another one than the original only by a label, pushes it and forgets it here.
 * @returns its digest in the registry
 */
export async function publish(original: string, repository: string, tag: string, label: string): Promise<string> {
  const engine = dockerEngine();
  const { Id } = jsonOf(await engine.request("POST", "/containers/create", { Image: original })) as { Id: string };
  try {
    const query = new URLSearchParams({ container: Id, repo: repository, tag, changes: `LABEL ${label}` });
    jsonOf(await engine.request("POST", `/commit?${query.toString()}`, {}));
  } finally {
    await engine.request("DELETE", `/containers/${Id}?force=1`);
  }
  try {
    const { status, body } = await engine.request("POST", `/images/${repository}/push?tag=${tag}`, REGISTRY_USER);
    const answer = body.toString("utf8");
    const digest = /"Digest":"(sha256:[0-9a-f]{64})"/.exec(answer)?.[1];
    if (status !== 200 || digest === undefined) {
      throw new Error(`The push of ${repository}:${tag} was answered: ${answer}`);
    }
    return digest;
  } finally {
    await removeImage(`${repository}:${tag}`);
  }
}

/** What the engine knows of an image; undefined if it does not have it. */
export async function inspectImage(
  reference: string,
): Promise<{ readonly Id: string; readonly RepoDigests: readonly string[] } | undefined> {
  const answer = await dockerEngine().request("GET", `/images/${reference}/json`);
  return answer.status === 404 ? undefined : (jsonOf(answer) as { Id: string; RepoDigests: string[] });
}

/** Nothing happens if the engine does not have it. */
async function removeImage(reference: string): Promise<void> {
  const answer = await dockerEngine().request("DELETE", `/images/${reference}?force=1`);
  if (answer.status !== 404) {
    jsonOf(answer);
  }
}

/** A group of tests with a registry; skipped, with the reason in its name, where there is none or no engine. */
export function describeWithRegistry(name: string, tests: (images: StandInImages) => void): void {
  const reason = missing(PROGRAM);
  if (reason === "") {
    describeWithEngine(name, tests);
  } else {
    describe.skip(`${name}${reason}`, () => tests({ bff: "none:none", api: "none:none" }));
  }
}
