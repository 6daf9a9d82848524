import { type DockerEngine, DockerEngineError, type EngineAnswer } from "./engineConnection";

/** What the engine tells of a container, as far as it is used here (GET /containers/{id}/json). */
export interface ContainerState {
  readonly Id: string;
  readonly Name: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly Error: string;
    readonly Health?: { readonly Status: "none" | "starting" | "healthy" | "unhealthy" };
  };
}

/** A container's state; undefined if there is no such container. */
export async function inspectContainer(engine: DockerEngine, id: string): Promise<ContainerState | undefined> {
  const answer = await engine.request("GET", `/containers/${encodeURIComponent(id)}/json`);
  return answer.status === 404 ? undefined : (jsonOf(answer) as ContainerState);
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
    throw new DockerEngineError(`The Docker engine answered ${status}: ${messageOf(text)}`);
  }
  try {
    return text === "" ? undefined : (JSON.parse(text) as unknown);
  } catch {
    throw new DockerEngineError("What answers in the Docker engine's place does not speak JSON.");
  }
}

function messageOf(text: string): string {
  try {
    return (JSON.parse(text) as { message?: string }).message ?? text;
  } catch {
    return text;
  }
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
