import { startBff } from "../../development/stand-ins/bff";
import { json } from "../../development/stand-ins/http";
import { type LogEntry, logToStandardOutput } from "../../development/stand-ins/log";
import { ACME, basic, BffAmongFakes, ENTRIES, granted, refused, SECRET } from "./standInBffAmongFakes";

let world: BffAmongFakes;

beforeEach(async () => {
  world = await BffAmongFakes.start();
});

afterEach(() => world.close());

describe("the customer's call", () => {
  test("is answered with what the API says to the token of this customer", async () => {
    const call = await world.startBff();
    expect(await call(ACME)).toMatchObject(ENTRIES);
    expect(world.apiRequests).toEqual(["Bearer token-of-acme-1"]);
  });

  test("becomes a token request with the credentials in the form, the secret from the first colon on", async () => {
    const call = await world.startBff();
    await call(ACME);
    expect(world.tokenRequests).toEqual([
      { grant_type: "client_credentials", client_id: "acme", client_secret: SECRET },
    ]);
  });

  test("may write the scheme in any case", async () => {
    const call = await world.startBff();
    expect((await call(ACME.replace("Basic", "bAsIc"))).status).toBe(200);
  });

  test("may carry a query, which means nothing", async () => {
    const call = await world.startBff();
    expect((await call(ACME, "/operation-entries?from=2026")).status).toBe(200);
  });

  test("is not the only path: liveness is another, and that is all", async () => {
    const call = await world.startBff();
    const health = await call(undefined, "/health");
    expect([health.status, health.body, health.headers.get("content-type")]).toEqual([200, "Healthy", "text/plain"]);
    expect((await call(ACME, "/operation-entries/1")).status).toBe(404);
    const posted = await call(ACME, "/operation-entries", "POST");
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET"]);
    expect(world.tokenRequests).toEqual([]);
  });
});

describe("whoever is not authenticated", () => {
  test("gets the same answer, whatever was wrong", async () => {
    const call = await world.startBff();
    const malformed = ["Basic", "Basic !!!!", "Basic YWNtZTpzM2NyZXQ", `Basic ${btoa("acme")}`, "Basic YWNtZTr/"];
    const answers = [
      await call(),
      await call(ACME.replace("Basic", "Bearer")),
      ...(await Promise.all(malformed.map((header) => call(header)))),
      await call(basic("")),
      await call(basic("acme\n")),
      await call(basic("nobody", "wrong")),
      await call(basic("acme", "wrong")),
    ];
    expect(world.tokenRequests).toHaveLength(2);
    for (const [error, status] of [["unauthorized_client", 400] as const, ["invalid_grant", 400] as const]) {
      world.token = () => refused(error, status);
      answers.push(await call(ACME));
    }
    world.token = () => granted("token");
    world.entries = () => json(401, { error: "unauthorized", detail: "of the API" }, { "www-authenticate": "Bearer" });
    answers.push(await call(ACME));

    const seen = answers.map(({ status, headers, body }) => {
      const others = [...headers].filter(([name]) => name !== "date");
      return JSON.stringify([status, body, others]);
    });
    expect(seen).toHaveLength(14);
    expect(new Set(seen).size).toBe(1);
    expect(answers[0]).toMatchObject({ status: 401, body: '{"error":"unauthorized"}' });
    expect(answers[0]?.headers.get("www-authenticate")).toBe('Basic realm="ScpCloud"');
  });

  test("is told apart from a customer without an organization", async () => {
    world.entries = () => json(403, { error: "forbidden" });
    const call = await world.startBff();
    expect(await call(ACME)).toMatchObject({ status: 403, body: '{"error":"forbidden"}' });
  });
});

describe("the log", () => {
  test("tells the start and each token request, but neither secrets nor tokens", async () => {
    const call = await world.startBff();
    await call(ACME);
    await call(basic("acme", "a-wrong-secret"));
    world.entries = () => json(401, {});
    await call(ACME);
    await world.keycloak.close();
    await call(ACME);

    expect(world.logged[0]).toMatchObject({ event: "started", keycloak: `${world.environment().Keycloak__BaseUrl}/` });
    const requests = world.logged.filter(({ event }) => event === "token request");
    expect(requests.map(({ number, clientId, outcome }) => [number, clientId, outcome])).toEqual([
      [1, "acme", "granted"],
      [2, "acme", "refused"],
      [3, "acme", "granted"],
      [4, "acme", "unreachable"],
    ]);
    expect(requests.every(({ milliseconds }) => typeof milliseconds === "number")).toBe(true);
    const lines = JSON.stringify(world.logged);
    for (const secret of [SECRET, "a-wrong-secret", "token-of-acme", ACME.slice("Basic ".length)]) {
      expect(lines).not.toContain(secret);
    }
  });

  test("does not quote a token that cannot be sent", async () => {
    world.token = () => granted("hidden\ntoken");
    const call = await world.startBff();
    expect((await call(ACME)).status).toBe(502);
    expect(JSON.stringify(world.logged)).not.toContain("hidden");
  });

  test("holds one short line of JSON, whatever a stranger calls itself", async () => {
    const written: string[] = [];
    const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => written.push(String(chunk)) > 0);
    const call = await world.startBff({ log: logToStandardOutput });
    await call(basic(`"}\u2028${"x".repeat(10_000)}`, "wrong"));
    write.mockRestore();
    const [, line] = written;
    expect(line).toMatch(/^[^\n]{1,300}\n$/);
    expect((JSON.parse(line ?? "") as LogEntry)["clientId"]).toHaveLength(64);
  });
});

test("nothing of a BFF is left after its end", async () => {
  const service = await startBff(world.environment(), { log: world.log });
  await service.close();
  await expect(fetch(`http://127.0.0.1:${service.port}/health`)).rejects.toThrow();
});
