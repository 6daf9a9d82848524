import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { withContainers } from "../containers.ts";
import { describeWithEngine, dockerEngine, namesOnEngine } from "../engine.ts";

const SECRET = "s3cret-of-the-services-own";

describeWithEngine("containers, when something is wrong", (images) => {
  it("are told all faults at once, before anything is made", async () => {
    await withContainers(images, async ({ configure, containers, name, up }) => {
      const ports = [{ host: 1, container: 8080 }];
      const environment = { Keycloak__BaseUrl: "https://elsewhere.example" };
      const api = { ...containers.api, ports, memmory: 1 };
      await configure({ bff: { image: "web-production-bff:1.0", ports, environment }, api });

      const { exitCode, stdout, stderr } = await up();

      expect(exitCode).not.toBe(0);
      for (const key of ["bff.image", "bff.environment.Keycloak__BaseUrl", "api.memmory"]) {
        expect(stdout).toContain(`scpcloud-services:${key}`);
      }
      expect(stdout).toContain("3 faults in the stack's configuration; nothing was changed.");
      expect(stdout + stderr).not.toMatch(/^ +at /m);
      expect(await namesOnEngine(name)).toEqual([]);
    });
  });

  it("fail the run with the last log lines when one does not start, and are mended by the next run", async () => {
    await withContainers(images, async ({ configure, containers, name, stack, up }) => {
      await configure({ bff: { ...containers.bff, environment: {} } });

      const { exitCode, stdout, stderr } = await up();

      expect(exitCode).not.toBe(0);
      expect(stdout).toContain(`The container scpcloud-${name}-web-production-bff ended with exit code 1`);
      expect(stdout).toContain("ProductionApi__BaseUrl is missing");
      expect(stdout + stderr).not.toMatch(/^ +at /m);
      // What was made is in the state. As long as it is not healthy, no run passes.
      expect((await up()).exitCode).not.toBe(0);

      await configure({});
      await stack.up();
      await stack.preview({ expectNoChanges: true, refresh: true });
    });
  });

  it("fail the run when one is unhealthy, until its check passes", async () => {
    await withContainers(images, async ({ configure, containers, name, stack, up }) => {
      const check = (exitCode: number) => ({
        command: ["/bin/node", "--eval", `process.exit(${exitCode})`],
        interval: 1,
        retries: 1,
      });
      await configure({ api: { ...containers.api, healthCheck: check(1) } });

      const { exitCode, stdout } = await up();

      expect(exitCode).not.toBe(0);
      expect(stdout).toContain(`The container scpcloud-${name}-production-api is unhealthy`);
      expect(stdout).toContain('"event":"started"');

      await configure({ api: { ...containers.api, healthCheck: check(0) } });
      await stack.up();
    });
  });

  it("keep the values of secret variables out of previews, logs and the state", async () => {
    await withContainers(images, async ({ name, project, stack, up }) => {
      await stack.setSecret("scpcloud-services:secretEnvironment.bff.Own__Secret", SECRET, { path: true });

      const preview = await project.pulumi("preview", "--diff", "--stack", name);
      const { exitCode, stdout, stderr } = await up("--diff");
      const { body } = await dockerEngine().request("GET", `/containers/scpcloud-${name}-web-production-bff/json`);
      const texts = await statesOf(join(project.directory, ".."));

      expect([preview.exitCode, exitCode]).toEqual([0, 0]);
      expect(body.toString()).toContain(`Own__Secret=${SECRET}`);
      expect(texts.length).toBeGreaterThan(0);
      for (const text of [preview.stdout, preview.stderr, stdout, stderr, ...texts]) {
        expect(text).not.toContain(SECRET);
      }
    });
  });
});

/** The files of the project's state, history included. */
async function statesOf(directory: string): Promise<string[]> {
  const entries = await readdir(join(directory, ".pulumi"), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), "utf8")));
}
