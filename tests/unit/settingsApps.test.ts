import { API_IMAGE, BFF_IMAGE, BOTH, secrets, withApps, withBff } from "./appsConfiguration";
import { accepted, configuration, faultsOf, keysOfFaults, onlyFault, refusal } from "./configuration";

const ENGINE = { host: "unix:///var/run/docker.sock", sshOptions: [] };

const DEFAULTS = {
  capabilities: [],
  environment: {},
  healthTimeout: 60,
  memory: 512,
  ports: [],
  pull: true,
  readOnly: true,
  restart: "unless-stopped",
  secretEnvironment: {},
  writablePaths: ["/tmp"],
};

describe("the services' containers", () => {
  test("are none by default", () => {
    expect(accepted(configuration())).not.toHaveProperty("apps");
    expect(accepted(withApps({}))).not.toHaveProperty("apps");
  });

  test("need an image and nothing else, and are then locked up", () => {
    expect(accepted(withApps(BOTH)).apps).toEqual({
      engine: ENGINE,
      bff: { ...DEFAULTS, aliases: ["web-production-bff"], image: BFF_IMAGE },
      api: { ...DEFAULTS, aliases: ["production-api"], image: API_IMAGE },
    });
  });

  test.each(["bff", "api"] as const)("may be just the one of %s", (app) => {
    const { apps } = accepted(withApps({ [app]: BOTH[app] }));
    expect(apps && Object.keys(apps).sort()).toEqual([app, "engine"]);
  });

  test("may have all that there is", () => {
    const bff = {
      aliases: ["bff", "web-production-bff.scpcloud.internal"],
      capabilities: ["NET_BIND_SERVICE", "CHOWN"],
      environment: { ProductionApi__BaseUrl: "http://production-api:8080", _empty: "" },
      healthCheck: {
        command: ["curl", "--fail", "http://localhost:8080/health"],
        interval: 300,
        retries: 100,
        startPeriod: 600,
        timeout: 300,
      },
      healthTimeout: 900,
      image: "localhost:5000/team/web-production-bff:1.4.2",
      memory: 1_048_576,
      ports: [
        { address: "0.0.0.0", container: 8080, host: 443 },
        { address: "::1", container: 65_535, host: 1 },
      ],
      pull: false,
      readOnly: false,
      restart: "no",
      writablePaths: ["/tmp", "/var/lib/..data/keys"],
    };
    const apps = { bff, network: "scpcloud.prod_1", requireDigest: false };
    expect(accepted(withApps(apps, secrets({ bff: { Bff__ClientSecret: "s3cret" } }))).apps).toEqual({
      bff: { ...bff, secretEnvironment: { Bff__ClientSecret: "s3cret" } },
      engine: ENGINE,
      network: "scpcloud.prod_1",
    });
  });

  test("get defaults for what a health check and a port leave out", () => {
    const { apps } = accepted(withBff({ healthCheck: { command: ["true"] }, ports: [{ container: 80, host: 8080 }] }));
    expect(apps?.bff).toMatchObject({
      healthCheck: { command: ["true"], interval: 10, retries: 3, startPeriod: 0, timeout: 5 },
      ports: [{ address: "127.0.0.1", container: 80, host: 8080 }],
    });
  });

  test.each([[null], [[]], [7], ["bff"]])("cannot be %j", (apps) => {
    const [fault, ...others] = faultsOf(configuration({ "scpcloud:apps": JSON.stringify(apps) }));
    expect(others).toEqual([]);
    expect(fault).toMatchObject({
      key: "scpcloud:apps",
      rule: "must be a map of containers",
      remedy: "write bff and api below it, or leave the key out for no containers",
      value: JSON.stringify(apps),
    });
  });

  test.each([{ requireDigest: false }, { network: "n" }])("must be one at least: %j", (apps) => {
    expect(onlyFault(withApps(apps))).toBe(
      [
        "scpcloud:apps",
        "  must have bff, api or both,",
        "  because without a container the rest of it means nothing.",
        "  Do: add one, such as: bff: { image: … }, or leave scpcloud:apps out",
      ].join("\n"),
    );
  });

  test("cannot be stored as a secret, in any part", () => {
    expect(onlyFault(withBff({ environment: { Password: { secure: "hunter2" } } }))).toBe(
      [
        "scpcloud:apps",
        "  must not be stored as a secret,",
        "  because Pulumi would then hide all of it from the reviewer.",
        "  Do: put the secret below scpcloud:secretEnvironment instead",
      ].join("\n"),
    );
  });

  test("do not make http good enough for the issuer", () => {
    const http = { "scpcloud:publicUrl": "http://keycloak.example.com" };
    expect(keysOfFaults(withApps(BOTH, http))).toEqual(["scpcloud:publicUrl"]);
    accepted(withApps(BOTH, { ...http, "scpcloud:requireHttps": false }));
  });
});

test("all that is wrong with the containers is told at once", () => {
  const source = withApps(
    {
      api: { aliases: ["web"], image: "production-api:2.0.0", ports: [{ container: 1, host: 8080 }] },
      bff: {
        aliases: ["WEB"],
        environment: { KEYCLOAK__BASEURL: "x", "a-b": "c" },
        image: "web-production-bff",
        memory: 8,
        ports: [{ container: 0, host: 8080 }],
        restart: false,
        pul: true,
      },
      caCertificate: "none",
    },
    {
      "docker:host": "tcp://docker.example.com:2375",
      "scpcloud:publicUrl": "https://localhost:8443",
      "scpcloud:secretEnvironment": { bff: { TOKEN: "plain" } },
    },
  );
  const { faults, message } = refusal(source);
  expect(faults.map(({ key }) => key).sort()).toEqual([
    "docker:host",
    "scpcloud:apps.api.image",
    "scpcloud:apps.bff.aliases[0]",
    "scpcloud:apps.bff.environment.KEYCLOAK__BASEURL",
    "scpcloud:apps.bff.environment.a-b",
    "scpcloud:apps.bff.image",
    "scpcloud:apps.bff.memory",
    "scpcloud:apps.bff.ports[0].container",
    "scpcloud:apps.bff.ports[0].host",
    "scpcloud:apps.bff.pul",
    "scpcloud:apps.bff.restart",
    "scpcloud:apps.caCertificate",
    "scpcloud:publicUrl",
    "scpcloud:secretEnvironment",
  ]);
  expect(message.split("\n")[0]).toBe("14 faults in the stack's configuration; nothing was changed.");
  for (const { rule, reason, remedy } of faults) {
    expect(rule).toMatch(/^must /);
    expect(`${reason}\n${remedy}`).not.toMatch(/\.$/m);
  }
});
