import * as v from "valibot";

import { ofForm, parseJson, recordOf } from "../../values/shapes.ts";
import { type DockerEngine, DockerEngineError, type EngineAnswer } from "./engineConnection.ts";

/** What the engine tells of a container, as far as it is used here (GET /containers/{id}/json). */
const CONTAINER = v.object({
  Id: v.string(),
  Name: v.string(),
  RestartCount: v.number(),
  State: v.object({
    Status: v.string(),
    ExitCode: v.number(),
    Error: v.string(),
    Health: v.nullish(v.object({ Status: v.string() })),
  }),
});

export type ContainerState = v.InferOutput<typeof CONTAINER>;

/** A container's state; undefined if there is no such container. */
export async function inspectContainer(engine: DockerEngine, id: string): Promise<ContainerState | undefined> {
  const path = `/containers/${encodeURIComponent(id)}/json`;
  const answer = await engine.request("GET", path);
  return answer.status === 404 ? undefined : valueOf(answer, path, CONTAINER);
}

/** What the engine has at a path. @throws DockerEngineError also where it is of another form */
export async function readEngine<Schema extends v.GenericSchema>(engine: DockerEngine, path: string, schema: Schema) {
  return valueOf(await engine.request("GET", path), path, schema);
}

function valueOf<Schema extends v.GenericSchema>(answer: EngineAnswer, path: string, schema: Schema) {
  const read = ofForm(schema, jsonOf(answer));
  if ("wrong" in read) {
    throw new DockerEngineError(`What answers at ${path} is no Docker engine: ${read.wrong}`);
  }
  return read.value;
}

/** The last lines that a container wrote to its standard output and standard error. */
export async function lastLogLines(engine: DockerEngine, id: string, count: number): Promise<string[]> {
  const path = `/containers/${encodeURIComponent(id)}/logs?stdout=1&stderr=1&tail=${count}`;
  const { status, body } = await engine.request("GET", path);
  return status === 200
    ? demultiplex(body)
        .split("\n")
        .filter((line) => line.trim() !== "")
    : [];
}

/** The body of an answer; an error in the engine's own words if it is not a good one. */
export function jsonOf({ status, body }: EngineAnswer): unknown {
  const text = body.toString("utf8");
  if (status < 200 || status > 299) {
    const { message = text } = recordOf(parseJson(text));
    throw new DockerEngineError(`The Docker engine answered ${status}: ${String(message)}`);
  }
  const json = parseJson(text);
  if (json === undefined && text !== "") {
    throw new DockerEngineError("What answers in the Docker engine's place does not speak JSON.");
  }
  return json;
}

/** Each piece of output comes after 8 bytes: the stream's number, three zeros, the length (Engine API, "attach"). */
function demultiplex(body: Buffer): string {
  const pieces: Buffer[] = [];
  for (let offset = 0; offset + 8 <= body.length;) {
    const length = body.readUInt32BE(offset + 4);
    pieces.push(body.subarray(offset + 8, offset + 8 + length));
    offset += 8 + length;
  }
  return Buffer.concat(pieces).toString("utf8");
}
