import { API_IMAGE, BFF_IMAGE, BOTH, withApps, withBff } from "./appsConfiguration";
import { accepted, configuration, keysOfFaults, onlyFault } from "./configuration";

type Port = Readonly<Record<string, unknown>>;

describe("a published port", () => {
  const source = (bff: Port[], api: Port[] = []) =>
    withApps({ bff: { image: BFF_IMAGE, ports: bff }, api: { image: API_IMAGE, ports: api } });
  const port = (host: number, address?: string, container = 80) => ({ address, container, host });

  test("may not be published twice", () => {
    expect(onlyFault(source([port(8080), port(8081), port(8080, undefined, 81)]))).toBe(
      [
        "scpcloud:apps.bff.ports[2].host",
        "  must not repeat a published port,",
        "  because the engine gives a port to one container only.",
        "  Found: 8080",
        "  Do: write another port",
      ].join("\n"),
    );
  });

  test("may not be published by both containers", () => {
    expect(keysOfFaults(source([port(8080)], [port(8080)]))).toEqual(["scpcloud:apps.bff.ports[0].host"]);
  });

  test.each([
    ["0.0.0.0", "127.0.0.1"],
    ["127.0.0.1", "0.0.0.0"],
    [undefined, "0.0.0.0"],
    ["::", "192.168.1.1"],
    [undefined, "127.0.0.1"],
  ])("overlaps at the addresses %s and %s", (one, other) => {
    expect(keysOfFaults(source([port(8080, other)], [port(8080, one)]))).toEqual(["scpcloud:apps.bff.ports[0].host"]);
    accepted(source([port(8080, other)], [port(8081, one)]));
  });

  test("may be published at different addresses, and a container's port twice", () => {
    accepted(source([port(8080, "127.0.0.1"), port(8080, "192.168.1.1"), port(8080, "::1"), port(8081)], [port(8082)]));
  });

  test("is compared although something else is wrong with it", () => {
    const faulty = { address: "127.0.0.1", host: 8080 };
    expect([...keysOfFaults(source([port(8080), faulty]))].sort()).toEqual([
      "scpcloud:apps.bff.ports[1].container",
      "scpcloud:apps.bff.ports[1].host",
    ]);
  });
});

describe("a name on the network", () => {
  test("may not be that of both containers, in any case", () => {
    const apps = {
      bff: { image: BFF_IMAGE, aliases: ["bff", "Web"] },
      api: { image: API_IMAGE, aliases: ["web", "api"] },
    };
    expect(onlyFault(withApps(apps))).toBe(
      [
        "scpcloud:apps.bff.aliases[1]",
        "  must not repeat a name of the network,",
        "  because calls would go now to one container, now to the other.",
        '  Found: "web"',
        "  Do: write another name",
      ].join("\n"),
    );
  });

  test("may not stand twice in one list", () => {
    expect(keysOfFaults(withBff({ aliases: ["bff", "bff"] }))).toEqual(["scpcloud:apps.bff.aliases[1]"]);
  });

  test.each([
    ["bff", "api", "production-api"],
    ["api", "bff", "web-production-bff"],
  ] as const)("may not be for %s the one that %s has by default", (app, _, alias) => {
    const apps = { ...BOTH, [app]: { ...BOTH[app], aliases: [alias] } };
    const [key, ...others] = keysOfFaults(withApps(apps));
    expect(others).toEqual([]);
    expect(key).toMatch(/^scpcloud:apps\.(api|bff)\.aliases/);
  });

  test("may be the other container's default where that one has another, or does not exist", () => {
    accepted(withApps({ bff: { image: BFF_IMAGE, aliases: ["api"] }, api: { image: API_IMAGE, aliases: ["x"] } }));
    accepted(withBff({ aliases: ["production-api"] }));
  });
});

describe("localhost, which is the container itself", () => {
  test("is refused as the public URL", () => {
    expect(onlyFault(withApps(BOTH, { "scpcloud:publicUrl": "https://localhost:28443" }))).toBe(
      [
        "scpcloud:publicUrl",
        "  must not lead to localhost where scpcloud:apps has containers,",
        "  because in a container, localhost is the container itself.",
        '  Found: "https://localhost:28443"',
        "  Do: set scpcloud:backchannelUrl to a URL with host.docker.internal, which is the engine's machine",
      ].join("\n"),
    );
  });

  test.each([
    "https://localhost",
    "https://a.localhost:1",
    "https://127.0.0.1:28443",
    "https://127.1.2.3",
    "https://[::1]",
  ])("is refused as the backchannel's: %s", (url) => {
    expect(keysOfFaults(withApps(BOTH, { "scpcloud:backchannelUrl": url }))).toEqual(["scpcloud:backchannelUrl"]);
  });

  test.each(["https://host.docker.internal:28443", "https://localhost.example.com"])(
    "is not %s, and then the public URL may lead there",
    (url) => {
      accepted(withApps(BOTH, { "scpcloud:backchannelUrl": url, "scpcloud:publicUrl": "https://localhost:28443" }));
    },
  );

  test("is right where there are no containers", () => {
    accepted(
      configuration({ "scpcloud:backchannelUrl": "https://127.0.0.1", "scpcloud:publicUrl": "https://localhost" }),
    );
  });
});
