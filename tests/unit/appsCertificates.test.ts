import { issueAuthority } from "../../development/keycloak/issuing";
import { type RegisteredResource, findResource } from "../mocks";
import { BOTH, withApps } from "./appsConfiguration";
import { CONTAINER, containerOf, declareApps } from "./declaredApps";

jest.mock("../../components/engine/containerHealth", () => ({ awaitHealthy: () => Promise.resolve(undefined) }));

const VOLUME = "docker:index/volume:Volume";
const STACK = { label: "com.scpcloud.stack", value: "prod" };
const CA_LABEL = "com.scpcloud.ca";

let certificate: string;
let other: string;

beforeAll(async () => {
  [certificate = "", other = ""] = (await Promise.all([issueAuthority(), issueAuthority()])).map(
    (authority) => authority.certificate,
  );
});

const declare = async (apps: object) => (await declareApps(withApps(apps))).resources;
const envsOf = (resources: readonly RegisteredResource[], service: string) =>
  containerOf(resources, service)["envs"] as string[];
const fingerprintOf = (resources: readonly RegisteredResource[], service: string) =>
  (containerOf(resources, service)["labels"] as { label: string; value: string }[]).find(
    ({ label }) => label === CA_LABEL,
  )?.value;

describe("a private CA's certificate", () => {
  it("is put into a volume by a container that never starts", async () => {
    const resources = await declare({ ...BOTH, caCertificate: certificate });

    expect(findResource(resources, VOLUME, "certificates-volume")).toMatchObject({
      deleteBeforeReplace: true,
      errorHooks: ["refusal"],
      inputs: { labels: [STACK], name: "scpcloud-prod-certificates" },
      parent: "certificates",
    });
    const writer = findResource(resources, CONTAINER, "certificates-writer");
    expect(writer).toMatchObject({ deleteBeforeReplace: true, errorHooks: ["refusal"], parent: "certificates" });
    expect(writer.inputs).toEqual({
      name: "scpcloud-prod-certificates",
      image: "sha256:of-api-image",
      labels: [STACK],
      mustRun: false,
      networkMode: "none",
      start: false,
      uploads: [{ content: certificate, file: "/etc/scpcloud/ca.crt", permissions: "0444" }],
      volumes: [{ containerPath: "/etc/scpcloud", volumeName: "scpcloud-prod-certificates" }],
    });
  });

  it.each(["api", "bff"])("is read by %s, which cannot change it", async (service) => {
    const resources = await declare({ ...BOTH, caCertificate: certificate });

    expect(containerOf(resources, service)["volumes"]).toEqual([
      { containerPath: "/etc/scpcloud", readOnly: true, volumeName: "scpcloud-prod-certificates" },
    ]);
    expect(envsOf(resources, service)).toContain("SSL_CERT_FILE=/etc/scpcloud/ca.crt");
  });

  it("is written by the image of the only container where there is one", async () => {
    const resources = await declare({ bff: { ...BOTH.bff, pull: false }, caCertificate: certificate });

    const writer = findResource(resources, CONTAINER, "certificates-writer");
    expect(writer.inputs["image"]).toBe(BOTH.bff.image);
  });

  it("makes other containers when it changes, and the same ones otherwise", async () => {
    const fingerprints = async (caCertificate: string) => {
      const resources = await declare({ ...BOTH, caCertificate });
      return [fingerprintOf(resources, "api"), fingerprintOf(resources, "bff")];
    };

    const [api, bff] = await fingerprints(certificate);
    expect(api).toMatch(/^[0-9a-f]{16}$/);
    expect(bff).toBe(api);
    expect(await fingerprints(certificate)).toEqual([api, bff]);
    expect(await fingerprints(other)).not.toContain(api);
  });

  it("leaves no trace where there is none", async () => {
    const resources = await declare(BOTH);

    expect(resources.filter(({ type }) => type === VOLUME || type === "scpcloud:apps:Certificates")).toEqual([]);
    expect(resources.filter(({ type }) => type === CONTAINER).map(({ name }) => name)).not.toContain(
      "certificates-writer",
    );
    for (const service of ["api", "bff"]) {
      expect(containerOf(resources, service)).not.toHaveProperty("volumes");
      expect(envsOf(resources, service).filter((line) => line.startsWith("SSL_"))).toEqual([]);
      expect(fingerprintOf(resources, service)).toBeUndefined();
    }
  });
});
