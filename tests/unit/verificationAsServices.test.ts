import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { connectAsServices } from "../../commands/tokens/services.ts";
import { fetchDiscovery } from "../../keycloak/tokens.ts";

/** A server that calls itself by the name that it is asked by, unless a header says another one. */
let server: Server;
let seen: IncomingHttpHeaders[];
let port: number;

beforeEach(async () => {
  seen = [];
  server = createServer(({ headers }, response) => {
    seen.push(headers);
    const host = headers["x-forwarded-host"] ?? headers.host;
    response.end(JSON.stringify({ issuer: `http://${String(host)}/realms/ScpCloud` }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
});

afterEach(() => server.close());

async function ask(backchannelUrl: string) {
  const connection = { url: `http://localhost:${port}`, headers: { "X-Forwarded-Host": "keycloak.example.com" } };
  const { keycloak, note } = await connectAsServices({ connection, backchannelUrl, realm: "ScpCloud" });
  try {
    return { note, issuer: (await fetchDiscovery(keycloak, "ScpCloud")).issuer };
  } finally {
    await keycloak.close();
  }
}

describe("a customer's token is asked for as BFF and API ask", () => {
  it("by the name that they use, which a server without a fixed one calls itself by", async () => {
    const url = `http://127.0.0.1:${port}`;
    expect(await ask(url)).toEqual({ issuer: `${url}/realms/ScpCloud`, note: undefined });
  });

  it("without the headers that only the deployer sends", async () => {
    const { issuer } = await ask(`http://localhost:${port}`);
    expect(issuer).toBe(`http://localhost:${port}/realms/ScpCloud`);
    expect(seen.every((headers) => headers["x-forwarded-host"] === undefined)).toBe(true);
  });

  it("but as the deployer asks where this machine does not reach that name, which is told", async () => {
    const { issuer, note } = await ask("http://127.0.0.1:1");
    expect(issuer).toBe("http://keycloak.example.com/realms/ScpCloud");
    expect(note).toContain(
      `asked at http://localhost:${port}, since http://127.0.0.1:1, where BFF and API ask, does not answer here: `,
    );
  });
});
