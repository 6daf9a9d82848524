import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { Credentials } from "../../../outputs";
import { describeWithEngine, dockerEngine, namesOnEngine } from "../engine";
import { Administrator } from "../keycloak";
import { Project, type StackFile } from "../project";
import { REALMS, serverOfTests } from "../server";
import { appsOf, callBff, ownStackName, type Services, servicesOf } from "../services";
import type { Stack } from "../stack";

const REALM = REALMS.appsFailures;
const SECRET = "s3cret-of-the-services-own";

describeWithEngine("containers, when something is wrong", (images) => {
  let name: string;
  let project: Project;
  let stack: Stack;
  let administrator: Administrator;
  let services: Services;
  let stackFile: StackFile;

  beforeEach(async () => {
    name = ownStackName("failures");
    administrator = await Administrator.login(REALM);
    project = await Project.create();
    services = await servicesOf(images);
    stackFile = withApps(services);
    stack = await project.createStack(name, stackFile);
  });

  afterEach(async () => {
    await stack.destroy();
    expect(await namesOnEngine(name)).toEqual([]);
    await administrator.close();
    await project.remove();
  });

  const withApps = (apps: Pick<Services, "bff" | "api">): StackFile => ({
    ...project.connection(REALM),
    ...appsOf(apps, serverOfTests().url),
    "scpcloud:accessTokenLifespan": 300,
    "scpcloud:integrations": { kestrel: { organizationId: "11111111-1111-4111-8111-111111111111" } },
  });

  const up = (...args: string[]) => project.pulumi("up", "--yes", "--skip-preview", "--stack", name, ...args);

  it("are told all faults at once, before anything is made", async () => {
    const image = "web-production-bff";
    const ports = [{ host: 1, container: 8080 }];
    const environment = { Keycloak__BaseUrl: "https://elsewhere.example" };
    await project.configure(name, {
      ...withApps({ bff: { image, ports, environment, aliases: [] }, api: { ...services.api, ports, memmory: 1 } }),
      "scpcloud:publicUrl": "http://host.docker.internal:28443",
    });

    const { exitCode, stdout, stderr } = await up();

    expect(exitCode).not.toBe(0);
    for (const key of [
      "scpcloud:apps.bff.image",
      "scpcloud:apps.bff.aliases",
      "scpcloud:apps.bff.environment.Keycloak__BaseUrl",
      "scpcloud:apps.bff.ports[0].host",
      "scpcloud:apps.api.memmory",
      "scpcloud:publicUrl",
    ]) {
      expect(stdout).toContain(key);
    }
    expect(stdout).toContain("6 faults in the stack's configuration; nothing was changed.");
    expect(stdout + stderr).not.toMatch(/^ +at /m);
    expect(await administrator.clients("kestrel")).toEqual([]);
    expect(await namesOnEngine(name)).toEqual([]);
  });

  it("fail the run with the last log lines when one does not start, and are mended by the next run", async () => {
    await project.configure(name, withApps({ ...services, bff: { ...services.bff, environment: {} } }));

    const { exitCode, stdout, stderr } = await up();

    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/The container scpcloud-failures-\w+-web-production-bff ended with exit code 1/);
    expect(stdout).toContain("ProductionApi__BaseUrl is missing");
    expect(stdout + stderr).not.toMatch(/^ +at /m);
    // What was made is in the state, and so are the outputs.
    const { credentials } = await stack.outputs();
    const kestrel = (credentials?.value as Record<string, Credentials>)["kestrel"] as Credentials;
    // As long as it is not healthy, no run passes.
    expect((await up()).exitCode).not.toBe(0);

    await project.configure(name, stackFile);
    expect((await up()).exitCode).toBe(0);
    expect(await callBff(services.bffUrl, kestrel)).toMatchObject({ status: 200 });
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("fail the run when one does not get healthy in time", async () => {
    const healthCheck = { command: ["/bin/node", "--eval", "process.exit(1)"], interval: 1, retries: 1 };
    await project.configure(name, withApps({ ...services, api: { ...services.api, healthCheck, healthTimeout: 10 } }));

    const { exitCode, stdout } = await up();

    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/The container scpcloud-failures-\w+-production-api did not get healthy within 10 s/);
    expect(stdout).toContain('"event":"started"');

    const healthy = { ...healthCheck, command: ["/bin/node", "--eval", "process.exit(0)"] };
    await project.configure(name, withApps({ ...services, api: { ...services.api, healthCheck: healthy } }));
    expect((await up()).exitCode).toBe(0);
  });

  it("keep the values of secret variables out of previews, logs and the state", async () => {
    await stack.setSecret("scpcloud:secretEnvironment.bff.Own__Secret", SECRET, { path: true });

    const preview = await project.pulumi("preview", "--diff", "--stack", name);
    const { exitCode, stdout, stderr } = await up("--diff");
    const { body } = await dockerEngine().request("GET", `/containers/scpcloud-${name}-web-production-bff/json`);
    const texts = await statesOf(project.directory);

    expect([preview.exitCode, exitCode]).toEqual([0, 0]);
    expect(body.toString()).toContain(`Own__Secret=${SECRET}`);
    for (const text of [preview.stdout, preview.stderr, stdout, stderr, ...texts]) {
      expect(text).not.toContain(SECRET);
    }
    expect(texts.length).toBeGreaterThan(0);
  });
});

/** The files of the project's state, history included. */
async function statesOf(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, ".pulumi"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")));
}
