import { json, type Reply } from "../../development/stand-ins/http";
import { ACME, basic, BffAmongFakes, ENTRIES, granted, never, refused } from "./standInBffAmongFakes";

let world: BffAmongFakes;

beforeEach(async () => {
  world = await BffAmongFakes.start();
});

afterEach(() => world.close());

describe("the cache", () => {
  test("serves a customer until 30 seconds before the token expires", async () => {
    const call = await world.startBff();
    await call(ACME);
    world.clock += 269_999;
    await call(ACME);
    expect(world.tokenRequests).toHaveLength(1);
    world.clock += 1;
    await call(ACME);
    expect(world.apiRequests).toEqual(["Bearer token-of-acme-1", "Bearer token-of-acme-1", "Bearer token-of-acme-2"]);
  });

  test("serves a token of less than a minute for half of its lifetime", async () => {
    world.token = () => granted("short", 10);
    const call = await world.startBff();
    await call(ACME);
    world.clock += 4_999;
    await call(ACME);
    expect(world.tokenRequests).toHaveLength(1);
    world.clock += 1;
    await call(ACME);
    expect(world.tokenRequests).toHaveLength(2);
  });

  test("never serves a token to a wrong secret, nor to another split of the same text", async () => {
    world.token = ({ client_id: clientId, client_secret: secret }) =>
      clientId === "acme" && secret === "x:y" ? granted("token") : refused();
    const call = await world.startBff();
    expect((await call(basic("acme", "x:y"))).status).toBe(200);
    expect((await call(basic("acme", "x:z"))).status).toBe(401);
    expect((await call(basic("acme", ""))).status).toBe(401);
    expect((await call(basic("acm", "ex:y"))).status).toBe(401);
    expect(world.apiRequests).toHaveLength(1);
  });

  test("keeps customers apart", async () => {
    const call = await world.startBff();
    await Promise.all([call(ACME), call(basic("globex"))]);
    world.apiRequests.length = 0;
    await call(ACME);
    await call(basic("globex"));
    expect(world.apiRequests[0]).toMatch(/^Bearer token-of-acme-/);
    expect(world.apiRequests[1]).toMatch(/^Bearer token-of-globex-/);
  });

  test("does not remember a failure", async () => {
    const call = await world.startBff();
    world.token = () => refused();
    expect((await call(ACME)).status).toBe(401);
    world.token = () => json(500, {});
    expect((await call(ACME)).status).toBe(503);
    world.token = () => granted("token");
    expect((await call(ACME)).status).toBe(200);
  });

  test("drops the oldest customer when it is full", async () => {
    const call = await world.startBff({ cacheSize: 2 });
    for (const customer of ["one", "two", "three", "three", "two", "one"]) {
      await call(basic(customer));
    }
    expect(world.tokenRequests.map((form) => form["client_id"])).toEqual(["one", "two", "three", "one"]);
  });

  test("lets concurrent calls of one customer wait for the same token request", async () => {
    let release: (reply: Reply) => void = () => undefined;
    const answer = new Promise<Reply>((resolve) => (release = resolve));
    const arrived = new Promise<void>((resolve) => {
      world.token = () => {
        resolve();
        return answer;
      };
    });
    const call = await world.startBff();
    const calls = Array.from({ length: 20 }, () => call(ACME));
    await arrived;
    release(granted("shared"));
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(world.tokenRequests).toHaveLength(1);
    expect(world.logged.filter(({ event }) => event === "token request")).toHaveLength(1);
  });
});

describe("a token that the API refuses", () => {
  test("is replaced once, if it came from the cache", async () => {
    const call = await world.startBff();
    await call(ACME);
    world.entries = (authorization) => (authorization.endsWith("-1") ? json(401, {}) : ENTRIES);
    expect((await call(ACME)).status).toBe(200);
    expect(world.tokenRequests).toHaveLength(2);
    expect((await call(ACME)).status).toBe(200);
    expect(world.tokenRequests).toHaveLength(2);
  });

  test("is refused to the customer if a new one does not help", async () => {
    const call = await world.startBff();
    await call(ACME);
    world.entries = () => json(401, {});
    expect((await call(ACME)).status).toBe(401);
    expect([world.tokenRequests.length, world.apiRequests.length]).toEqual([2, 3]);
  });

  test("is not asked for again if it was new, and not kept", async () => {
    world.entries = () => json(401, {});
    const call = await world.startBff();
    expect((await call(ACME)).status).toBe(401);
    expect([world.tokenRequests.length, world.apiRequests.length]).toEqual([1, 1]);
    world.entries = () => ENTRIES;
    expect((await call(ACME)).status).toBe(200);
    expect(world.tokenRequests).toHaveLength(2);
  });
});

describe("an outage", () => {
  const unavailable = { status: 503, body: '{"error":"token service unavailable"}' };
  const failed = { status: 502, body: '{"error":"operation entries unavailable"}' };

  test("of Keycloak is told, spares customers whose token is cached, and is over when it is over", async () => {
    const call = await world.startBff();
    await call(ACME);
    await world.keycloak.close();
    const answer = await call(basic("globex"));
    expect(answer).toMatchObject(unavailable);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect((await call(ACME)).status).toBe(200);
    await world.startKeycloak(world.keycloak.port);
    expect((await call(basic("globex"))).status).toBe(200);
  });

  test.each([
    ["an error of the server", json(502, { error: "invalid_client" })],
    ["a realm that does not exist", json(404, { error: "Realm does not exist" })],
    ["a refusal in other words than OAuth's", { status: 401, body: "<html>" }],
    ["an answer without a token", json(200, {})],
    ["a redirection", { status: 307, body: "", headers: { location: "/elsewhere" } }],
  ])("is what %s means at the token endpoint", async (_, reply) => {
    world.token = () => reply;
    const call = await world.startBff();
    expect(await call(ACME)).toMatchObject(unavailable);
    expect(world.tokenRequests).toHaveLength(1);
  });

  test("of a token endpoint that does not answer ends at the time limit", async () => {
    world.token = never;
    const call = await world.startBff({ tokenTimeoutMilliseconds: 50 });
    expect(await call(ACME)).toMatchObject(unavailable);
    expect(world.logged).toContainEqual(expect.objectContaining({ outcome: "unreachable", reason: "TimeoutError" }));
  });

  test("of the API is told, whether it fails, is late, says nonsense or is gone; and is over when it is over", async () => {
    const call = await world.startBff({ entriesTimeoutMilliseconds: 50 });
    for (const answer of [() => json(503, {}), () => json(404, {}), () => ({ status: 200, body: "<html>" }), never]) {
      world.entries = answer;
      expect(await call(ACME)).toMatchObject(failed);
    }
    world.entries = () => ENTRIES;
    expect((await call(ACME)).status).toBe(200);
    await world.api.close();
    expect(await call(ACME)).toMatchObject(failed);
  });
});
