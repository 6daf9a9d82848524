import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import { startBff, type BffOptions } from "../../development/stand-ins/bff";
import { json, listen, type Reply, type Service } from "../../development/stand-ins/http";
import type { LogEntry } from "../../development/stand-ins/log";

export type Form = Readonly<Record<string, string>>;

export const SECRET = "s3cret:with%colon&more=ü";
export const ENTRIES: Reply = { status: 200, body: '{ "organizationId": "o",  "operationEntries": [] }' };

export const basic = (clientId: string, secret = SECRET) =>
  `Basic ${Buffer.from(`${clientId}:${secret}`).toString("base64")}`;
export const ACME = basic("acme");

export const granted = (name: string, lifetime = 300) =>
  json(200, { access_token: name, token_type: "Bearer", expires_in: lifetime });
export const refused = (error = "invalid_client", status = 401) => json(status, { error });
export const never = () => new Promise<never>(() => undefined);

/** A BFF between a fake token endpoint and a fake API, whose answers a test may replace. */
export class BffAmongFakes {
  /** The bodies of the token requests and the Authorization headers of the API's requests, in their order. */
  readonly tokenRequests: Form[] = [];
  readonly apiRequests: string[] = [];
  readonly logged: LogEntry[] = [];
  /** Milliseconds since the epoch. */
  clock = 1_000_000;
  token: (form: Form) => Reply | Promise<Reply> = ({ client_id: clientId, client_secret: secret }) =>
    secret === SECRET ? granted(`token-of-${clientId}-${this.tokenRequests.length}`) : refused();
  entries: (authorization: string) => Reply | Promise<Reply> = () => ENTRIES;
  keycloak!: Service;
  api!: Service;
  private readonly services: Service[] = [];

  static async start(): Promise<BffAmongFakes> {
    const world = new BffAmongFakes();
    await world.startKeycloak();
    await world.startApi();
    return world;
  }

  readonly log = (entry: LogEntry) => void this.logged.push(entry);

  async startKeycloak(port = 0): Promise<void> {
    this.keycloak = await this.started(
      listen(
        port,
        async (request: IncomingMessage) => {
          const form = Object.fromEntries(new URLSearchParams(await text(request)));
          this.tokenRequests.push(form);
          expect([request.method, request.url]).toEqual(["POST", "/realms/ScpCloud/protocol/openid-connect/token"]);
          return this.token(form);
        },
        this.log,
      ),
    );
  }

  async startApi(): Promise<void> {
    this.api = await this.started(
      listen(
        0,
        ({ url, headers: { authorization = "" } }) => {
          expect(url).toBe("/base/operation-entries");
          this.apiRequests.push(authorization);
          return this.entries(authorization);
        },
        this.log,
      ),
    );
  }

  environment(): Form {
    return {
      ASPNETCORE_HTTP_PORTS: "0",
      Keycloak__BaseUrl: `http://127.0.0.1:${this.keycloak.port}`,
      Keycloak__TokenEndpoint: `http://127.0.0.1:${this.keycloak.port}/realms/ScpCloud/protocol/openid-connect/token`,
      ProductionApi__BaseUrl: `http://127.0.0.1:${this.api.port}/base`,
    };
  }

  /** Starts a BFF and returns what its customer does: calling it. */
  async startBff(options: BffOptions = {}) {
    const defaults: BffOptions = { log: this.log, now: () => this.clock };
    const { port } = await this.started(startBff(this.environment(), { ...defaults, ...options }));
    return async (authorization?: string, path = "/operation-entries", method = "GET") => {
      const headers = authorization === undefined ? {} : { authorization };
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
      return { status: response.status, headers: response.headers, body: await response.text() };
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.services.map((service) => service.close()));
  }

  private async started(starting: Promise<Service>): Promise<Service> {
    const service = await starting;
    this.services.push(service);
    return service;
  }
}
