import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";

import { jsonOf } from "../../../services/engine/containerState.ts";
import { type Containers, containersFile, containersOf, mainFile, ownStackName } from "../containers.ts";
import { describeWithEngine, dockerEngine, namesOnEngine } from "../engine.ts";
import { Project, type StackFile } from "../project.ts";
import { inspectImage, PROGRAM, publish, Registry, REGISTRY_USER } from "../registry.ts";
import { Stack } from "../stack.ts";
import { missing } from "../tools.ts";

const STACK = ownStackName("registry");
const TAG = "1.0";
const SERVICES = { bff: "web-production-bff", api: "production-api" } as const;
type Service = keyof typeof SERVICES;

const tests = (images: Readonly<Record<Service, string>>) => {
  let registry: Registry;
  let main: Project;
  let project: Project;
  let stack: Stack;
  let containers: Containers;
  /** The key `docker:registryAuth`, as the stack file has it. */
  let login: unknown;
  /** What the stack file says at the moment. */
  let digests: Readonly<Record<Service, string>>;

  const repositoryOf = (service: Service) => `${registry.address}/${SERVICES[service]}`;
  const known = (service: Service, digest = digests[service]) => inspectImage(`${repositoryOf(service)}@${digest}`);
  /** An image of its own, also if two runs of the tests share an engine. */
  const publishOne = (service: Service, version: number) =>
    publish(images[service], repositoryOf(service), TAG, `com.scpcloud.tests=${STACK}-${service}-${version}`);

  /** @param further what the stack file says besides; the login as a rule */
  const configure = async (changes: Partial<Record<Service, string>> = {}, further?: StackFile) => {
    digests = { ...digests, ...changes };
    // `pull` is true unless the stack file says otherwise.
    const declare = (service: Service) => {
      const digest = digests[service] === "" ? "" : `@${digests[service]}`;
      return { ...containers[service], image: `${repositoryOf(service)}:${TAG}${digest}`, pull: undefined };
    };
    const declared = { bff: declare("bff"), api: declare("api") };
    await stack.configure(containersFile(declared, further ?? { "docker:registryAuth": login }));
  };

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

  beforeAll(async () => {
    registry = await Registry.start();
    digests = { bff: await publishOne("bff", 1), api: await publishOne("api", 1) };
    main = await Project.create();
    project = main.services();
    containers = await containersOf(images);
    await main.configure(STACK, mainFile({ kestrel: "11111111-1111-4111-8111-111111111111" }));
    const { username, password } = REGISTRY_USER;
    stack = await Stack.createIn(project, STACK, { "docker:registryAuth": [{ address: registry.address, username }] });
    await stack.setSecret("docker:registryAuth[0].password", password, { path: true });
    const text = await readFile(join(project.directory, `Pulumi.${STACK}.yaml`), "utf8");
    login = (parse(text) as { config: StackFile }).config["docker:registryAuth"];
    await configure();
  });

  afterAll(async () => {
    await stack.destroy();
    await main.remove();
    await registry.removeImages();
    await registry.stop();
  });

  it("are neither taken by a tag alone nor pulled without the password, and nothing is made", async () => {
    const { bff } = digests;
    await configure({ bff: "" });
    const byTag = await stack.tryUp();
    await configure({ bff }, {});
    const withoutPassword = await stack.tryUp();
    await configure();

    expect([byTag.exitCode, withoutPassword.exitCode]).not.toContain(0);
    expect(byTag.stdout).toMatch(/scpcloud-services:bff\.image\s+must have a digest/);
    expect(withoutPassword.stdout + withoutPassword.stderr).toMatch(
      /no basic auth credentials|unauthorized|authentication required/i,
    );
    expect([await known("bff"), await known("api")]).toEqual([undefined, undefined]);
    expect((await namesOnEngine(STACK)).filter((name) => name.startsWith("container"))).toEqual([]);
  });

  it("are pulled, and run as they were pushed; the password is not in the state", async () => {
    await stack.up();

    await expectRunning("bff", 1);
    await expectRunning("api", 1);
    expect(JSON.stringify(await stack.exportStack())).not.toContain(REGISTRY_USER.password);
    await stack.preview({ expectNoChanges: true, refresh: true });
  });

  it("change with the digest in the stack file and not with the tag; those of before stay on the engine", async () => {
    const [bff, api, first] = [await inspect("bff"), await inspect("api"), digests.bff];

    const digest = await publishOne("bff", 2);
    expect(digest).not.toBe(first);
    await stack.up({ refresh: true, expectNoChanges: true });
    expect((await inspect("bff")).Id).toBe(bff.Id);

    await configure({ bff: digest });
    const { stdout } = await stack.pulumi("preview", "--diff");
    // The image, the container that is made of it and nothing else.
    expect(stdout).toMatch(/\+-2 to replace\n/);
    expect(stdout.match(/^ *\+-docker:index\/container:Container/gm)).toHaveLength(1);
    expect(stdout).toContain("::bff-container]");
    await stack.up();

    await expectRunning("bff", 2);
    expect((await inspect("api")).Id).toBe(api.Id);
    await stack.preview({ expectNoChanges: true, refresh: true });
    await stack.destroy();
    expect(await namesOnEngine(STACK)).toEqual([]);
    // Somebody may want to go back to them.
    expect([await known("bff", first), await known("bff"), await known("api")]).not.toContain(undefined);
  });
};

describeWithEngine("images of a registry that asks for a password", tests, missing(PROGRAM));
