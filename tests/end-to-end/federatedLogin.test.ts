import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { decodeJwt, exportJWK, generateKeyPair, SignJWT } from "jose";

import { clientOf, rolesOf } from "../../keycloak/accessToken.ts";
import { connect, type KeycloakConnection } from "../../keycloak/http.ts";
import { login } from "../../keycloak/login.ts";
import { run } from "../../processes/run.ts";
import type { LoginCredentials } from "../../settings/settings.ts";
import { Administrator } from "./keycloak.ts";
import { STEP_LIMIT_MILLISECONDS } from "./limits.ts";
import { Project, REPOSITORY, type StackFile } from "./project.ts";
import { type Listener, listen, programOf, startProxy } from "./proxy.ts";
import { serverOfTests } from "./server.ts";
import { Stack } from "./stack.ts";
import { missing } from "./tools.ts";

const REALM = "Federated";
const REALM_ISSUER = `https://host.docker.internal:28443/realms/${REALM}`;
const STACK = "prod";
const DEPLOYING = "repo:scpcloud/integrations:environment:prod";
const LOOKING = "repo:scpcloud/integrations:environment:drift-prod";
const OF_A_BRANCH = "repo:scpcloud/integrations:ref:refs/heads/other";
/** GitHub's are good for five minutes. */
const TOKEN_SECONDS = 6;
const LACKING = missing("curl");

let issuer: Listener;
let tokenOfJob: (subject: string, audience?: string) => Promise<string>;
let gateway: Listener;
let keycloak: KeycloakConnection;
let project: Project;
const administrator = new Administrator(REALM);
/** Of each login of the provider by an assertion: when it was, and when the assertion ended. */
const logins: { readonly at: number; readonly ended: number }[] = [];
let holdsBack = false;

(LACKING === "" ? describe : describe.skip)(`a job of GitHub, which has no secret but its own token${LACKING}`, () => {
  beforeAll(async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const keys = { keys: [{ ...(await exportJWK(publicKey)), kid: "key", alg: "RS256", use: "sig" }] };
    tokenOfJob = (subject, audience = REALM_ISSUER) =>
      new SignJWT({ jti: randomUUID(), iss: issuer.url, sub: subject, aud: audience })
        .setProtectedHeader({ alg: "RS256", kid: "key" })
        .setIssuedAt()
        .setExpirationTime(`${TOKEN_SECONDS}s`)
        .sign(privateKey);
    // Like GitHub, it has the keys, and gives a job its token. Which job asks, the bearer tells.
    const answering = createServer((request, response) => {
      const { pathname, searchParams } = new URL(request.url ?? "", issuer.url);
      const [, subject = ""] = /^bearer (.*)/.exec(request.headers.authorization ?? "") ?? [];
      const answer =
        pathname === "/keys"
          ? Promise.resolve(keys)
          : tokenOfJob(subject, searchParams.get("audience") ?? "").then((value) => ({ value }));
      void answer.then((json) => response.end(JSON.stringify(json)));
    });
    issuer = await listen(answering);
    gateway = await startProxy(async (incoming, body) => {
      if (programOf(incoming) !== "provider") {
        return;
      }
      if (incoming.url?.endsWith("/token") === true) {
        const { exp = 0 } = decodeJwt(new URLSearchParams(body).get("client_assertion") ?? "");
        logins.push({ at: Date.now(), ended: exp * 1000 });
      } else if (holdsBack && incoming.method === "POST") {
        holdsBack = false;
        await sleep((logins[0]?.ended ?? 0) + 1000 - Date.now());
      }
    });
    project = await Project.create(REALM);
    keycloak = connect(serverOfTests());
    await Stack.createIn(project, STACK, stackFile({ acme: "anna" }));
  });

  afterAll(async () => {
    await project.remove();
    await keycloak.close();
    issuer.close();
    gateway.close();
  });

  const stackFile = (users: Readonly<Record<string, string>>): StackFile => ({
    "keycloak:url": gateway.url,
    "keycloak:clientId": undefined,
    "scpcloud:requireHttps": false,
    "scpcloud:integrations": Object.fromEntries(
      Object.entries(users).map(([name, organizationUser]) => [name, { organizationUser }]),
    ),
  });

  const enter = async (...job: Parameters<typeof tokenOfJob>) => loginBy(undefined, await assertionOf(...job));
  const assertionOf = async (...job: Parameters<typeof tokenOfJob>): Promise<LoginCredentials> => ({
    kind: "assertion",
    assertion: await tokenOfJob(...job),
  });
  const loginBy = (clientId: string | undefined, credentials: LoginCredentials) =>
    login(keycloak, { connection: serverOfTests(), deployer: { realm: REALM, clientId, credentials } });

  /** Runs a command in a job, as the workflows do. */
  const inJob = async (subject: string, ...command: readonly string[]) => {
    const { exitCode, stdout, stderr } = await run("bash", [join(REPOSITORY, ".github", "with-token.sh"), ...command], {
      cwd: project.directory,
      env: {
        ...project.environment,
        KEYCLOAK_CLIENT_SECRET: "",
        KEYCLOAK_ISSUER: REALM_ISSUER,
        ACTIONS_ID_TOKEN_REQUEST_URL: `${issuer.url}/token?version=2`,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: subject,
        RENEW_SECONDS: "1",
      },
      timeoutMilliseconds: STEP_LIMIT_MILLISECONDS,
    });
    // The beginning of every token.
    expect(stdout + stderr).not.toContain("eyJ");
    return { exitCode, text: stdout + stderr };
  };
  const scpcloud = (...args: string[]) => [process.execPath, join(project.directory, "scpcloud"), ...args];
  const up = ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive", "--color", "never", "--stack", STACK];
  const good = (text: string) => ({ exitCode: 0, text: expect.stringContaining(text) as string });

  it("may log in once federate.ts has run, which mends what differs", async () => {
    const { url, bootstrapAdminPasswordFile, caCertificateFile } = serverOfTests();
    for (let time = 0; time < 2; time++) {
      const args = [".github/federate.ts", url, REALM, "scpcloud/integrations", STACK];
      const { exitCode, stdout, stderr } = await run(process.execPath, args, {
        cwd: REPOSITORY,
        env: {
          NODE_EXTRA_CA_CERTS: caCertificateFile,
          KEYCLOAK_USER: "admin",
          KEYCLOAK_PASSWORD: (await readFile(bootstrapAdminPasswordFile, "utf8")).trim(),
        },
      });
      expect({ exitCode, stdout, stderr }).toEqual({
        exitCode: 0,
        stdout: `✓ ${STACK}: its jobs may log in to realm ${REALM}\n`,
        stderr: "",
      });
    }
    // GitHub's keys are not to be had here.
    const path = "/identity-provider/instances/github-actions";
    const provider = (await administrator.send("GET", path)) as { readonly config: object };
    const config = { ...provider.config, issuer: issuer.url, jwksUrl: `${issuer.url}/keys` };
    await administrator.send("PUT", path, { ...provider, config });

    const rights = async (environment: string) => {
      const token = await enter(`repo:scpcloud/integrations:environment:${environment}`);
      expect(clientOf(token)).toBe(`github-actions-${environment}`);
      return rolesOf(token, REALM)
        ?.filter((role) => /^(manage|view)-/.test(role))
        .sort();
    };
    const looking = ["view-clients", "view-realm", "view-users"];
    expect(await rights("prod")).toEqual(["manage-clients", "manage-realm", "view-realm", "view-users"]);
    expect(await rights("preview-prod")).toEqual(looking);
    expect(await rights("drift-prod")).toEqual(looking);
  });

  it("is refused where it is another branch's or a pull request's, or its token for somebody else", async () => {
    for (const subject of [OF_A_BRANCH, "repo:scpcloud/integrations:pull_request", DEPLOYING.replace("prod", "PROD")]) {
      await expect(enter(subject)).rejects.toThrow(`subject "${subject}"`);
    }
    await expect(enter(DEPLOYING, "sts.amazonaws.com")).rejects.toThrow("Invalid token audience");
    // The client's own secret, which Keycloak makes all the same, opens nothing.
    const { secret = "" } = await administrator.client("github-actions-prod");
    await expect(loginBy("github-actions-prod", { kind: "clientSecret", clientSecret: secret })).rejects.toThrow(
      "Keycloak refused the login (401",
    );
    const refused = { exitCode: 1, text: expect.stringContaining(`subject "${OF_A_BRANCH}"`) as string };
    expect(await inJob(OF_A_BRANCH, ...scpcloud("doctor", "--stack", STACK))).toEqual(refused);
    expect((await inJob(OF_A_BRANCH, ...up)).exitCode).not.toBe(0);
  });

  it("deploys, also when that takes longer than a token is good for", async () => {
    // Keycloak's access tokens end first, so that the provider has to log in again.
    await administrator.changeClient("github-actions-prod", { attributes: { "access.token.lifespan": "2" } });
    logins.length = 0;
    holdsBack = true;

    expect(await inJob(DEPLOYING, ...up)).toEqual(good("acme-default-scopes created"));
    expect(holdsBack).toBe(false);
    expect(logins.at(-1)?.at).toBeGreaterThan(logins[0]?.ended ?? Infinity);
  });

  it("plans, looks for drift and verifies with rights to look only, and deploys with those of its environment", async () => {
    await project.configure(STACK, stackFile({ acme: "anna", globex: "reporting@acme.example" }));
    const of = ["--realm-stack", STACK];
    expect(await inJob(LOOKING, ...scpcloud("rollout", ...of, "--preview"))).toEqual(good("create"));
    expect(await inJob(DEPLOYING, ...scpcloud("rollout", ...of, "--yes", "--skip-preview"))).toEqual(good("done"));
    expect(await inJob(LOOKING, ...scpcloud("drift", ...of))).toEqual(good("no drift"));
    expect(await inJob(LOOKING, ...scpcloud("verify", ...of))).toEqual(good("the tokens of 2 customers are"));
  });

  it("is told by doctor what it presented, never the token", async () => {
    const { text } = await inJob(DEPLOYING, ...scpcloud("doctor", "--stack", STACK));
    expect(text).toMatch(
      /login: .*github-actions-prod.* is accepted, by an assertion of issuer ".*", subject "repo:scpcloud\/integrations:environment:prod", audience ".*", issued \d+ s ago/,
    );
  });
});
