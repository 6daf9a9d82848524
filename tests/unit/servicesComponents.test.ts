import * as pulumi from "@pulumi/pulumi";

import { explainRefusal } from "../../services/components/refusals.ts";
import { awaitHealthy } from "../../services/engine/containerHealth.ts";
import { connectToEngine } from "../../services/engine/engineConnection.ts";
import { findResource } from "../mocks.ts";
import { CONTAINER, containerOf, declareServices, IMAGE } from "./declaredServices.ts";
import { accepted, BFF_IMAGE, BOTH, linesOf, MAIN, secret, withBff } from "./servicesConfiguration.ts";

jest.mock("../../services/engine/containerHealth.ts", () => ({ awaitHealthy: jest.fn() }));
jest.mock("../../services/engine/engineConnection.ts", () => ({ connectToEngine: jest.fn(() => "the engine") }));

const NETWORK = "docker:index/network:Network";
const VOLUME = "docker:index/volume:Volume";
const STACK = { label: "com.scpcloud.stack", value: "prod" };
const CONTAINERS = { api: "scpcloud-prod-production-api", bff: "scpcloud-prod-web-production-bff" };
const SECRET = "hunter2-hunter2";
/** The key by which the SDK marks a secret on its way to Pulumi's engine. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";

const health = jest.mocked(awaitHealthy);
beforeEach(() => {
  health.mockResolvedValue(undefined);
});

/** With this certificate of a private CA; the components do not look into it. */
const withCertificate = (caCertificate: string, config: object = BOTH) => ({
  ...accepted({ ...config }),
  caCertificate,
});

describe("the containers", () => {
  it.each(["bff", "api"] as const)("are one where the stack file has %s alone", async (service) => {
    const { containers } = await declareServices(accepted({ [service]: BOTH[service] }));

    expect(containers).toEqual({ [service]: CONTAINERS[service] });
  });

  it("are on a network that is named as the stack file says, if it says so", async () => {
    const { resources } = await declareServices(accepted({ ...BOTH, network: "other" }));

    expect(findResource(resources, NETWORK, "network").inputs).toEqual({ labels: [STACK], name: "other" });
  });

  it("and all else on the engine have the stack's label and the hook, and are deleted before they are replaced", async () => {
    const { resources } = await declareServices(withCertificate("a"));

    const ofEngine = resources.filter(({ type }) => type.startsWith("docker:"));
    expect(ofEngine).toHaveLength(7);
    for (const { deleteBeforeReplace, errorHooks, inputs, type } of ofEngine) {
      expect(errorHooks).toEqual(["refusal"]);
      expect(deleteBeforeReplace).toBe(type !== IMAGE);
      // Another stack may use an image.
      expect([inputs["labels"]].flat()[0]).toEqual(type === IMAGE ? undefined : STACK);
    }
  });
});

describe("a container", () => {
  it("is allowed what the stack file says", async () => {
    const bff = {
      healthCheck: { command: ["curl", "x"], interval: 90, retries: 7, startPeriod: 600, timeout: 60 },
      memory: 64,
      ports: [
        { container: 8080, host: 18_080 },
        { address: "0.0.0.0", container: 8443, host: 443 },
      ],
      restart: "no",
      writablePaths: ["/var/cache"],
    };
    const { resources } = await declareServices(accepted(withBff(bff)));

    expect(containerOf(resources, "bff")).toMatchObject({
      healthcheck: {
        interval: "1m30s",
        retries: 7,
        startPeriod: "10m0s",
        tests: ["CMD", "curl", "x"],
        timeout: "1m0s",
      },
      memory: 64,
      memorySwap: 64,
      ports: [
        { external: 18_080, internal: 8080, ip: "127.0.0.1" },
        { external: 443, internal: 8443, ip: "0.0.0.0" },
      ],
      restart: "no",
      tmpfs: { "/var/cache": "rw,noexec,nosuid,nodev" },
    });
    // The provider would only pretend to change it.
    expect(findResource(resources, CONTAINER, "bff-container").replaceOnChanges).toEqual(["healthcheck"]);
  });

  it("has the stack file's variables, sorted, and then the ones that follow from the main stack", async () => {
    const { resources } = await declareServices(accepted(withBff({ environment: { b: "2", A: "1=1", C: "" } })));

    expect(containerOf(resources, "bff")["envs"]).toEqual(["A=1=1", "C=", "b=2", ...linesOf(MAIN.environments.bff)]);
  });

  it("has secret variables as soon as one of them is, and no other container has", async () => {
    const config = { ...withBff({ environment: { A: "1" } }), secretEnvironment: secret({ bff: { Z: SECRET } }) };
    const { resources } = await declareServices(accepted(config));

    const { [SECRET_MARK]: mark, value } = containerOf(resources, "bff")["envs"] as Record<string, unknown>;
    expect(mark).toBeDefined();
    expect(value).toEqual([`Z=${SECRET}`, "A=1", ...linesOf(MAIN.environments.bff)]);
    const others = resources.map(({ inputs }) => ({ ...inputs, envs: undefined }));
    expect(JSON.stringify([others, containerOf(resources, "api")])).not.toContain(SECRET);
  });
});

test("an image is not pulled where the engine has it", async () => {
  const { resources } = await declareServices(accepted({ bff: { ...BOTH.bff, pull: false } }));

  expect(resources.filter(({ type }) => type === IMAGE)).toEqual([]);
  expect(containerOf(resources, "bff")["image"]).toBe(BFF_IMAGE);
});

describe("a private CA's certificate", () => {
  it("is put into a volume by a container that never starts, and read by both, which cannot change it", async () => {
    const { resources } = await declareServices(withCertificate("the certificate"));

    expect(findResource(resources, VOLUME, "certificates-volume").inputs).toEqual({
      labels: [STACK],
      name: "scpcloud-prod-certificates",
    });
    expect(findResource(resources, CONTAINER, "certificates-writer").inputs).toEqual({
      name: "scpcloud-prod-certificates",
      image: "sha256:of-api-image",
      labels: [STACK],
      mustRun: false,
      networkMode: "none",
      start: false,
      uploads: [{ content: "the certificate", file: "/etc/scpcloud/ca.crt", permissions: "0444" }],
      volumes: [{ containerPath: "/etc/scpcloud", volumeName: "scpcloud-prod-certificates" }],
    });
    for (const service of ["api", "bff"]) {
      expect(containerOf(resources, service)).toMatchObject({
        envs: expect.arrayContaining(["SSL_CERT_FILE=/etc/scpcloud/ca.crt"]) as string[],
        volumes: [{ containerPath: "/etc/scpcloud", readOnly: true, volumeName: "scpcloud-prod-certificates" }],
      });
    }
  });

  it("makes other containers when it changes, and the same ones otherwise", async () => {
    const labelsWith = async (certificate: string) =>
      containerOf((await declareServices(withCertificate(certificate))).resources, "api")["labels"];

    const first = await labelsWith("a");
    expect(first).toContainEqual({
      label: "com.scpcloud.ca",
      value: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    expect(await labelsWith("a")).toEqual(first);
    expect(await labelsWith("b")).not.toEqual(first);
  });
});

describe("waiting for healthy containers", () => {
  const failures: unknown[] = [];
  beforeEach(() => {
    failures.length = 0;
    // A rejection that nobody handles is what Pulumi makes a run fail by.
    jest.spyOn(Promise, "reject").mockImplementation((error) => {
      failures.push(error);
      return Promise.resolve();
    });
  });
  afterEach(() => jest.restoreAllMocks());

  it("asks the engine of the settings, with each container's secrets", async () => {
    const config = { ...BOTH, "docker:host": "ssh://a@b", secretEnvironment: secret({ bff: { A: SECRET } }) };
    await declareServices(accepted(config));

    expect(jest.mocked(connectToEngine)).toHaveBeenCalledWith({ host: "ssh://a@b", sshOptions: [] });
    const bff = { id: "id-of-bff-container", name: CONTAINERS.bff, secrets: [SECRET] };
    expect(health.mock.calls.map(([, awaited]) => awaited)).toEqual(
      expect.arrayContaining([bff, { id: "id-of-api-container", name: CONTAINERS.api, secrets: [] }]),
    );
  });

  it("fails the run by a complaint of each, without a stack trace, and still gives the outputs", async () => {
    health.mockImplementation((_, { name }) => Promise.resolve(`${name} is ill.`));

    const { containers } = await declareServices();

    expect(failures.map((error) => (error as Error).message).sort()).toEqual([
      `${CONTAINERS.api} is ill.`,
      `${CONTAINERS.bff} is ill.`,
    ]);
    expect(failures[0]).toBeInstanceOf(pulumi.ResourceError);
    expect(failures[0]).toMatchObject({ hideStack: true, stack: "" });
    expect(containers).toEqual(CONTAINERS);
  });

  it("is no matter of a preview", async () => {
    health.mockResolvedValue("The container is ill.");

    await declareServices(accepted(BOTH), true);

    expect(health).not.toHaveBeenCalled();
    expect(failures).toEqual([]);
  });
});

describe("a refusal of the engine", () => {
  const explained = (error: string, type = CONTAINER) =>
    explainRefusal({ errors: [error], name: "bff-container", newInputs: { name: "bff" }, type });

  it.each([
    [CONTAINER, 'The container name "/bff" is already in use by container "01"', /docker rm --force bff/],
    [NETWORK, "network with name bff already exists", /xargs .*docker network rm bff/],
  ])("because it has the %s already is told with the command that mends it", (type, error, command) => {
    expect(explained(error, type)).toMatch(command);
    expect(explained(error, type)).toMatch(/ && pulumi up --refresh$/);
  });

  it.each(["Bind for 127.0.0.1:8080 failed: port is already allocated", "bind: address already in use"])(
    "because of a port names the container: %s",
    (error) => {
      expect(explained(error)).toContain('a port that container "bff" is to publish');
    },
  );

  it.each(["403 Forbidden", "the image already exists"])(
    "for another reason is left to the provider's words: %s",
    (error) => {
      expect(explained(error)).toBeUndefined();
    },
  );
});
