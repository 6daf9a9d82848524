import { run } from "../../../processes/run.ts";
import { withContainers } from "../containers.ts";
import { describeWithEngine, dockerEngine } from "../engine.ts";

describeWithEngine("containers that are not as the state has them", (images) => {
  it("are told by preview --refresh where somebody stopped or removed them, and repaired by up --refresh", async () => {
    await withContainers(images, async ({ name, project, stack, up }) => {
      const [bff, api] = [`scpcloud-${name}-web-production-bff`, `scpcloud-${name}-production-api`];
      const drift = async () => {
        const { exitCode, stdout } = await project.pulumi(
          ...["preview", "--refresh", "--diff", "--expect-no-changes", "--stack", name],
        );
        return exitCode === 0 ? "" : stdout;
      };
      await stack.up();
      expect(await drift()).toBe("");

      await dockerEngine().request("DELETE", `/containers/${api}?force=1`);
      await dockerEngine().request("POST", `/containers/${bff}/stop?t=1`);
      const told = await drift();
      expect(told).toMatch(/docker:index\/container:Container: \(create\)[^]*::api-container\]/);
      expect(told).toContain("mustRun: false => true");
      const { exitCode, stdout } = await up();
      expect(exitCode).not.toBe(0);
      expect(stdout).toContain(
        `The container ${api} is gone from the engine; the next pulumi up --refresh makes it anew`,
      );
      await stack.up({ refresh: true });
      expect(await drift()).toBe("");

      for (const container of [api, bff]) {
        const body = { Container: container, Force: true };
        await dockerEngine().request("POST", `/networks/scpcloud-${name}/disconnect`, body);
      }
      await dockerEngine().request("DELETE", `/networks/scpcloud-${name}`);
      expect(await drift()).toMatch(/docker:index\/network:Network: \(create\)/);
      await stack.up({ refresh: true });
      expect(await drift()).toBe("");
    });
  });

  it("stop an up where a killed run has made them, which says how to have them made anew", async () => {
    await withContainers(images, async ({ name, stack, up }) => {
      await stack.up();
      // What a killed run leaves: objects of the engine's that never got into the state.
      const state = await stack.exportStack();
      const { resources } = state.deployment as { resources: { type: string }[] };
      const kept = resources.filter(({ type }) => !/:(Container|Network)$/.test(type));
      await stack.importStack({ ...state, deployment: { ...(state.deployment as object), resources: kept } });

      const { exitCode, stdout } = await up();
      expect(exitCode).not.toBe(0);
      const commands = [...stdout.matchAll(/To have it made anew, run: (.*) && pulumi up --refresh/g)].map(
        ([, command = ""]) => command,
      );
      expect(commands).toEqual(expect.arrayContaining([expect.stringContaining(`docker network rm scpcloud-${name}`)]));
      for (const command of new Set(commands)) {
        expect((await run("bash", ["-c", command])).exitCode).toBe(0);
      }
      await stack.up({ refresh: true });
      await stack.preview({ expectNoChanges: true, refresh: true });
    });
  });
});
