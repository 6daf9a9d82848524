import { jsonOf } from "../../../components/engine/containerState";
import type { Credentials } from "../../../outputs";
import { operationEntriesOf } from "../../../development/stand-ins/operationEntries";
import { dockerEngine, namesOnEngine } from "../engine";
import { Administrator } from "../keycloak";
import { Project, type StackFile } from "../project";
import { describeWithRegistry, inspectImage, publish, Registry } from "../registry";
import { REALMS, serverOfTests } from "../server";
import { appsOf, callBff, ownStackName, type Services, servicesOf } from "../services";
import type { Stack } from "../stack";

const REALM = REALMS.appsRegistry;
const STACK = ownStackName("registry");
const ORGANIZATION = "11111111-1111-4111-8111-111111111111";
const TAG = "1.0";
const SERVICES = { bff: "web-production-bff", api: "production-api" } as const;
type Service = keyof typeof SERVICES;

describeWithRegistry("images of a registry", (images) => {
  let registry: Registry;
  let project: Project;
  let stack: Stack;
  let services: Services;
  /** What the stack file says at the moment. */
  let digests: Readonly<Record<Service, string>>;
  /** As the engine knows what it has pulled. */
  const published: string[] = [];

  const repositoryOf = (service: Service) => `${registry.address}/${SERVICES[service]}`;
  const referenceTo = (service: Service, digest: string) => `${repositoryOf(service)}:${TAG}@${digest}`;

  /** An image of its own, also if two runs of the tests share an engine. */
  const publishOne = async (service: Service, version: number): Promise<string> => {
    const label = `com.scpcloud.tests=${STACK}-${service}-${version}`;
    const digest = await publish(images[service], repositoryOf(service), TAG, label);
    published.push(`${repositoryOf(service)}@${digest}`);
    return digest;
  };

  const stackFile = (references: Readonly<Record<Service, string>>): StackFile => {
    // `pull` is true unless the stack file says otherwise, and so is `requireDigest`.
    const declare = (service: Service) => ({ ...services[service], image: references[service], pull: undefined });
    return {
      ...project.connection(REALM),
      ...appsOf(services, serverOfTests().url),
      "scpcloud:apps": { bff: declare("bff"), api: declare("api") },
      "scpcloud:accessTokenLifespan": 300,
      "scpcloud:integrations": { kestrel: { organizationId: ORGANIZATION } },
    };
  };

  const configure = (changes: Partial<Record<Service, string>> = {}) => {
    digests = { ...digests, ...changes };
    return project.configure(
      STACK,
      stackFile({ bff: referenceTo("bff", digests.bff), api: referenceTo("api", digests.api) }),
    );
  };

  beforeAll(async () => {
    registry = await Registry.start();
    digests = { bff: await publishOne("bff", 1), api: await publishOne("api", 1) };
    project = await Project.create();
    services = await servicesOf(images);
    stack = await project.createStack(STACK, {});
    await configure();
  });

  afterAll(async () => {
    await configure();
    await stack.destroy();
    await project.remove();
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

  const expectServed = async () => {
    const { credentials } = await stack.outputs();
    const { kestrel } = credentials?.value as Record<string, Credentials>;
    expect(await callBff(services.bffUrl, kestrel as Credentials)).toMatchObject({
      status: 200,
      body: operationEntriesOf(ORGANIZATION),
    });
  };

  it("are refused by a tag alone, before anything is made", async () => {
    await project.configure(
      STACK,
      stackFile({ bff: `${repositoryOf("bff")}:${TAG}`, api: referenceTo("api", digests.api) }),
    );

    const { exitCode, stdout } = await project.pulumi("up", "--yes", "--skip-preview", "--stack", STACK);

    await configure();
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(/scpcloud:apps\.bff\.image\s+must have a digest/);
    expect(stdout).toContain("requireDigest: false");
    expect(await namesOnEngine(STACK)).toEqual([]);
    const administrator = await Administrator.login(REALM);
    expect(await administrator.clients("kestrel")).toEqual([]);
    await administrator.close();
  });

  it("are pulled, and run as they were pushed", async () => {
    expect(await Promise.all(published.map(inspectImage))).toEqual([undefined, undefined]);

    await stack.up();

    await expectRunning("bff", 1);
    await expectRunning("api", 1);
    await expectServed();
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
      await expectServed();
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
