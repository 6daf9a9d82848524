import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { nodeArguments } from "../../processes/program";
import { startApi } from "../../development/stand-ins/api";
import { startBff } from "../../development/stand-ins/bff";
import type { Environment } from "../../development/stand-ins/environmentReader";
import type { Service } from "../../development/stand-ins/httpService";

const KEYCLOAK = "https://keycloak.example.com";
const BFF: Environment = {
  ASPNETCORE_HTTP_PORTS: "0",
  Keycloak__BaseUrl: KEYCLOAK,
  Keycloak__TokenEndpoint: `${KEYCLOAK}/realms/ScpCloud/protocol/openid-connect/token`,
  ProductionApi__BaseUrl: "http://production-api:8080",
};
const SECTION = "Authentication__Schemes__Bearer__";
const API: Environment = {
  ASPNETCORE_HTTP_PORTS: "0",
  [`${SECTION}Authority`]: `${KEYCLOAK}/realms/ScpCloud`,
  [`${SECTION}MetadataAddress`]: `${KEYCLOAK}/realms/ScpCloud/.well-known/openid-configuration`,
  [`${SECTION}RequireHttpsMetadata`]: "true",
  [`${SECTION}MapInboundClaims`]: "False",
  [`${SECTION}ValidAudiences__0`]: "scpCloud",
  [`${SECTION}ValidIssuers__0`]: `${KEYCLOAK}/realms/ScpCloud`,
};

/** What a service says instead of starting, or nothing. */
async function complaints(start: (environment: Environment) => Promise<Service>): Promise<readonly string[]> {
  try {
    const service = await start({});
    await service.close();
    return [];
  } catch (error) {
    return (error as Error).message.split("\n");
  }
}

const log = () => undefined;
const ofBff = (changes: Environment = {}) => complaints(() => startBff({ ...BFF, ...changes }, log));
const ofApi = (changes: Environment = {}) => complaints(() => startApi({ ...API, ...changes }, log));

describe("the environment of a stand-in", () => {
  test("that is complete lets both start, in whatever case the names are", async () => {
    const upperCase = (environment: Environment) =>
      Object.fromEntries(Object.entries(environment).map(([name, value]) => [name.toUpperCase(), value]));
    expect([await ofBff(), await ofApi()]).toEqual([[], []]);
    expect(await complaints(() => startBff(upperCase(BFF), log))).toEqual([]);
    expect(await complaints(() => startApi(upperCase(API), log))).toEqual([]);
  });

  test("that lacks variables is told with all of them at once", async () => {
    expect(await complaints((environment) => startBff(environment, log))).toEqual([
      "Keycloak__BaseUrl is missing",
      "Keycloak__TokenEndpoint is missing",
      "ProductionApi__BaseUrl is missing",
    ]);
    expect(await complaints((environment) => startApi(environment, log))).toEqual([
      `${SECTION}MetadataAddress is missing`,
      `${SECTION}Authority is missing`,
      `${SECTION}RequireHttpsMetadata is missing`,
      `${SECTION}MapInboundClaims is missing`,
      `${SECTION}ValidAudiences__0 is missing`,
      `${SECTION}ValidIssuers__0 is missing`,
    ]);
  });

  test("may allow metadata without https", async () => {
    const changes = { [`${SECTION}MetadataAddress`]: "http://keycloak/", [`${SECTION}RequireHttpsMetadata`]: "false" };
    expect(await ofApi(changes)).toEqual([]);
  });
});

describe("the process of a stand-in", () => {
  const run = (environment: Environment) =>
    spawn(process.execPath, nodeArguments(join(__dirname, "../../development/stand-ins/bff.ts")), {
      env: { PATH: process.env["PATH"], ...environment },
    });

  test("ends with 1 and a line per variable if it cannot start", async () => {
    const { ASPNETCORE_HTTP_PORTS } = BFF;
    const child = run({ ASPNETCORE_HTTP_PORTS, ProductionApi__BaseUrl: "nonsense" });
    const [exit, said] = await Promise.all([once(child, "exit"), text(child.stderr)]);
    expect(exit).toEqual([1, null]);
    expect(said.trim().split("\n")).toEqual([
      "Keycloak__BaseUrl is missing",
      "Keycloak__TokenEndpoint is missing",
      "ProductionApi__BaseUrl is not an http or https URL",
    ]);
  });

  test.each(["SIGTERM", "SIGINT"] as const)("ends with 0 at %s, with a connection open", async (signal) => {
    const child = run(BFF);
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { port } = JSON.parse(line.toString()) as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}/health`);
    expect(await response.text()).toBe("Healthy");
    child.kill(signal);
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
