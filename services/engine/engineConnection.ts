import { spawn } from "node:child_process";
import { type ClientRequestArgs, request as httpRequest } from "node:http";
import { Duplex, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { UserError } from "../../faults/userError.ts";
import type { EngineSettings } from "../settings/settings.ts";

/** The Docker engine does not answer, or refuses. */
export class DockerEngineError extends UserError {
  override readonly name = "DockerEngineError";
}

/** An answer of the engine. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** Requests to one Docker engine (Docker Engine API; what is asked here is in every version since 1.24). */
export interface DockerEngine {
  readonly host: string;
  /** @param body sent as JSON, or as it is if it is a stream (of a tar archive) */
  request(method: "DELETE" | "GET" | "POST", path: string, body?: object | Readable): Promise<EngineAnswer>;
}

const TIMEOUT_MILLISECONDS = 60_000;

/** The engine that the Docker provider uses, too: through a unix socket, or through ssh as the docker CLI does it. */
export function connectToEngine({ host, sshOptions }: EngineSettings): DockerEngine {
  const connection: ClientRequestArgs = host.startsWith("unix://")
    ? { socketPath: host.slice("unix://".length) }
    : { createConnection: () => throughSsh(host, sshOptions) };
  return {
    host,
    request: async (method, path, body) => {
      try {
        return await send({ ...connection, method, path }, body);
      } catch (error) {
        const reason = reasonOf(error);
        throw new DockerEngineError(`The Docker engine at ${host} does not answer: ${reason}`, { cause: error });
      }
    },
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.name === "AbortError" ? `no answer within ${TIMEOUT_MILLISECONDS / 1000} s` : error.message;
}

function send(options: ClientRequestArgs, body: object | Readable | undefined): Promise<EngineAnswer> {
  return new Promise((resolve, reject) => {
    const isStream = body !== undefined && "pipe" in body;
    const contentType = isStream ? "application/x-tar" : "application/json";
    const request = httpRequest(
      {
        ...options,
        headers: { host: "docker", connection: "close", "content-type": contentType },
        // An archive takes as long as it takes.
        ...(isStream ? {} : { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) }),
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
      },
    );
    request.on("error", reject);
    if (isStream) {
      pipeline(body, request).catch(reject);
    } else {
      request.end(body === undefined ? undefined : JSON.stringify(body));
    }
  });
}

/** One connection: ssh runs the engine's own relay on the other side, and its standard streams carry HTTP. */
function throughSsh(host: string, sshOptions: readonly string[]): Duplex {
  const { hostname, port, username } = new URL(host);
  const args = [
    ...sshOptions,
    "-o",
    "ConnectTimeout=30",
    "-T",
    ...(username === "" ? [] : ["-l", username]),
    ...(port === "" ? [] : ["-p", port]),
    "--",
    hostname,
    "docker",
    "system",
    "dial-stdio",
  ];
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
  const said: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => said.push(chunk));
  // Not Duplex.from: that ends with the streams, before ssh has told why.
  const duplex = new Duplex({
    read: () => child.stdout.resume(),
    write: (chunk: Buffer, _, done) => child.stdin.write(chunk, () => done()),
    final: (done) => child.stdin.end(() => done()),
    destroy: (error, done) => {
      child.kill();
      done(error);
    },
  });
  child.stdin.on("error", () => undefined);
  child.stdout.on("data", (chunk: Buffer) => {
    if (!duplex.push(chunk)) {
      child.stdout.pause();
    }
  });
  child.on("error", (error) => duplex.destroy(error));
  child.on("close", (exitCode) => {
    if (exitCode === 0) {
      duplex.push(null);
    } else {
      const reason = Buffer.concat(said).toString("utf8").trim().split("\n").at(-1) ?? "";
      duplex.destroy(new Error(`ssh ended with ${String(exitCode)}: ${reason}`));
    }
  });
  return duplex;
}
