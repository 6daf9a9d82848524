import { json, type Reply } from "../../development/stand-ins/httpService";
import { ACME, basic, ENTRIES, granted, refused, SECRET, startBffAmongFakes } from "./standInBffAmongFakes";

let world: Awaited<ReturnType<typeof startBffAmongFakes>>;

beforeEach(async () => {
  world = await startBffAmongFakes();
});

afterEach(() => world.close());

const UNAVAILABLE = { status: 503, body: '{"error":"token service unavailable"}' };
const FAILED = { status: 502, body: '{"error":"operation entries unavailable"}' };

describe("the stand-in of the BFF", () => {
  test("answers with what the API says to the customer's token", async () => {
    // The secret goes from the first colon on; the scheme may be written in any case.
    expect(await world.call(ACME.replace("Basic", "bAsIc"), "/operation-entries?from=2026")).toMatchObject(ENTRIES);
    expect(world.tokenRequests).toEqual([
      { grant_type: "client_credentials", client_id: "acme", client_secret: SECRET },
    ]);
    expect(world.apiRequests).toEqual(["Bearer token-1"]);
  });

  test("serves the operation entries and its health, and nothing else", async () => {
    expect(await world.call(undefined, "/health")).toMatchObject({ status: 200, body: "Healthy" });
    expect((await world.call(ACME, "/operation-entries/1")).status).toBe(404);
    expect((await world.call(ACME, "/operation-entries", "POST")).status).toBe(405);
    expect(world.tokenRequests).toEqual([]);
  });

  test("gives whoever is not authenticated the same answer, whatever was wrong", async () => {
    const malformed = [undefined, "Basic", "Basic !!!!", "Basic YWNtZTpzM2NyZXQ", `Basic ${btoa("acme")}`];
    const others = ["Basic YWNtZTr/", ACME.replace("Basic", "Bearer"), basic(""), basic("acme\n")];
    const answers = await Promise.all([...malformed, ...others].map((header) => world.call(header)));
    expect(world.tokenRequests).toEqual([]);
    for (const reply of [refused(), refused("unauthorized_client", 400), refused("invalid_grant", 400)]) {
      world.token = () => reply;
      answers.push(await world.call(ACME));
    }
    world.token = () => granted("token");
    world.entries = () => json(401, { detail: "of the API" }, { "www-authenticate": "Bearer" });
    answers.push(await world.call(ACME));

    expect(answers).toHaveLength(13);
    for (const { status, body, headers } of answers) {
      expect({ status, body, challenge: headers.get("www-authenticate") }).toEqual({
        status: 401,
        body: '{"error":"unauthorized"}',
        challenge: 'Basic realm="ScpCloud"',
      });
    }
  });

  test("tells a customer without an organization so", async () => {
    world.entries = () => json(403, {});
    expect(await world.call(ACME)).toMatchObject({ status: 403, body: '{"error":"forbidden"}' });
  });

  test("asks for one token for all calls of a customer, and for another's with another secret", async () => {
    await Promise.all(Array.from({ length: 20 }, () => world.call(ACME)));
    await world.call(ACME);
    expect(world.tokenRequests).toHaveLength(1);
    world.token = () => refused();
    expect((await world.call(basic("acme", "wrong"))).status).toBe(401);
    // The same text, otherwise split.
    expect((await world.call(basic("acme:s3cret", SECRET.replace("s3cret:", "")))).status).toBe(200);
  });

  test("gets a new token after the API has refused one", async () => {
    await world.call(ACME);
    world.entries = () => json(401, {});
    expect((await world.call(ACME)).status).toBe(401);
    world.entries = () => ENTRIES;
    expect((await world.call(ACME)).status).toBe(200);
    expect(world.apiRequests).toEqual(["Bearer token-1", "Bearer token-1", "Bearer token-2"]);
  });

  test.each<[string, Reply]>([
    ["an error of the server", json(502, { error: "invalid_client" })],
    ["that the realm does not exist", json(404, { error: "Realm does not exist" })],
    ["a refusal in other words than OAuth's", { status: 401, body: "<html>" }],
    ["no token", json(200, {})],
    ["a redirection", { status: 307, body: "", headers: { location: "/elsewhere" } }],
  ])("tells a customer to come again while the token endpoint answers %s", async (_, reply) => {
    world.token = () => reply;
    const answer = await world.call(ACME);
    expect(answer).toMatchObject(UNAVAILABLE);
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(world.tokenRequests).toHaveLength(1);
    world.token = () => granted("token");
    expect((await world.call(ACME)).status).toBe(200);
  });

  test("tells a failure of the API, whether it is an error, nonsense or no answer", async () => {
    for (const reply of [json(503, {}), json(404, {}), { status: 200, body: "<html>" }]) {
      world.entries = () => reply;
      expect(await world.call(ACME)).toMatchObject(FAILED);
    }
    await world.api.close();
    expect(await world.call(ACME)).toMatchObject(FAILED);
  });

  test("logs each token request without what a stranger typed: a secret may stand where the client id belongs", async () => {
    await world.call(ACME);
    world.token = () => refused();
    await world.call(basic(SECRET, "acme"));
    await world.call(basic("acme", "a-wrong-secret"));
    await world.keycloak.close();
    await world.call(basic("a-secret-that-nobody-judged"));

    const requests = world.logged.filter(({ event }) => event === "token request");
    expect(requests.map(({ clientId, outcome, reason }) => ({ clientId, outcome, reason }))).toEqual([
      { clientId: "acme", outcome: "granted", reason: undefined },
      { clientId: undefined, outcome: "refused", reason: "invalid_client" },
      { clientId: undefined, outcome: "refused", reason: "invalid_client" },
      { clientId: undefined, outcome: "unreachable", reason: expect.any(String) as unknown },
    ]);
    const lines = JSON.stringify(world.logged);
    for (const secret of ["s3cret", "wrong-secret", "nobody-judged", "token-1", ACME.slice("Basic ".length)]) {
      expect(lines).not.toContain(secret);
    }
  });

  test("does not quote a token that cannot be sent", async () => {
    world.token = () => granted("hidden\ntoken");
    expect((await world.call(ACME)).status).toBe(502);
    expect(JSON.stringify(world.logged)).not.toContain("hidden");
  });
});
