import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { stringify } from "yaml";

import { lastingPort } from "../../development/keycloak/ports.ts";
import { jsonOf } from "../../services/engine/containerState.ts";
import { dockerEngine } from "./engine.ts";
import { answers, type LocalServer, startLocalServer } from "./localServer.ts";

/** Of the Debian package of that name. */
export const PROGRAM = "docker-registry";

/** Who may push and pull. */
export const REGISTRY_USER = { username: "deploy", password: "the-password-of-the-tests" } as const;
/** The same as `htpasswd -B` writes it. */
const PASSWORD_FILE = "deploy:$2y$05$abcdefghijklmnopqrstuuDu2u9Yn1ygA.DtdLIqFW5SChF1hEbCS\n";

/** A registry on this machine's loopback address, where an engine asks for no certificate. It asks for a password. */
export class Registry {
  /** Its part of an image reference. */
  readonly address: string;
  private readonly server: LocalServer;

  private constructor(address: string, server: LocalServer) {
    this.address = address;
    this.server = server;
  }

  static async start(): Promise<Registry> {
    const directory = await mkdtemp(join(tmpdir(), "scpcloud-registry-"));
    const address = `127.0.0.1:${await lastingPort()}`;
    const [configuration, path] = [join(directory, "config.yml"), join(directory, "passwords")];
    await mkdir(join(directory, "images"));
    await writeFile(path, PASSWORD_FILE);
    const storage = { filesystem: { rootdirectory: join(directory, "images") } };
    const auth = { htpasswd: { realm: "tests", path } };
    await writeFile(configuration, stringify({ version: "0.1", storage, http: { addr: address }, auth }));
    const isReady = () => answers(`http://${address}/v2/`);
    return new Registry(address, await startLocalServer(directory, [PROGRAM, "serve", configuration], isReady));
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

  stop(): Promise<void> {
    return this.server.stop();
  }
}

/**
 * Makes an image that is another one than the original only by a label, pushes it and forgets it here.
 * @returns its digest in the registry
 */
export async function publish(original: string, repository: string, tag: string, label: string): Promise<string> {
  const engine = dockerEngine();
  const { Id } = jsonOf(await engine.request("POST", "/containers/create", { Image: original })) as { Id: string };
  const query = new URLSearchParams({ container: Id, repo: repository, tag, changes: `LABEL ${label}` });
  jsonOf(await engine.request("POST", `/commit?${query.toString()}`, {}));
  await engine.request("DELETE", `/containers/${Id}?force=1`);
  const { body } = await engine.request("POST", `/images/${repository}/push?tag=${tag}`, REGISTRY_USER);
  await removeImage(`${repository}:${tag}`);
  const digest = /"Digest":"(sha256:[0-9a-f]{64})"/.exec(body.toString())?.[1];
  if (digest === undefined) {
    throw new Error(`The push of ${repository}:${tag} was answered: ${body.toString()}`);
  }
  return digest;
}

/** What the engine knows of an image; undefined if it does not have it. */
export async function inspectImage(
  reference: string,
): Promise<{ readonly RepoDigests: readonly string[] } | undefined> {
  const answer = await dockerEngine().request("GET", `/images/${reference}/json`);
  return answer.status === 404 ? undefined : (jsonOf(answer) as { RepoDigests: string[] });
}

/** Nothing happens if the engine does not have it. */
async function removeImage(reference: string): Promise<void> {
  await dockerEngine().request("DELETE", `/images/${reference}?force=1`);
}
