import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, connect as connectSocket } from "node:net";
import type { TLSSocket } from "node:tls";

import { connect } from "../../keycloak/http.ts";
import { lookUp } from "../../lookups/lookups.ts";
import { issueAuthority, issueServer, type KeyAndCertificate } from "../../development/keycloak/issuing.ts";
import { explainNoAnswer } from "../../keycloak/adminFaults.ts";
import type { Connection } from "../../settings/settings.ts";
import { accepted, configuration } from "./configuration.ts";

interface Seen {
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
  readonly client: string | undefined;
}

let authority: KeyAndCertificate;
let issued: KeyAndCertificate;
const servers: Server[] = [];
const seen: Seen[] = [];

beforeAll(async () => {
  authority = await issueAuthority();
  issued = await issueServer(authority);
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  seen.length = 0;
});

const record: RequestListener = (request, response) => {
  const socket = request.socket as Partial<TLSSocket>;
  const { method = "", url = "", headers } = request;
  seen.push({ line: `${method} ${url}`, headers, client: socket.getPeerCertificate?.().fingerprint });
  response.end(JSON.stringify({ answered: url }));
};

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const startServer = (options: object = {}) =>
  listening(createHttpsServer({ key: issued.key, cert: issued.certificate, ...options }, record));

const startPlain = async () => `http://127.0.0.1:${await listening(createHttpServer(record))}`;

async function ask(connection: Connection, path = "/realms/x", headers: Record<string, string> = {}) {
  const keycloak = connect(connection);
  try {
    return await keycloak.request(path, { headers });
  } finally {
    await keycloak.close();
  }
}

/** Why the program can go no further. */
const faultOf = async (connection: Connection) =>
  lookUp({ ...accepted(configuration()), connection }).then(String, String);

/** A proxy for whose clients every host is this machine. */
async function startProxy(
  tunnels: string[],
  createServer: (listener: RequestListener) => Server = createHttpServer,
): Promise<number> {
  const proxy = createServer((request, response) => {
    tunnels.push(`${request.method} ${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    response.end("{}");
  });
  proxy.on("connect", (request, client, head) => {
    tunnels.push(`CONNECT ${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    const upstream = connectSocket(Number(new URL(`http://${request.url}`).port), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  return listening(proxy);
}

describe("the program's own login", () => {
  it("tells an untrusted certificate from a server that does not answer, whatever its port", async () => {
    const url = `https://localhost:${await startServer()}`;

    expect(await faultOf({ url })).toMatch(
      /must be a server with a certificate that the deployer trusts,\n +because its certificate was refused: \w.+\.\n/,
    );
    // A browser, and what follows its rules, would not ask this port.
    expect(await faultOf({ url: "https://127.0.0.1:1" })).toMatch(
      /must be a Keycloak that answers,\n +because it could not be reached: connect ECONNREFUSED 127\.0\.0\.1:1\.\n/,
    );
  });

  it("tells a certificate that is not yet valid with this machine's own time", () => {
    const reason = "certificate is not yet valid";
    const { remedy } = explainNoAnswer(reason, { connection: { url: "https://keycloak.example.com" } });
    expect(remedy).toMatch(/^compare this machine's clock, which says \d{4}-/);
  });
});

describe("a connection to Keycloak", () => {
  it("trusts the CA of the settings and no other", async () => {
    const url = `https://localhost:${await startServer()}`;
    const other = (await issueAuthority()).certificate;

    expect((await ask({ url, caCertificate: authority.certificate })).body).toEqual({ answered: "/realms/x" });
    await expect(ask({ url, caCertificate: other })).rejects.toThrow(`Keycloak at ${url} does not answer: `);
    await expect(ask({ url })).rejects.toThrow(/certificate/);
  });

  it("checks no certificate where the settings say so", async () => {
    expect((await ask({ url: `https://localhost:${await startServer()}`, insecure: true })).status).toBe(200);
  });

  it("proves its identity by the TLS client's certificate", async () => {
    const url = `https://localhost:${await startServer({ requestCert: true, rejectUnauthorized: false })}`;
    const connection = { url, caCertificate: authority.certificate };
    const clientCertificate = { certificate: issued.certificate, privateKey: issued.key };

    await ask(connection);
    await ask({ ...connection, clientCertificate });
    expect(seen.map(({ client }) => client)).toEqual([undefined, new X509Certificate(issued.certificate).fingerprint]);
  });

  it("sends the additional headers with every request, below its own", async () => {
    const url = await startPlain();
    const headers = { "X-Gateway": "one", AUTHORIZATION: "Basic gateway" };

    await ask({ url, headers }, "/admin/realms/x", { authorization: "Bearer token" });
    await ask({ url, headers });

    expect(seen.map(({ headers: sent }) => [sent["x-gateway"], sent.authorization])).toEqual([
      ["one", "Bearer token"],
      ["one", "Basic gateway"],
    ]);
  });

  it("asks the admin REST API where it is, and for everything else the other server", async () => {
    const [url, adminUrl] = [await startPlain(), await startPlain()];

    await ask({ url, admin: { url: adminUrl } }, "/admin/realms/x");
    await ask({ url, admin: { url: adminUrl } }, "/realms/x");

    expect(seen.map(({ line, headers }) => `${line} ${headers.host}`)).toEqual([
      `GET /admin/realms/x ${new URL(adminUrl).host}`,
      `GET /realms/x ${new URL(url).host}`,
    ]);
  });

  it("gives up after the time limit of the settings", async () => {
    const url = `http://127.0.0.1:${await listening(createHttpServer(() => undefined))}`;
    await expect(ask({ url, timeout: 1 })).rejects.toThrow(`Keycloak at ${url} does not answer: nothing came for 1 s`);
  });

  it("goes through an HTTP proxy, encrypted to the server itself", async () => {
    const tunnels: string[] = [];
    const proxy = `http://robot:p%40ss@127.0.0.1:${await startProxy(tunnels)}`;
    const port = await startServer();
    const url = `https://host.docker.internal:${port}`;

    expect((await ask({ url, proxy, caCertificate: authority.certificate })).body).toEqual({ answered: "/realms/x" });
    await expect(ask({ url, proxy })).rejects.toThrow(/certificate/);

    const authorization = `Basic ${Buffer.from("robot:p@ss").toString("base64")}`;
    expect(tunnels[0]).toBe(`CONNECT host.docker.internal:${port} ${authorization}`);
    expect(seen.map(({ line, headers }) => [line, headers["proxy-authorization"]])).toEqual([
      ["GET /realms/x", undefined],
    ]);
  });

  it("goes through a proxy that is encrypted itself, and whose certificate is of the CA of the settings", async () => {
    const tunnels: string[] = [];
    const encrypted = (listener: RequestListener) =>
      createHttpsServer({ key: issued.key, cert: issued.certificate }, listener);
    const proxy = `https://localhost:${await startProxy(tunnels, encrypted)}`;
    const url = `https://host.docker.internal:${await startServer()}`;

    expect((await ask({ url, proxy, caCertificate: authority.certificate })).body).toEqual({ answered: "/realms/x" });
    expect(tunnels).toEqual([`CONNECT ${new URL(url).host}`]);
  });

  it("asks an HTTP proxy for the whole address where nothing is encrypted, as Go does", async () => {
    const requests: string[] = [];
    const proxy = `http://127.0.0.1:${await startProxy(requests)}`;

    expect((await ask({ url: "http://keycloak.example.com:8080", proxy })).status).toBe(200);
    expect(requests).toEqual(["GET http://keycloak.example.com:8080/realms/x"]);
  });

  it("says that it is the proxy who refuses, and never the proxy's password", async () => {
    const proxy = createHttpServer().on("connect", (_request, socket) => {
      socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
    });
    const address = `http://robot:hunter2@127.0.0.1:${await listening(proxy)}`;
    const error = await ask({ url: "https://keycloak.example.com", proxy: address }).catch((reason: unknown) => reason);

    expect(String(error)).toMatch(/Failed to establish tunnel .*: HTTP\/1\.1 403 Forbidden/);
    expect(String(error)).not.toContain("hunter2");
  });
});

test("a body is sent with its length, also by DELETE: on the same connection the next request is understood", async () => {
  const keycloak = connect({ url: await startPlain() });
  for (const method of ["PUT", "DELETE", "GET"]) {
    const json = method === "GET" ? {} : { json: [{ name: "müller" }] };
    expect(await keycloak.request(`/${method}`, { method, ...json })).toMatchObject({ status: 200 });
  }
  await keycloak.close();
  expect(seen.map(({ line, headers }) => `${line}: ${headers["content-length"]}`)).toEqual([
    "PUT /PUT: 20",
    "DELETE /DELETE: 20",
    "GET /GET: undefined",
  ]);
});
