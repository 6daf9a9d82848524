import type { Readable } from "node:stream";

import { type DockerEngine, DockerEngineError } from "../../services/engine/engineConnection.ts";
import { jsonOf } from "../../services/engine/containerState.ts";

/** An image to be made of a file system. */
export interface ImageImport {
  readonly repository: string;
  readonly tag: string;
  /** Lines as in a Dockerfile. */
  readonly changes: readonly string[];
  /** A tar archive. */
  readonly fileSystem: Readable;
}

/** Whether the engine has an image, by its reference. */
export async function hasImage(engine: DockerEngine, reference: string): Promise<boolean> {
  const answer = await engine.request("GET", `/images/${reference}/json`);
  return answer.status !== 404 && jsonOf(answer) !== undefined;
}

/** Makes an image without any registry, as `docker import` does. */
export async function importImage(engine: DockerEngine, image: ImageImport): Promise<void> {
  const query = new URLSearchParams({ fromSrc: "-", repo: image.repository, tag: image.tag });
  image.changes.forEach((change) => query.append("changes", change));
  const { status, body } = await engine.request("POST", `/images/create?${query.toString()}`, image.fileSystem);
  // An error on the way comes as a line of JSON after a status of 200.
  const error = /"error":"([^"]*)"/.exec(body.toString("utf8"))?.[1];
  if (status !== 200 || error !== undefined) {
    throw new DockerEngineError(
      `The Docker engine has not made ${image.repository}: ${error ?? body.toString("utf8")}`,
    );
  }
}
