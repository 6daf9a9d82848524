import { describeWithEngine, dockerEngine } from "../engine";
import { Project } from "../project";
import { REALMS, serverOfTests } from "../server";
import { appsOf, ownStackName, servicesOf } from "../services";

describeWithEngine("containers that somebody stopped or removed", (images) => {
  it("are told in words, and up --refresh repairs them", async () => {
    const name = ownStackName("drift");
    const project = await Project.create();
    const stack = await project.createStack(name, {
      ...project.connection(REALMS.driftApps),
      ...appsOf(await servicesOf(images), serverOfTests().url),
      "scpcloud:accessTokenLifespan": 300,
      "scpcloud:integrations": { kestrel: { organizationId: "11111111-1111-4111-8111-111111111111" } },
    });
    const [bff, api, network] = [
      `scpcloud-${name}-web-production-bff`,
      `scpcloud-${name}-production-api`,
      `scpcloud-${name}`,
    ];
    const drift = async () => {
      const { exitCode, stderr, stdout } = await project.command("drift", "--stack", name);
      expect(stderr).toBe("");
      return { exitCode, told: stdout.split("\n").filter((line) => line.startsWith("- someone")) };
    };
    try {
      await stack.up();
      expect(await drift()).toEqual({ exitCode: 0, told: [] });

      await dockerEngine().request("DELETE", `/containers/${api}?force=1`);
      await dockerEngine().request("POST", `/containers/${bff}/stop?t=1`);
      expect(await drift()).toEqual({
        exitCode: 3,
        told: [
          `- someone removed the container ${api}`,
          `- someone stopped the container ${bff}, or it ended by itself`,
        ],
      });
      await stack.up({ refresh: true });
      expect(await drift()).toEqual({ exitCode: 0, told: [] });

      for (const container of [api, bff]) {
        const body = { Container: container, Force: true };
        await dockerEngine().request("POST", `/networks/${network}/disconnect`, body);
      }
      await dockerEngine().request("DELETE", `/networks/${network}`);
      expect(await drift()).toEqual({
        exitCode: 3,
        told: [`- someone removed the network ${network}, so that its containers publish no ports`],
      });
      await stack.up({ refresh: true });
      expect(await drift()).toEqual({ exitCode: 0, told: [] });
    } finally {
      await stack.destroy();
      await project.remove();
    }
  });
});
