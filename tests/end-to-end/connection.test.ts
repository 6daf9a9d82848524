import { generateKeyPairSync, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer, type Server } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { exportJWK, generateKeyPair, SignJWT } from "jose";

import { federate } from "../../.github/federate";
import { clientOf, rolesOf } from "../../keycloak/accessToken";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { login } from "../../keycloak/login";
import type { Credentials } from "../../settings/settings";
import { accepted, configuration } from "../unit/configuration";
import { Administrator } from "./keycloak";
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
    const { method, url, headers } = incoming;
    const program = /Terraform/.test(headers["user-agent"] ?? "") ? "provider" : "command";
    requests.push({ program, ticket: headers[HEADER] });
    const options = { method, headers: { ...headers, host: keycloak.host }, ca: serverOfTests().caCertificate };
    const outgoing = httpsRequest(new URL(url ?? "", keycloak), options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  });
  await Promise.all([proxy, gateway].map((server) => once(server.listen(0, "127.0.0.1"), "listening")));
  project = await Project.create(serverOfTests(), { HTTPS_PROXY: addressOf(proxy) });
  stack = await project.createStack(STACK, stackFile({ "keycloak:url": BEYOND_PROXY }));
});

afterAll(async () => {
  await project.configure(STACK, stackFile());
  await stack.destroy();
  await project.remove();
  for (const server of [proxy, gateway]) {
    server.closeAllConnections();
    server.close();
  }
});

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const stackFile = (changes: StackFile = {}): StackFile => ({
  ...project.connection(REALM),
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

/** Each command that talks to Keycloak, with what it says when all is well. */
const COMMANDS: readonly (readonly [command: string, said: string])[] = [
  ["verify", `✓ ${STACK}: the tokens of 1 customer are what the settings promise`],
  ["drift", "no drift"],
  ["customers", "acme"],
  ["recover", `✓ ${STACK}: nothing had to be adopted`],
];

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

  it.each(COMMANDS)("%s works", async (command, said) => {
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

  it.each(COMMANDS)("%s sends it with every request, like the provider", async (command, said) => {
    requests.length = 0;
    await expectToWork(command, said);

    expect(requests.filter(({ ticket }) => ticket !== "ticket")).toEqual([]);
    // These two run a preview, too.
    const programs = ["drift", "recover"].includes(command) ? ["command", "provider"] : ["command"];
    expect([...new Set(requests.map(({ program }) => program))].sort()).toEqual(programs);
  });
});

describe("the deployer's credentials", () => {
  const CLIENT = "deployer-with-key";
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
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
  });

  afterAll(async () => {
    const administrator = await Administrator.login(REALM);
    for (const { id } of await administrator.clients(CLIENT)) {
      await administrator.send("DELETE", `/clients/${id}`);
    }
    await administrator.close();
    await rm(directory, { recursive: true, force: true });
  });

  const connection = () => ({
    url: BEYOND_PROXY,
    proxy: addressOf(proxy),
    caCertificate: serverOfTests().caCertificate,
  });

  async function tokenOf(realm: string, clientId: string, credentials: Credentials): Promise<string> {
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

  const clientSecret = (): Credentials => ({ kind: "clientSecret", clientSecret: serverOfTests().deployerSecret });

  it("may be an access token, with which the commands read the realm", async () => {
    const accessToken = await tokenOf(REALM, "scpcloud-deployer", clientSecret());
    const keycloak = connect(connection());
    const deployer = {
      realm: REALM,
      clientId: "scpcloud-deployer",
      credentials: { kind: "accessToken", accessToken },
    } as const;
    const place = {
      connection: connection(),
      deployer,
      realm: REALM,
      publicUrl: BEYOND_PROXY,
      api: accepted(configuration()).api,
    };
    const admin = await loginAsDeployer(keycloak, place);

    expect(await admin.get("/clients?clientId=scpcloud-deployer")).toMatchObject([{ clientId: "scpcloud-deployer" }]);
    await keycloak.close();
  });

  it("may be a user's name and password", async () => {
    const password = (await readFile(serverOfTests().bootstrapAdminPasswordFile, "utf8")).trim();
    const credentials = { kind: "password", username: "admin", password, clientSecret: undefined } as const;
    expect(await tokenOf("master", "admin-cli", credentials)).toMatch(/^eyJ/);
  });

  it("may be a key that signs an assertion, in the form of PKCS #1 or #8", async () => {
    const pkcs8 = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    for (const key of [pem, pkcs8]) {
      expect(await tokenOf(REALM, CLIENT, { kind: "signingKey", algorithm: "RS256", privateKey: key })).toMatch(/^eyJ/);
    }
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
    const wrong = { kind: "signingKey", algorithm: "ES256", privateKey: pem } as const;
    await expect(tokenOf(REALM, CLIENT, wrong)).rejects.toThrow(
      "keycloak:jwtSigningKey is no private key (PEM) for ES256",
    );
    const other = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const foreign = other.export({ type: "pkcs8", format: "pem" }).toString();
    const error = await tokenOf(REALM, CLIENT, { kind: "signingKey", algorithm: "RS256", privateKey: foreign }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).toMatch(/Keycloak refused the login \(40[01] /);
    expect(String(error)).not.toContain("PRIVATE KEY");
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
    const enter = async (subject: string, audience = `${BEYOND_PROXY}/realms/${REALM}`) => {
      const signed = new SignJWT({ jti: randomUUID(), iss: issuer, sub: subject, aud: audience });
      const token = signed.setProtectedHeader({ alg: "RS256", kid: "key" }).setIssuedAt().setExpirationTime("5m");
      const credentials = { kind: "assertion", assertion: await token.sign(pair.privateKey) } as const;
      return login(keycloak, { connection: connection(), deployer: { realm: REALM, credentials } });
    };
    try {
      const password = (await readFile(serverOfTests().bootstrapAdminPasswordFile, "utf8")).trim();
      const credentials = { kind: "password", username: "admin", password, clientSecret: undefined } as const;
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
    } finally {
      await keycloak.close();
      ci.close();
    }
  });
});
