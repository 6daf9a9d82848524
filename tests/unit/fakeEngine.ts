import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { EngineSettings } from "../../services/settings/settings.ts";

/** What the fake engine says to one request. */
export interface FakeAnswer {
  readonly status?: number;
  /** Sent piece by piece; anything but text and bytes as JSON. */
  readonly body: string | object | readonly Buffer[];
}

/** A Docker engine that listens on a unix socket in a folder of its own. */
export class FakeEngine {
  /** Method and path of each request, and the body of those that have one. */
  readonly requests: string[] = [];
  /** By path, the answers one after another; the last one is repeated. */
  readonly answers: Record<string, readonly FakeAnswer[]> = {};

  /** Where the socket is, and where a test may put files of its own. */
  readonly folder: string;
  private readonly server: Server;

  private constructor(
    /** Where the socket is, and where a test may put files of its own. */
    folder: string,
    server: Server,
  ) {
    this.folder = folder;
    this.server = server;
  }

  static async start(): Promise<FakeEngine> {
    const server = createServer();
    const engine = new FakeEngine(mkdtempSync(join(tmpdir(), "engine-")), server);
    server.on("request", (request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const sent = Buffer.concat(pieces).toString("utf8");
        engine.requests.push([method, url, ...(sent === "" ? [] : [headers["content-type"], sent])].join(" "));
        const { status = 200, body } = engine.next(url);
        response.writeHead(status);
        const rest = [...piecesOf(body)];
        const writeNext = () => {
          const piece = rest.shift();
          if (piece === undefined) {
            response.end();
          } else {
            response.write(piece, () => setImmediate(writeNext));
          }
        };
        writeNext();
      });
    });
    server.listen(engine.socket);
    await once(server, "listening");
    return engine;
  }

  get socket(): string {
    return join(this.folder, "engine.sock");
  }

  get settings(): EngineSettings {
    return { host: `unix://${this.socket}`, sshOptions: [] };
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
    rmSync(this.folder, { recursive: true });
  }

  private next(path: string): FakeAnswer {
    const [answer = { status: 404, body: { message: `page not found: ${path}` } }, ...others] =
      this.answers[path] ?? [];
    if (others.length > 0) {
      this.answers[path] = others;
    }
    return answer;
  }
}

/** A piece of a container's output, as the engine frames it: 1 is standard output, 2 standard error. */
export function frame(stream: 1 | 2, text: string): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt8(stream, 0);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

/** An answer to inspecting a container. */
export function inspected(
  status: string,
  { health, restarts = 0, ...state }: { health?: string; restarts?: number; ExitCode?: number; Error?: string } = {},
): FakeAnswer {
  return {
    body: {
      Id: "0123",
      Name: "/bff",
      RestartCount: restarts,
      State: { Status: status, ExitCode: 0, Error: "", ...state, ...(health && { Health: { Status: health } }) },
    },
  };
}

function piecesOf(body: FakeAnswer["body"]): readonly (Buffer | string)[] {
  if (typeof body === "string") {
    return body === "" ? [] : [body];
  }
  return Array.isArray(body) ? (body as readonly Buffer[]) : [JSON.stringify(body)];
}
