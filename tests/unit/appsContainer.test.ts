import { duration } from "../../components/app";
import { findResource } from "../mocks";
import { API_IMAGE, BFF_IMAGE, linesOf, secrets, withApps, withBff } from "./appsConfiguration";
import { CONTAINER, containerOf, declareApps } from "./declaredApps";

jest.mock("../../components/engine/containerHealth", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

const SECRET_VALUE = "hunter2-hunter2";
/** The key by which the SDK marks a secret on its way to Pulumi's engine. */
const SECRET_MARK = "4dabf18193072939515e22adb298388d";
const STACK = { label: "com.scpcloud.stack", value: "prod" };

describe("a container", () => {
  it("is by default allowed nothing", async () => {
    const { apiEnvironment, bffEnvironment, resources } = await declareApps();

    expect(containerOf(resources, "bff")).toEqual({
      name: "scpcloud-prod-web-production-bff",
      image: "sha256:of-bff-image",
      envs: linesOf(bffEnvironment),
      hosts: [{ host: "host.docker.internal", ip: "host-gateway" }],
      networksAdvanced: [{ name: "scpcloud-prod", aliases: ["web-production-bff"] }],
      ports: [],
      restart: "unless-stopped",
      memory: 512,
      memorySwap: 512,
      readOnly: true,
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev" },
      capabilities: { adds: [], drops: ["ALL"] },
      securityOpts: ["no-new-privileges"],
      labels: [STACK],
      destroyGraceSeconds: 30,
    });
    expect(containerOf(resources, "api")).toMatchObject({
      name: "scpcloud-prod-production-api",
      envs: linesOf(apiEnvironment),
      networksAdvanced: [{ name: "scpcloud-prod", aliases: ["production-api"] }],
    });
  });

  it("is allowed what the stack file says", async () => {
    const { resources } = await declareApps(
      withBff({
        aliases: ["bff", "web"],
        capabilities: ["CHOWN", "NET_BIND_SERVICE"],
        healthCheck: { command: ["curl", "--fail", "x"], interval: 90, retries: 7, startPeriod: 600, timeout: 60 },
        memory: 64,
        ports: [
          { container: 8080, host: 18_080 },
          { address: "0.0.0.0", container: 8443, host: 443 },
        ],
        restart: "no",
        writablePaths: ["/tmp", "/var/cache"],
      }),
    );

    expect(containerOf(resources, "bff")).toMatchObject({
      capabilities: { adds: ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"], drops: ["ALL"] },
      healthcheck: {
        interval: "1m30s",
        retries: 7,
        startPeriod: "10m0s",
        tests: ["CMD", "curl", "--fail", "x"],
        timeout: "1m0s",
      },
      memory: 64,
      memorySwap: 64,
      networksAdvanced: [{ aliases: ["bff", "web"], name: "scpcloud-prod" }],
      ports: [
        { external: 18_080, internal: 8080, ip: "127.0.0.1" },
        { external: 443, internal: 8443, ip: "0.0.0.0" },
      ],
      restart: "no",
      securityOpts: ["no-new-privileges"],
      tmpfs: { "/tmp": "rw,noexec,nosuid,nodev", "/var/cache": "rw,noexec,nosuid,nodev" },
    });
  });

  it("is made anew for another health check, which the provider would only pretend to change", async () => {
    const { resources } = await declareApps();

    expect(findResource(resources, CONTAINER, "bff-container").replaceOnChanges).toEqual(["healthcheck"]);
  });

  it("with a writable root needs no folders in memory", async () => {
    const inputs = containerOf((await declareApps(withBff({ readOnly: false }))).resources, "bff");

    expect(inputs["readOnly"]).toBe(false);
    expect(inputs).not.toHaveProperty("tmpfs");
  });

  it.each([
    [0, "0s"],
    [1, "1s"],
    [59, "59s"],
    [60, "1m0s"],
    [90, "1m30s"],
    [600, "10m0s"],
  ])("has a duration of %i seconds written as Go prints it: %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });
});

describe("a container's variables", () => {
  it("are the stack file's, sorted, and then the ones that the program hands over", async () => {
    const { bffEnvironment, resources } = await declareApps(withBff({ environment: { b: "2", A: "1=1", C: "" } }));

    expect(containerOf(resources, "bff")["envs"]).toEqual(["A=1=1", "C=", "b=2", ...linesOf(bffEnvironment)]);
  });

  it("are secret as soon as one of them is", async () => {
    const source = withApps(
      { bff: { image: BFF_IMAGE, environment: { A: "1" } }, api: { image: API_IMAGE } },
      secrets({ bff: { Z: SECRET_VALUE, B: "2" } }),
    );
    const { bffEnvironment, resources } = await declareApps(source);

    const { [SECRET_MARK]: mark, value } = containerOf(resources, "bff")["envs"] as Record<string, unknown>;
    expect(mark).toBeDefined();
    expect(value).toEqual(["B=2", `Z=${SECRET_VALUE}`, "A=1", ...linesOf(bffEnvironment)]);
    expect(Array.isArray(containerOf(resources, "api")["envs"])).toBe(true);
    const others = resources.map(({ inputs }) => ({ ...inputs, envs: undefined }));
    expect(JSON.stringify(others)).not.toContain(SECRET_VALUE);
  });
});
