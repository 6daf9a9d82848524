import { SCHEMA } from "../../settings/schema";
import { DECLARED_KEYS } from "../stackFile";
import { BFF_IMAGE, BOTH, secrets, withApps, withBff } from "./appsConfiguration";
import { faultsOf, keysOfFaults } from "./configuration";

describe("an unknown key of the containers", () => {
  test("is refused at every depth, and the known one is suggested", () => {
    const source = withApps({
      bff: {
        healthCheck: { command: ["true"], intervall: 1 },
        image: BFF_IMAGE,
        memoryMb: 7,
        ports: [
          { container: 1, host: 1 },
          { container: 2, contianer: 2, host: 2 },
        ],
      },
      networks: "n",
    });
    const suggestions = Object.fromEntries(faultsOf(source).map(({ key, remedy }) => [key, remedy]));
    expect(suggestions).toEqual({
      "scpcloud:apps.bff.healthCheck.intervall": 'write "interval", or remove it',
      "scpcloud:apps.bff.memoryMb": 'write "memory", or remove it',
      "scpcloud:apps.bff.ports[1].contianer": 'write "container", or remove it',
      "scpcloud:apps.networks": 'write "network", or remove it',
    });
  });

  test("is refused beside the containers and their secrets", () => {
    expect(keysOfFaults(withApps({ ...BOTH, web: { image: "x" } }))).toEqual(["scpcloud:apps.web"]);
    expect(keysOfFaults(withApps(BOTH, secrets({ web: { A: "b" } })))).toEqual(["scpcloud:secretEnvironment.web"]);
  });

  test.each(["constructor", "toString", "__proto__"])("is refused as %s too", (name) => {
    const own = (value: object) => JSON.parse(JSON.stringify(value).replace('"NAME"', `"${name}"`)) as unknown;
    expect(keysOfFaults(withApps(own({ ...BOTH, NAME: 1 })))).toEqual([`scpcloud:apps.${name}`]);
    const port = own({ ports: [{ NAME: 1, container: 1, host: 1 }] }) as Readonly<Record<string, unknown>>;
    expect(keysOfFaults(withBff(port))).toEqual([`scpcloud:apps.bff.ports[0].${name}`]);
  });
});

test("Pulumi.yaml names in its description all that a container may have", () => {
  const { api, bff, caCertificate, network, requireDigest } = SCHEMA.apps.entries;
  expect(Object.keys(api.wrapped.entries)).toEqual(Object.keys(bff.wrapped.entries));
  expect(Object.keys(SCHEMA.apps.entries)).toHaveLength([api, bff, caCertificate, network, requireDigest].length);
  for (const key of Object.keys({ ...SCHEMA.apps.entries, ...bff.wrapped.entries })) {
    expect(DECLARED_KEYS["apps"]?.description).toContain(key);
  }
});
