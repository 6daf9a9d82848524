import { findResource } from "../mocks";
import { API_IMAGE, BFF_IMAGE, BOTH, withApps, withBff } from "./appsConfiguration";
import { CONTAINER, containerOf, declareApps } from "./declaredApps";

jest.mock("../../components/engine/containerHealth", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

const IMAGE = "docker:index/remoteImage:RemoteImage";
const NETWORK = "docker:index/network:Network";
const STACK = { label: "com.scpcloud.stack", value: "prod" };

describe("the containers", () => {
  it("are two, from two images, on one network, with nothing besides", async () => {
    const { resources } = await declareApps();

    const declared = resources
      .filter(({ type }) => !type.startsWith("scpcloud:services"))
      .map(({ name, parent, type }) => `${parent} > ${type} ${name}`);
    expect(declared.sort()).toEqual([
      " > scpcloud:apps:Apps apps",
      `api > ${CONTAINER} api-container`,
      "apps > docker:index/network:Network network",
      `apps > ${IMAGE} api-image`,
      `apps > ${IMAGE} bff-image`,
      "apps > scpcloud:apps:App api",
      "apps > scpcloud:apps:App bff",
      `bff > ${CONTAINER} bff-container`,
    ]);
  });

  it.each(["bff", "api"] as const)("are one where the stack file has %s alone", async (app) => {
    const { containers, resources } = await declareApps(withApps({ [app]: BOTH[app] }));

    expect(resources.filter(({ type }) => type === CONTAINER).map(({ name }) => name)).toEqual([`${app}-container`]);
    expect(Object.keys(containers)).toEqual([app]);
  });

  it("are outputs, by the names under which the engine knows them", async () => {
    const { containers } = await declareApps();

    expect(containers).toEqual({ api: "scpcloud-prod-production-api", bff: "scpcloud-prod-web-production-bff" });
  });

  it("are on a network that is named after the stack, or as the stack file says", async () => {
    const networkOf = async (source = withApps(BOTH)) =>
      findResource((await declareApps(source)).resources, NETWORK, "network").inputs;

    expect(await networkOf()).toEqual({ labels: [STACK], name: "scpcloud-prod" });
    const source = withApps({ ...BOTH, network: "other" });
    expect(await networkOf(source)).toEqual({ labels: [STACK], name: "other" });
    expect(containerOf((await declareApps(source)).resources, "bff")["networksAdvanced"]).toMatchObject([
      { name: "other" },
    ]);
  });
});

describe("what a stack has on the engine", () => {
  it("is labelled with the stack, but for the images, which others may use", async () => {
    const { resources } = await declareApps();

    const ofEngine = resources.filter(({ type }) => type.startsWith("docker:") && type !== IMAGE);
    expect(ofEngine).toHaveLength(3);
    for (const { inputs } of ofEngine) {
      expect(inputs["labels"]).toEqual([STACK]);
    }
  });

  it("has the hook told whatever the engine refuses", async () => {
    const { resources } = await declareApps();

    const ofEngine = resources.filter(({ type }) => type.startsWith("docker:"));
    expect(ofEngine.map(({ errorHooks }) => errorHooks)).toEqual(ofEngine.map(() => ["refusal"]));
  });

  it("is deleted before its replacement takes its name", async () => {
    const { resources } = await declareApps();

    const isFirst = ({ type }: { type: string }) => type === CONTAINER || type === NETWORK;
    for (const resource of resources.filter(({ isComponent }) => !isComponent)) {
      expect(resource.deleteBeforeReplace).toBe(isFirst(resource));
    }
  });
});

describe("an image", () => {
  it("is pulled, kept on the engine, and referred to by its id", async () => {
    const { resources } = await declareApps();

    expect(findResource(resources, IMAGE, "bff-image").inputs).toEqual({ keepLocally: true, name: BFF_IMAGE });
    expect(findResource(resources, IMAGE, "api-image").inputs).toEqual({ keepLocally: true, name: API_IMAGE });
    expect(containerOf(resources, "bff")["image"]).toBe("sha256:of-bff-image");
    expect(containerOf(resources, "api")["image"]).toBe("sha256:of-api-image");
  });

  it("is not pulled where the engine has it", async () => {
    const { resources } = await declareApps(withBff({ pull: false }));

    expect(resources.filter(({ type }) => type === IMAGE)).toEqual([]);
    expect(containerOf(resources, "bff")["image"]).toBe(BFF_IMAGE);
  });
});
