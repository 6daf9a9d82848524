import { describeWithEngine, dockerEngine, namesOnEngine } from "../engine";
import { Project } from "../project";
import { REALMS, serverOfTests } from "../server";
import { appsOf, ownStackName, servicesOf } from "../services";

const REALM = REALMS.appsRecovery;

describeWithEngine("containers that the state does not know", (images) => {
  it("stop an up, which says what to do, and are made anew by recover", async () => {
    const name = ownStackName("recovery");
    const project = await Project.create();
    const stack = await project.createStack(name, {
      ...project.connection(REALM),
      ...appsOf(await servicesOf(images), serverOfTests().url),
      "scpcloud:accessTokenLifespan": 300,
      "scpcloud:integrations": { kestrel: { organizationId: "11111111-1111-4111-8111-111111111111" } },
    });
    try {
      await stack.up();
      // What a killed run leaves: objects of the engine's that never got into the state.
      const state = await stack.exportStack();
      const { resources } = state.deployment as { resources: { type: string; id?: string; urn: string }[] };
      const kept = resources.filter(({ type }) => !/:(Container|Network)$/.test(type));
      const deployment = { ...(state.deployment as object), resources: kept };
      await stack.importStack({ ...state, deployment });
      const before = await idOf(`scpcloud-${name}-production-api`);

      const up = await project.pulumi("up", "--yes", "--skip-preview", "--stack", name);
      expect(up.exitCode).not.toBe(0);
      expect(up.stdout).toContain(`The Docker engine already has a network "scpcloud-${name}"`);
      expect(up.stdout).toContain(`scpcloud recover --stack ${name}`);

      const { exitCode, stdout } = await project.command("recover", "--stack", name, "--yes");
      expect(stdout).toContain(`removed what the state does not know: container scpcloud-${name}-production-api`);
      expect(stdout).toContain(`removed what the state does not know: network scpcloud-${name}`);
      expect(exitCode).toBe(0);
      expect(await idOf(`scpcloud-${name}-production-api`)).not.toBe(before);
      await stack.preview({ expectNoChanges: true, refresh: true });
    } finally {
      await stack.destroy();
      expect(await namesOnEngine(name)).toEqual([]);
      await project.remove();
    }
  });
});

async function idOf(container: string): Promise<string> {
  const { body } = await dockerEngine().request("GET", `/containers/${container}/json`);
  return (JSON.parse(body.toString()) as { Id: string }).Id;
}
