import { decodeJwt, generateKeyPair, SignJWT } from "jose";

import { lastLogLines } from "../../../components/engine/containerState";
import { connect } from "../../../keycloak/http";
import { fetchToken } from "../../../keycloak/tokens";
import type { Credentials } from "../../../outputs";
import { describeWithEngine, dockerEngine } from "../engine";
import { Administrator } from "../keycloak";
import { Project, type StackFile } from "../project";
import { REALMS, serverOfTests } from "../server";
import { appsOf, ask, basic, callBff, ownStackName, type Services, servicesOf } from "../services";
import type { Stack } from "../stack";
import { otherTokens } from "../tokens";
import { until } from "../until";

const REALM = REALMS.appsServices;
const STACK = ownStackName("apps");
const ORGANIZATIONS = {
  kestrel: "11111111-1111-4111-8111-111111111111",
  merlin: "22222222-2222-4222-8222-222222222222",
  osprey: "33333333-3333-4333-8333-333333333333",
} as const;
type Customer = keyof typeof ORGANIZATIONS;
const CUSTOMERS = Object.keys(ORGANIZATIONS) as Customer[];
const UNAUTHORIZED = '{"error":"unauthorized"}';

describeWithEngine("the stand-ins for BFF and API in containers", (images) => {
  let project: Project;
  let stack: Stack;
  let administrator: Administrator;
  let services: Services;
  let stackFile: StackFile;

  beforeAll(async () => {
    administrator = await Administrator.login(REALM);
    project = await Project.create();
    services = await servicesOf(images);
    stackFile = {
      ...project.connection(REALM),
      ...appsOf(services, serverOfTests().url),
      "scpcloud:accessTokenLifespan": 300,
      "scpcloud:integrations": Object.fromEntries(
        [...CUSTOMERS, "late"].map((customer) => [
          customer,
          { organizationId: ORGANIZATIONS[customer as Customer] ?? "44444444-4444-4444-8444-444444444444" },
        ]),
      ),
    };
    stack = await project.createStack(STACK, stackFile);
    await stack.up();
  });

  afterAll(async () => {
    await stack.destroy();
    await administrator.close();
    await project.remove();
  });

  const credentialsOf = async (clientId: string, ofStack = stack): Promise<Credentials> => {
    const { credentials } = await ofStack.outputs();
    return (credentials?.value as Record<string, Credentials>)[clientId] as Credentials;
  };

  const tokenOf = async (authorization: string, realm: string = REALM): Promise<string> => {
    const { url, caCertificate } = serverOfTests();
    const keycloak = connect({ url, caCertificate });
    try {
      return await fetchToken(keycloak, realm, authorization);
    } finally {
      await keycloak.close();
    }
  };

  const expectRefused = async (url: string, authorization?: string) => {
    expect(await ask(url, authorization)).toMatchObject({ status: 401, text: UNAUTHORIZED });
  };

  describe("refuse with the same 401", () => {
    it("a wrong secret, also while a token for the right one is cached", async () => {
      expect(await callBff(services.bffUrl, await credentialsOf("kestrel"))).toMatchObject({ status: 200 });
      await expectRefused(services.bffUrl, basic("kestrel", "wrong"));
    });

    it.each([
      ["no credentials", undefined],
      ["an unknown client", basic("nobody", "secret")],
      ["malformed Basic", "Basic a2VzdHJlbA=="],
      ["what is not even base64", "Basic %%%"],
      ["a bearer token at the BFF", "Bearer abc"],
    ])("%s", async (_, authorization) => {
      await expectRefused(services.bffUrl, authorization);
    });

    it("a client that is switched off in Keycloak", async () => {
      const [client] = await administrator.clients("late");
      await administrator.send("PUT", `/clients/${client?.id}`, { ...client, enabled: false });
      try {
        await expectRefused(services.bffUrl, (await credentialsOf("late")).basic);
      } finally {
        await administrator.send("PUT", `/clients/${client?.id}`, client);
      }
      expect(await callBff(services.bffUrl, await credentialsOf("late"))).toMatchObject({ status: 200 });
    });

    it("an expired token", async () => {
      const [client] = await administrator.clients("merlin");
      const attributes = client?.["attributes"] as Record<string, string>;
      const short = { ...client, attributes: { ...attributes, "access.token.lifespan": "2" } };
      await administrator.send("PUT", `/clients/${client?.id}`, short);
      try {
        const token = await tokenOf((await credentialsOf("merlin")).basic);
        const askApi = () => ask(services.apiUrl, `Bearer ${token}`);
        expect((await until(askApi, ({ status }) => status !== 200)).text).toBe(UNAUTHORIZED);
        const [line] = await lastLogLines(dockerEngine(), `scpcloud-${STACK}-production-api`, 1);
        expect(line).toContain("ERR_JWT_EXPIRED");
      } finally {
        await administrator.send("PUT", `/clients/${client?.id}`, client);
      }
    });

    it("a token of another realm, although it is the same program's", async () => {
      const elsewhere = await project.createStack(ownStackName("elsewhere"), {
        ...project.connection(REALMS.appsElsewhere),
        "scpcloud:accessTokenLifespan": 300,
        "scpcloud:integrations": { kestrel: { organizationId: ORGANIZATIONS.kestrel } },
      });
      try {
        await elsewhere.up();
        const token = await tokenOf((await credentialsOf("kestrel", elsewhere)).basic, REALMS.appsElsewhere);
        await expectRefused(services.apiUrl, `Bearer ${token}`);
      } finally {
        await elsewhere.destroy();
      }
    });

    it("a token of another client of the same realm, which lacks the audience", async () => {
      const token = await tokenOf(basic("scpcloud-deployer", serverOfTests().deployerSecret));
      await expectRefused(services.apiUrl, `Bearer ${token}`);
    });

    it("a token that is no bearer's access token: an ID token, or one that is bound to a key (DPoP)", async () => {
      const { basic: authorization } = await credentialsOf("kestrel");
      const { idToken, boundToken } = await otherTokens(REALM, authorization);

      expect([decodeJwt(idToken)["typ"], decodeJwt(boundToken)]).toEqual([
        "ID",
        expect.objectContaining({ aud: "scpCloud", cnf: expect.anything() as unknown }),
      ]);
      await expectRefused(services.apiUrl, `Bearer ${idToken}`);
      await expectRefused(services.apiUrl, `Bearer ${boundToken}`);
    });

    it("a forged token: without signature, or signed with another key", async () => {
      const token = await tokenOf((await credentialsOf("kestrel")).basic);
      const [header = "", payload = ""] = token.split(".");
      const parse = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
      const unsigned = Buffer.from(JSON.stringify({ ...parse(header), alg: "none" })).toString("base64url");
      const { privateKey } = await generateKeyPair("RS256");
      const { kid } = parse(header) as { kid: string };
      const resigned = await new SignJWT(parse(payload)).setProtectedHeader({ alg: "RS256", kid }).sign(privateKey);

      expect((await ask(services.apiUrl, `Bearer ${token}`)).status).toBe(200);
      await expectRefused(services.apiUrl, `Bearer ${unsigned}.${payload}.`);
      await expectRefused(services.apiUrl, `Bearer ${resigned}`);
    });
  });

  it("go on when Keycloak signs with another key", async () => {
    const [realm] = (await administrator.send("GET", "/components?type=org.keycloak.keys.KeyProvider")) as {
      id: string;
      parentId: string;
      providerId: string;
    }[];
    await administrator.send("POST", "/components", {
      name: "rotated",
      providerId: "rsa-generated",
      providerType: "org.keycloak.keys.KeyProvider",
      parentId: realm?.parentId,
      config: { priority: ["200"], enabled: ["true"], active: ["true"], algorithm: ["RS256"], keySize: ["2048"] },
    });
    const token = await tokenOf((await credentialsOf("osprey")).basic);
    const askApi = () => ask(services.apiUrl, `Bearer ${token}`);
    // The stand-in asks for new keys once a second at the most.
    await until(askApi, ({ status }) => status === 200);

    for (const customer of CUSTOMERS) {
      expect(await callBff(services.bffUrl, await credentialsOf(customer))).toMatchObject({ status: 200 });
    }
  });

  it("take a second issuer for a move of hosts, without which the server is taken for another one", async () => {
    const moved = { ...stackFile, "scpcloud:publicUrl": "https://keycloak.moved.example" };
    await project.configure(STACK, moved);
    const wrong = await project.pulumi("preview", "--stack", STACK);
    expect(wrong.stdout).toContain("must be the public URL of the Keycloak that keycloak:url leads to");

    const issuer = `https://host.docker.internal:28443/realms/${REALM}`;
    await project.configure(STACK, { ...moved, "scpcloud:api": { additionalIssuers: [issuer] } });
    const { stdout } = await project.pulumi("preview", "--diff", "--stack", STACK);
    const variable = "Authentication__Schemes__Bearer__ValidIssuers__1";
    // The API's container, the API's output and nothing else.
    expect(stdout.match(/^ *[-+~].*docker:index\/container:Container/gm)).toHaveLength(1);
    expect(stdout).toContain("::api-container]");
    expect(stdout).toContain(`"${variable}=${issuer}"`);
    expect(stdout).toMatch(/\+-1 to replace/);
    await stack.up();
    expect(await callBff(services.bffUrl, await credentialsOf("kestrel"))).toMatchObject({ status: 200 });

    await project.configure(STACK, stackFile);
    await stack.up();
  });

  it("come back after one was removed by hand, which up tells and a refresh shows as drift", async () => {
    const name = `scpcloud-${STACK}-production-api`;
    await dockerEngine().request("DELETE", `/containers/${name}?force=1`);

    const { exitCode, stdout } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);
    expect(exitCode).not.toBe(0);
    expect(stdout).toContain(
      `The container ${name} is gone from the engine; the next pulumi up --refresh makes it anew`,
    );
    const drift = await project.pulumi("preview", "--refresh", "--expect-no-changes", "--stack", STACK);
    expect(drift.exitCode).not.toBe(0);
    expect(drift.stdout).toContain("1 to create");

    await stack.up({ refresh: true });
    expect(await callBff(services.bffUrl, await credentialsOf("osprey"))).toMatchObject({ status: 200 });
  });
});
