import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttpsServer, request as httpsRequest } from "node:https";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { federate } from "../../.github/federate";
import { clientOf, rolesOf } from "../../keycloak/accessToken";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { login } from "../../keycloak/login";
import { fetchToken } from "../../keycloak/tokens";
import type { LoginCredentials } from "../../settings/settings";
import { issueAuthority, issueServer } from "../../development/keycloak/issuing";
import { Administrator } from "./keycloak";
import { Meddler } from "./meddling";
import { Project, type StackFile } from "./project";
import { REALMS, serverOfTests } from "./server";
import type { Stack } from "./stack";

const REALM = REALMS.connection;
const STACK = "connection";
/** Nothing on this machine has that name: only a proxy gets there. */
const BEYOND_PROXY = "https://host.docker.internal:28443";
const HEADER = "x-gateway-ticket";

let proxy: Server;
let gateway: Server;
let project: Project;
let stack: Stack;
let tunnels = 0;
/** Of each request that came through the gateway: which program sent it, and its ticket. */
const requests: { readonly program: string; readonly ticket: unknown }[] = [];

beforeAll(async () => {
  const keycloak = new URL(serverOfTests().url);
  proxy = createHttpServer().on("connect", (_request, client, head) => {
    tunnels += 1;
    const upstream = connectSocket(Number(keycloak.port), keycloak.hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  gateway = createHttpServer((incoming, response) => {
    requests.push({ program: programOf(incoming), ticket: incoming.headers[HEADER] });
    passOn(incoming, response);
  });
  await Promise.all([proxy, gateway].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  project = await Project.create(serverOfTests(), { HTTPS_PROXY: addressOf(proxy) });
  stack = await project.createStack(STACK, stackFile({ "keycloak:url": BEYOND_PROXY }));
});

afterAll(async () => {
  await project.remove();
  for (const server of [proxy, gateway]) {
    server.closeAllConnections();
    server.close();
  }
});

/** Which of the two sent a request. */
const programOf = ({ headers }: IncomingMessage) =>
  /Terraform/.test(headers["user-agent"] ?? "") ? "provider" : "command";

/** Has the server of the tests answer. */
function passOn(incoming: IncomingMessage, response: ServerResponse): void {
  const { method, url, headers } = incoming;
  const keycloak = new URL(serverOfTests().url);
  const options = { method, headers: { ...headers, host: keycloak.host }, ca: serverOfTests().caCertificate };
  const outgoing = httpsRequest(new URL(url ?? "", keycloak), options, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  outgoing.on("error", () => response.destroy());
  incoming.pipe(outgoing);
}

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const stackFile = (changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

/** A test of what the provider of the built plugin cannot be told (development/toolchain/README.md). */
const itWithOfficialPlugin = (name: string, test: () => Promise<void>) =>
  serverOfTests().isPluginBuilt
    ? it.skip(`${name} (skipped: the Keycloak plugin was built from Go modules, and knows no such setting)`, test)
    : it(name, test);

/** What verify, which asks for tokens, says when all is well. */
const VERIFIED = `✓ ${STACK}: the tokens of 1 customer are what the settings promise`;

async function expectToWork(command: string, said: string): Promise<void> {
  const { exitCode, stdout, stderr } = await project.command(
    command,
    "--stack",
    STACK,
    ...(command === "recover" ? ["--yes"] : []),
  );
  expect(`${stdout}${stderr}`).toContain(said);
  expect(exitCode).toBe(0);
}

describe("behind a proxy (HTTPS_PROXY)", () => {
  it("up works", async () => {
    await stack.up();
    expect(tunnels).toBeGreaterThan(0);
  });

  it.each([
    ["verify", VERIFIED],
    ["recover", `✓ ${STACK}: nothing had to be adopted`],
  ])("%s works", async (command, said) => {
    tunnels = 0;
    await expectToWork(command, said);
    expect(tunnels).toBeGreaterThan(0);
  });
});

describe("behind a gateway that asks for a header (keycloak:additionalHeaders)", () => {
  beforeAll(async () => {
    await project.configure(
      STACK,
      stackFile({
        "keycloak:url": addressOf(gateway),
        "keycloak:additionalHeaders": { [HEADER]: "ticket" },
        "scpcloud:requireHttps": false,
      }),
    );
  });

  it.each([
    ["verify", VERIFIED, ["command"]],
    ["customers", "acme", ["command"]],
    // It runs a preview, too.
    ["drift", "no drift", ["command", "provider"]],
  ])("%s sends it with every request, like the provider", async (command, said, programs) => {
    requests.length = 0;
    await expectToWork(command, said);

    expect(requests.filter(({ ticket }) => ticket !== "ticket")).toEqual([]);
    expect([...new Set(requests.map(({ program }) => program))].sort()).toEqual(programs);
  });
});

describe("before a server that asks for a certificate (keycloak:tlsClientCertificate)", () => {
  let server: Server;
  let programs: string[];

  beforeAll(async () => {
    const authority = await issueAuthority();
    const { certificate: cert, key } = await issueServer(authority);
    const client = await issueAuthority();
    server = createHttpsServer({ key, cert, ca: client.certificate, requestCert: true, rejectUnauthorized: false });
    server.on("request", (incoming: IncomingMessage, response: ServerResponse) => {
      // TLS has proved that who sent it has its key.
      if ((incoming.socket as TLSSocket).getPeerX509Certificate()?.toString() !== client.certificate) {
        response.writeHead(403).end();
        return;
      }
      programs.push(programOf(incoming));
      passOn(incoming, response);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const file = stackFile({
      "keycloak:url": `https://localhost:${(server.address() as AddressInfo).port}`,
      "keycloak:rootCaCertificate": authority.certificate,
    });
    await project.configure(STACK, file);
    const refused = await project.command("customers", "--stack", STACK);
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("403")]);
    await project.configure(STACK, { ...file, "keycloak:tlsClientCertificate": client.certificate });
    await stack.setSecret("keycloak:tlsClientPrivateKey", client.key);
    programs = [];
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it("a command shows it", async () => {
    await expectToWork("customers", "acme");
    expect([...new Set(programs)]).toEqual(["command"]);
  });

  itWithOfficialPlugin("up shows it", async () => {
    await stack.up();
    expect(programs).toContain("provider");
  });
});

describe("the deployer's credentials", () => {
  const CLIENT = "deployer-with-key";
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "scpcloud-assertion-"));
    const administrator = await Administrator.login(REALM);
    await administrator.send("POST", "/clients", {
      clientId: CLIENT,
      clientAuthenticatorType: "client-jwt",
      serviceAccountsEnabled: true,
      attributes: {
        "jwt.credential.public.key": publicKey.export({ type: "spki", format: "der" }).toString("base64"),
      },
    });
    await administrator.close();
    for (const role of ["manage-clients", "view-users", "view-realm", "manage-realm"]) {
      await new Meddler(REALM).giveRole(CLIENT, role);
    }
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  const connection = () => ({
    url: BEYOND_PROXY,
    proxy: addressOf(proxy),
    caCertificate: serverOfTests().caCertificate,
  });

  const bootstrapPassword = async () => (await readFile(serverOfTests().bootstrapAdminPasswordFile, "utf8")).trim();

  async function tokenOf(realm: string, clientId: string, credentials: LoginCredentials): Promise<string> {
    const keycloak = connect(connection());
    try {
      return await login(keycloak, { connection: connection(), deployer: { realm, clientId, credentials } });
    } finally {
      await keycloak.close();
    }
  }

  const assertion = () =>
    new SignJWT({ jti: randomUUID(), iss: CLIENT, sub: CLIENT, aud: `${BEYOND_PROXY}/realms/${REALM}` })
      .setProtectedHeader({ alg: "RS256" })
      .setIssuedAt()
      .setExpirationTime("1m")
      .sign(privateKey);

  const clientSecret = (): LoginCredentials => ({ kind: "clientSecret", clientSecret: serverOfTests().deployerSecret });

  describe.each([
    [
      "an access token",
      itWithOfficialPlugin,
      async () => [{}, "accessToken", await tokenOf(REALM, "scpcloud-deployer", clientSecret())] as const,
    ],
    [
      "an assertion",
      itWithOfficialPlugin,
      async () => [{ "keycloak:clientId": CLIENT }, "jwtToken", await assertion()] as const,
    ],
  ])("may be %s, with which", (_, itWithPlugin, credential) => {
    // The deployer's client secret of the environment would be another credential.
    const withoutSecret = () => project.with({ KEYCLOAK_CLIENT_SECRET: "" });
    let secret: string;

    beforeEach(async () => {
      const [changes, key, value] = await credential();
      secret = value;
      await project.configure(STACK, stackFile({ "keycloak:url": BEYOND_PROXY, ...changes }));
      await stack.setSecret(`keycloak:${key}`, secret);
    });

    it("a command works", async () => {
      const { exitCode, stdout, stderr } = await withoutSecret().command("customers", "--stack", STACK);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("acme");
    });

    itWithPlugin("up works", async () => {
      const { exitCode, stdout, stderr } = await withoutSecret().pulumi("up", "--yes", "--stack", STACK);
      expect([exitCode, stderr]).toEqual([0, ""]);
      // Compared as yes or no: a failure must not print it either.
      expect(stdout.includes(secret)).toBe(false);
    });
  });

  it("may be an assertion, or a file with one, which is read for each login", async () => {
    const path = join(directory, "assertion");
    await expect(tokenOf(REALM, CLIENT, { kind: "assertionFile", path })).rejects.toThrow(
      "jwtTokenFile cannot be read",
    );
    for (const text of [await assertion(), `${await assertion()}\n`]) {
      await writeFile(path, text, { mode: 0o600 });
      expect(await tokenOf(REALM, CLIENT, { kind: "assertionFile", path })).toMatch(/^eyJ/);
    }
    expect(await tokenOf(REALM, CLIENT, { kind: "assertion", assertion: await assertion() })).toMatch(/^eyJ/);
  });

  it("are refused without being told, where they are wrong", async () => {
    const error = await tokenOf(REALM, CLIENT, { kind: "assertion", assertion: `${await assertion()}x` }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/Keycloak refused the login by an assertion .*\(40[01] /);
    expect(String(error)).not.toContain("eyJ");
  });

  it("may be a CI job's own token: each environment has its rights, and no other job of the repository gets in", async () => {
    const pair = await generateKeyPair("RS256");
    const keys = { keys: [{ ...(await exportJWK(pair.publicKey)), kid: "key", alg: "RS256", use: "sig" }] };
    const ci = createHttpServer((_request, response) => {
      response.setHeader("content-type", "application/json").end(JSON.stringify(keys));
    });
    await once(ci.listen(0, "127.0.0.1"), "listening");
    const issuer = addressOf(ci);
    const keycloak = connect(connection());
    const tokenOfJob = (subject: string, audience = `${BEYOND_PROXY}/realms/${REALM}`) => {
      const signed = new SignJWT({ jti: randomUUID(), iss: issuer, sub: subject, aud: audience });
      const token = signed.setProtectedHeader({ alg: "RS256", kid: "key" }).setIssuedAt().setExpirationTime("5m");
      return token.sign(pair.privateKey);
    };
    const enter = async (...job: Parameters<typeof tokenOfJob>) => {
      const credentials = { kind: "assertion", assertion: await tokenOfJob(...job) } as const;
      return login(keycloak, { connection: connection(), deployer: { realm: REALM, credentials } });
    };
    try {
      const form = {
        grant_type: "password",
        client_id: "admin-cli",
        username: "admin",
        password: await bootstrapPassword(),
      };
      const accessToken = await fetchToken(keycloak, "master", undefined, form);
      const credentials = { kind: "accessToken", accessToken } as const;
      const deployer = { realm: "master", clientId: "admin-cli", credentials };
      const admin = await loginAsDeployer(keycloak, { connection: connection(), deployer, realm: REALM });
      // The second time mends what differs, and finds nothing to do.
      for (let time = 0; time < 2; time++) {
        expect(await federate(admin, { alias: "ci", issuer, keys: issuer }, "o/n", "prod")).toEqual([]);
      }

      const rights = async (environment: string) => {
        const token = await enter(`repo:o/n:environment:${environment}`);
        expect(clientOf(token)).toBe(`ci-${environment}`);
        return rolesOf(token, REALM)?.filter((role) => /^(manage|view)-/.test(role));
      };
      const looking = ["view-clients", "view-realm", "view-users"];
      expect((await rights("prod"))?.sort()).toEqual(["manage-clients", "manage-realm", "view-realm", "view-users"]);
      expect((await rights("preview-prod"))?.sort()).toEqual(looking);
      expect((await rights("drift-prod"))?.sort()).toEqual(looking);

      for (const subject of ["repo:o/n:ref:refs/heads/main", "repo:o/n:pull_request", "repo:o/n:environment:PROD"]) {
        await expect(enter(subject)).rejects.toThrow(`subject "${subject}"`);
      }
      await expect(enter("repo:o/n:environment:prod", "sts.amazonaws.com")).rejects.toThrow("Invalid token audience");
      // The client's own secret, which Keycloak makes all the same, opens nothing.
      const [client] = (await admin.get("/clients?clientId=ci-prod")) as { secret?: string }[];
      const secret = { kind: "clientSecret", clientSecret: client?.secret ?? "" } as const;
      await expect(tokenOf(REALM, "ci-prod", secret)).rejects.toThrow("Keycloak refused the login (401");

      // The commands log in by the file, and the stack file names no client.
      await project.configure(STACK, stackFile({ "keycloak:url": BEYOND_PROXY, "keycloak:clientId": undefined }));
      const tokenFile = (process.env["KEYCLOAK_JWT_TOKEN_FILE"] = join(directory, "token"));
      const run = async (command: string, subject: string) => {
        const token = await tokenOfJob(subject);
        await writeFile(tokenFile, token, { mode: 0o600 });
        const { exitCode, stdout, stderr } = await project.command(command, "--stack", STACK);
        expect(stdout + stderr).not.toContain(token);
        return { exitCode, text: stdout + stderr };
      };
      const verified = await run("verify", "repo:o/n:environment:drift-prod");
      expect(verified).toMatchObject({ exitCode: 0 });
      const examined = await run("doctor", "repo:o/n:environment:prod");
      expect(examined.text).toMatch(
        /login: .*ci-prod.* is accepted, by an assertion of issuer ".*", subject "repo:o\/n:environment:prod", audience ".*", issued \d+ s ago/,
      );
      const refused = await run("doctor", "repo:o/n:pull_request");
      expect(refused).toMatchObject({
        exitCode: 1,
        text: expect.stringContaining(`subject "repo:o/n:pull_request"`) as string,
      });
    } finally {
      delete process.env["KEYCLOAK_JWT_TOKEN_FILE"];
      await keycloak.close();
      ci.close();
    }
  });
});
