import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";

import { SignJWT } from "jose";

import { issueAuthority, issueServer } from "../../development/keycloak/issuing.ts";
import { connect } from "../../keycloak/http.ts";
import { login } from "../../keycloak/login.ts";
import type { LoginCredentials } from "../../settings/settings.ts";
import { Administrator } from "./keycloak.ts";
import { Project, type StackFile } from "./project.ts";
import { type Listener, listen, programOf, startProxy } from "./proxy.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";

const REALM = "Connection";
const STACK = "connection";
/** Nothing on this machine has that name: only a proxy gets there. */
const BEYOND_PROXY = "https://host.docker.internal:28443";
const HEADER = "x-gateway-ticket";

let proxy: Listener;
let gateway: Listener;
let project: Project;
let stack: Stack;
let tunnels = 0;
/** Of each request that came through the gateway: which program sent it, where to, and its ticket. */
const requests: { readonly program: string; readonly path: string; readonly ticket: unknown }[] = [];

beforeAll(async () => {
  const keycloak = new URL(serverOfTests().url);
  const tunnel = createHttpServer().on("connect", (_request, client, head) => {
    tunnels += 1;
    const upstream = connectSocket(Number(keycloak.port), keycloak.hostname, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on("error", () => client.destroy());
    client.on("error", () => upstream.destroy());
  });
  proxy = await listen(tunnel);
  gateway = await startProxy((incoming) => {
    requests.push({ program: programOf(incoming), path: incoming.url ?? "", ticket: incoming.headers[HEADER] });
    return undefined;
  });
  project = await Project.create(REALM, { HTTPS_PROXY: proxy.url });
  stack = await Stack.createIn(project, STACK, stackFile({ "keycloak:url": BEYOND_PROXY }));
});

afterAll(async () => {
  await project.remove();
  proxy.close();
  gateway.close();
});

const stackFile = (changes: StackFile = {}): StackFile => ({
  "scpcloud:integrations": { acme: { organizationUser: "anna" } },
  ...changes,
});

/** What verify, which asks for tokens, says when all is well. */
const VERIFIED = `✓ ${STACK}: the tokens of 1 customer are what the settings promise`;

async function expectToWork(command: string, said: string): Promise<void> {
  const { exitCode, stdout, stderr } = await stack.command(command, ...(command === "recover" ? ["--yes"] : []));
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
    await stack.configure(
      stackFile({
        "keycloak:url": gateway.url,
        "keycloak:additionalHeaders": { [HEADER]: "ticket" },
        "scpcloud:requireHttps": false,
      }),
    );
  });

  /** Which programs have asked for something, all of them with the header. */
  const asking = () => {
    expect(requests.filter(({ ticket }) => ticket !== "ticket")).toEqual([]);
    return [...new Set(requests.map(({ program }) => program))].sort();
  };

  it.each([
    ["verify", VERIFIED],
    ["customers", "acme"],
    // The provider's login for its refresh is that of the last up.
    ["drift", "no drift"],
  ])("%s sends it with every request", async (command, said) => {
    requests.length = 0;
    await expectToWork(command, said);
    expect(asking()).toEqual(["command"]);
  });

  it("a preview sends it with every request, the provider's too", async () => {
    requests.length = 0;
    await stack.preview({ expectNoChanges: true });
    expect(asking()).toEqual(["command", "provider"]);
  });
});

describe("before a server that asks for a certificate (keycloak:tlsClientCertificate)", () => {
  let server: Listener;
  let programs: string[];

  beforeAll(async () => {
    const authority = await issueAuthority();
    const { certificate: cert, key } = await issueServer(authority);
    const client = await issueAuthority();
    const tls = { key, cert, ca: client.certificate, requestCert: true, rejectUnauthorized: false };
    server = await startProxy((incoming) => {
      // TLS has proved that who sent it has its key.
      if ((incoming.socket as TLSSocket).getPeerX509Certificate()?.toString() !== client.certificate) {
        return { status: 403, body: {} };
      }
      programs.push(programOf(incoming));
      return undefined;
    }, createHttpsServer(tls));
    const file = stackFile({
      "keycloak:url": server.url,
      "keycloak:rootCaCertificate": authority.certificate,
    });
    await stack.configure(file);
    const refused = await stack.command("customers");
    expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("403")]);
    await stack.configure({ ...file, "keycloak:tlsClientCertificate": client.certificate });
    await stack.setSecret("keycloak:tlsClientPrivateKey", client.key);
    programs = [];
  });

  afterAll(() => server.close());

  it("a command shows it", async () => {
    await expectToWork("customers", "acme");
    expect([...new Set(programs)]).toEqual(["command"]);
  });

  it("up shows it", async () => {
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
    const administrator = new Administrator(REALM);
    await administrator.send("POST", "/clients", {
      clientId: CLIENT,
      clientAuthenticatorType: "client-jwt",
      serviceAccountsEnabled: true,
      attributes: {
        "jwt.credential.public.key": publicKey.export({ type: "spki", format: "der" }).toString("base64"),
      },
    });
    for (const role of ["manage-clients", "view-users", "view-realm", "manage-realm"]) {
      await new Administrator(REALM).giveRole(CLIENT, role);
    }
  });

  afterAll(() => rm(directory, { recursive: true, force: true }));

  const connection = () => ({
    url: BEYOND_PROXY,
    proxy: proxy.url,
    caCertificate: serverOfTests().caCertificate,
  });

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
      "an access token, here with the admin API at another URL",
      ["command", "provider"],
      async () => {
        const elsewhere = { "keycloak:adminUrl": gateway.url, "scpcloud:requireHttps": false };
        return [elsewhere, "accessToken", await tokenOf(REALM, "scpcloud-deployer", clientSecret())] as const;
      },
    ],
    ["an assertion", [], async () => [{ "keycloak:clientId": CLIENT }, "jwtToken", await assertion()] as const],
  ])("may be %s, with which", (_, elsewhere, credential) => {
    // The deployer's client secret of the environment would be another credential.
    const withoutSecret = () => project.with({ KEYCLOAK_CLIENT_SECRET: "" });
    let secret: string;

    beforeEach(async () => {
      const [changes, key, value] = await credential();
      secret = value;
      await stack.configure(stackFile({ "keycloak:url": BEYOND_PROXY, ...changes }));
      await stack.setSecret(`keycloak:${key}`, secret);
    });

    it("a command works", async () => {
      const { exitCode, stdout, stderr } = await withoutSecret().command("customers", "--stack", STACK);
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("acme");
    });

    it("up works", async () => {
      requests.length = 0;
      // A preview would log in with it first, and Keycloak takes this assertion once.
      const { exitCode, stdout, stderr } = await withoutSecret().pulumi(
        "up",
        "--yes",
        "--skip-preview",
        "--stack",
        STACK,
      );
      expect([exitCode, stderr]).toEqual([0, ""]);
      // Compared as yes or no: a failure must not print it either.
      expect(stdout.includes(secret)).toBe(false);
      expect([...new Set(requests.map(({ program }) => program))].sort()).toEqual(elsewhere);
      expect(requests.filter(({ path }) => !path.startsWith("/admin/"))).toEqual([]);
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
});
