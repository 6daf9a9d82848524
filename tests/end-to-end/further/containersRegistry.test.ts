import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { jsonOf } from "../../../services/engine/containerState";
import { type Containers, containersFile, containersOf, mainFile, ownStackName } from "../containers";
import { dockerEngine, namesOnEngine } from "../engine";
import { Project, type StackFile } from "../project";
import { describeWithRegistry, inspectImage, publish, Registry, REGISTRY_USER } from "../registry";
import type { Stack } from "../stack";

const STACK = ownStackName("registry");
const TAG = "1.0";
const SERVICES = { bff: "web-production-bff", api: "production-api" } as const;
type Service = keyof typeof SERVICES;

describeWithRegistry("images of a registry that asks for a password", (images) => {
  let registry: Registry;
  let main: Project;
  let project: Project;
  let stack: Stack;
  let containers: Containers;
  /** The key `docker:registryAuth`, as the stack file has it. */
  let login: unknown;
  /** What the stack file says at the moment. */
  let digests: Readonly<Record<Service, string>>;
  /** As the engine knows what it has pulled. */
  const published: string[] = [];

  const repositoryOf = (service: Service) => `${registry.address}/${SERVICES[service]}`;

  /** An image of its own, also if two runs of the tests share an engine. */
  const publishOne = async (service: Service, version: number): Promise<string> => {
    const label = `com.scpcloud.tests=${STACK}-${service}-${version}`;
    const digest = await publish(images[service], repositoryOf(service), TAG, label);
    published.push(`${repositoryOf(service)}@${digest}`);
    return digest;
  };

  const configure = async (changes: Partial<Record<Service, string>> = {}, further?: StackFile) => {
    digests = { ...digests, ...changes };
    // `pull` is true unless the stack file says otherwise.
    const declare = (service: Service) => {
      const image = [`${repositoryOf(service)}:${TAG}`, ...(digests[service] === "" ? [] : [digests[service]])].join(
        "@",
      );
      return { ...containers[service], image, pull: undefined };
    };
    const declared = { bff: declare("bff"), api: declare("api") };
    await project.configure(STACK, containersFile(declared, further ?? { "docker:registryAuth": login }));
  };

  beforeAll(async () => {
    registry = await Registry.start();
    digests = { bff: await publishOne("bff", 1), api: await publishOne("api", 1) };
    main = await Project.create();
    project = main.services();
    containers = await containersOf(images);
    await main.configure(STACK, mainFile(main, "ScpCloud", { kestrel: "11111111-1111-4111-8111-111111111111" }));
    const { username, password } = REGISTRY_USER;
    stack = await project.createStack(STACK, { "docker:registryAuth": [{ address: registry.address, username }] });
    await stack.setSecret("docker:registryAuth[0].password", password, { path: true });
    const file = parse(await readFile(join(project.directory, `Pulumi.${STACK}.yaml`), "utf8")) as {
      config: StackFile;
    };
    login = file.config["docker:registryAuth"];
    await configure();
  });

  afterAll(async () => {
    await configure();
    await stack.destroy();
    await main.remove();
    await registry.removeImages();
    await registry.stop();
  });

  const inspect = async (service: Service) =>
    jsonOf(await dockerEngine().request("GET", `/containers/scpcloud-${STACK}-${SERVICES[service]}/json`)) as {
      readonly Id: string;
      readonly Image: string;
      readonly Config: { readonly Labels: Readonly<Record<string, string>> };
    };

  const expectRunning = async (service: Service, version: number) => {
    const { Image, Config } = await inspect(service);
    expect((await inspectImage(Image))?.RepoDigests).toContain(`${repositoryOf(service)}@${digests[service]}`);
    expect(Config.Labels["com.scpcloud.tests"]).toBe(`${STACK}-${service}-${version}`);
  };

  const up = () => project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);

  it("are refused by a tag alone, before anything is made", async () => {
    const { bff } = digests;
    await configure({ bff: "" });
    const { exitCode, stdout } = await up();
    await configure({ bff });

    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/scpcloud-services:bff\.image\s+must have a digest/);
    expect(await namesOnEngine(STACK)).toEqual([]);
  });

  it("are not pulled without the password, and the registry's refusal is told", async () => {
    await configure({}, {});
    const { exitCode, stdout, stderr } = await up();
    await configure();

    expect(exitCode).not.toBe(0);
    expect(stdout + stderr).toMatch(/no basic auth credentials|unauthorized|authentication required/i);
    expect(await Promise.all(published.map(inspectImage))).toEqual([undefined, undefined]);
  });

  it("are pulled, and run as they were pushed", async () => {
    expect(await Promise.all(published.map(inspectImage))).toEqual([undefined, undefined]);

    await stack.up();

    await expectRunning("bff", 1);
    await expectRunning("api", 1);
    expect(JSON.stringify(await stack.exportStack())).not.toContain(REGISTRY_USER.password);
  });

  it("change nothing at a second preview, nor at one that reads the engine again", async () => {
    await stack.preview({ expectNoChanges: true });
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it.each(["bff", "api"] as const)(
    "change with the digest in the stack file and not with the tag: %s",
    async (service) => {
      const [other] = (["bff", "api"] as const).filter((name) => name !== service) as [Service];
      const [before, untouched] = [await inspect(service), await inspect(other)];

      const digest = await publishOne(service, 2);
      expect(digest).not.toBe(digests[service]);
      await stack.up({ refresh: true, expectNoChanges: true });
      expect((await inspect(service)).Id).toBe(before.Id);

      await configure({ [service]: digest });
      const { stdout } = await project.pulumi("preview", "--diff", "--stack", STACK);
      // The image, the container that is made of it and nothing else.
      expect(stdout).toMatch(/\+-2 to replace\n/);
      expect(stdout.match(/^ *\+-docker:index\/container:Container/gm)).toHaveLength(1);
      expect(stdout).toContain(`::${service}-container]`);
      await stack.up();

      await expectRunning(service, 2);
      expect((await inspect(other)).Id).toBe(untouched.Id);
      await stack.preview({ expectNoChanges: true, refresh: true });
    },
  );

  it("stay on the engine when the containers are gone", async () => {
    await stack.destroy();

    expect(await namesOnEngine(STACK)).toEqual([]);
    // Also the first ones, to which somebody may want to go back.
    const [bff = "", api = ""] = published;
    expect(await inspectImage(bff)).toBeDefined();
    expect(await inspectImage(api)).toBeDefined();
  });
});
