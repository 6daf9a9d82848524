import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

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
  readonly folder = mkdtempSync(join(tmpdir(), "engine-"));
  readonly socket = join(this.folder, "engine.sock");
  readonly settings = { host: `unix://${this.socket}`, sshOptions: [] };
  private readonly server = createServer((request, response) => {
    void text(request).then((sent) => {
      const { method = "", url = "", headers } = request;
      this.requests.push([method, url, ...(sent === "" ? [] : [headers["content-type"], sent])].join(" "));
      return send(response, this.next(url));
    });
  });

  static async start(): Promise<FakeEngine> {
    const engine = new FakeEngine();
    await once(engine.server.listen(engine.socket), "listening");
    return engine;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await once(this.server.close(), "close");
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

async function send(response: ServerResponse, { status = 200, body }: FakeAnswer): Promise<void> {
  response.writeHead(status);
  const pieces: readonly unknown[] = Array.isArray(body)
    ? body
    : [typeof body === "string" ? body : JSON.stringify(body)];
  for (const piece of pieces) {
    // Each piece arrives alone.
    await new Promise((resolve) => response.write(piece, () => setImmediate(resolve)));
  }
  response.end();
}

/** A piece of a container's output, as the engine frames it: 1 is standard output, 2 standard error. */
export function frame(stream: 1 | 2, words: string): Buffer {
  const head = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(words), 4);
  return Buffer.concat([head, Buffer.from(words)]);
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
