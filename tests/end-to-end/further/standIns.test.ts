import { decodeJwt, generateKeyPair, SignJWT } from "jose";

import { lastLogLines } from "../../../services/engine/containerState";
import { connect } from "../../../keycloak/http";
import { fetchToken } from "../../../keycloak/tokens";
import type { Credentials } from "../../../outputs";
import { describeWithEngine, dockerEngine } from "../engine";
import { Administrator } from "../keycloak";
import { Project, type StackFile } from "../project";
import { REALMS, serverOfTests } from "../server";
import {
  ask,
  basic,
  callBff,
  type Containers,
  containersFile,
  containersOf,
  mainFile,
  ownStackName,
} from "../containers";
import type { Stack } from "../stack";
import { otherTokens } from "../tokens";
import { until } from "../until";

const REALM = REALMS.standIns;
const STACK = ownStackName("stand-ins");
const ORGANIZATIONS = {
  kestrel: "11111111-1111-4111-8111-111111111111",
  merlin: "22222222-2222-4222-8222-222222222222",
  late: "33333333-3333-4333-8333-333333333333",
} as const;
const UNAUTHORIZED = '{"error":"unauthorized"}';

describeWithEngine("the stand-ins for BFF and API in containers", (images) => {
  let project: Project;
  let stack: Stack;
  let administrator: Administrator;
  let containers: Stack;
  let services: Containers;
  let stackFile: StackFile;

  beforeAll(async () => {
    administrator = await Administrator.login(REALM);
    project = await Project.create();
    services = await containersOf(images);
    stackFile = mainFile(project, REALM, ORGANIZATIONS);
    stack = await project.createStack(STACK, stackFile);
    await stack.up();
    containers = await project.services().createStack(STACK, containersFile(services));
    await containers.up();
  });

  afterAll(async () => {
    await containers.destroy();
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
        ...project.connection(REALMS.elsewhere),
        "scpcloud:accessTokenLifespan": 300,
        "scpcloud:integrations": { kestrel: { organizationId: ORGANIZATIONS.kestrel } },
      });
      try {
        await elsewhere.up();
        const token = await tokenOf((await credentialsOf("kestrel", elsewhere)).basic, REALMS.elsewhere);
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

  it("take a second issuer for a move of hosts, without which the server is taken for another one", async () => {
    const moved = { ...stackFile, "scpcloud:publicUrl": "https://keycloak.moved.example" };
    await project.configure(STACK, moved);
    const wrong = await project.pulumi("preview", "--stack", STACK);
    expect(wrong.stdout).toContain("must be the public URL of the Keycloak that keycloak:url leads to");

    const issuer = `https://host.docker.internal:28443/realms/${REALM}`;
    await project.configure(STACK, { ...moved, "scpcloud:api": { additionalIssuers: [issuer] } });
    // Of the containers only the API's changes.
    const { stdout } = await project.services().pulumi("preview", "--diff", "--stack", STACK);
    expect(stdout.match(/^ *[-+~].*docker:index\/container:Container/gm)).toHaveLength(1);
    expect(stdout).toContain(`"Authentication__Schemes__Bearer__ValidIssuers__1=${issuer}"`);
    await containers.up();
    expect(await callBff(services.bffUrl, await credentialsOf("kestrel"))).toMatchObject({ status: 200 });
  });
});
