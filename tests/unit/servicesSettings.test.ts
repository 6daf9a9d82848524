import fc from "fast-check";

import { issueAuthority } from "../../development/keycloak/issuing.ts";
import { SettingsError } from "../../faults/faults.ts";
import { readSettings } from "../../services/settings/read.ts";
import {
  accepted,
  BFF_IMAGE,
  BOTH,
  DIGEST,
  faultsOf,
  keysOfFaults,
  MAIN,
  refusal,
  secret,
  source,
  withBff,
} from "./servicesConfiguration.ts";

const SECRET = "hunter2-hunter2";

describe("the containers", () => {
  test("need an image each and nothing else, and are told what follows from the main stack", () => {
    const defaults = {
      environment: {},
      memory: 512,
      ports: [],
      pull: true,
      restart: "unless-stopped",
      secretEnvironment: {},
      writablePaths: ["/tmp"],
    };
    expect(accepted(BOTH)).toEqual({
      engine: { host: "unix:///var/run/docker.sock", sshOptions: [] },
      network: undefined,
      caCertificate: undefined,
      services: {
        api: { ...defaults, ...BOTH.api, emittedEnvironment: MAIN.environments.api },
        bff: { ...defaults, ...BOTH.bff, emittedEnvironment: MAIN.environments.bff },
      },
    });
  });

  test("may have all that there is", () => {
    const bff = {
      environment: { ProductionApi__BaseUrl: "http://production-api:8080", _empty: "" },
      healthCheck: { command: ["curl", ""], interval: 300, retries: 100, startPeriod: 600, timeout: 300 },
      image: "localhost:5000/team/web-production-bff:1.4.2",
      memory: 1_048_576,
      ports: [{ address: "::1", container: 65_535, host: 1 }],
      pull: false,
      restart: "no",
      writablePaths: ["/tmp", "/var/lib/..data/keys"],
    };
    const { network, services } = accepted({
      bff,
      network: "a.b_1",
      secretEnvironment: secret({ bff: { A: SECRET } }),
    });
    expect(network).toBe("a.b_1");
    expect(services).toEqual({
      bff: { ...bff, secretEnvironment: { A: SECRET }, emittedEnvironment: MAIN.environments.bff },
    });
  });

  test("get defaults for what a health check and a port leave out", () => {
    const bff = { healthCheck: { command: ["true"] }, ports: [{ container: 80, host: 8080 }] };
    expect(accepted(withBff(bff)).services.bff).toMatchObject({
      healthCheck: { command: ["true"], interval: 10, retries: 3, startPeriod: 0, timeout: 5 },
      ports: [{ address: "127.0.0.1", container: 80, host: 8080 }],
    });
  });

  test("must be one at least", () => {
    expect(keysOfFaults({})).toEqual(["scpcloud-services"]);
  });
});

test("all that is wrong is told at once", () => {
  const { faults, message } = refusal(
    {
      api: { image: "production-api:2.0.0", ports: [{ container: 1, host: 8080 }] },
      bff: {
        environment: { KEYCLOAK__BASEURL: "x", "a-b": "c" },
        healthCheck: { command: ["true"], intervall: 1 },
        image: BFF_IMAGE,
        memory: 8,
        pul: true,
      },
      caCertificate: "none",
      "docker:host": "tcp://docker.example.com:2375",
      netwrk: "n",
      secretEnvironment: { bff: { TOKEN: "plain" } },
      "aws:region": "eu",
    },
    { ...MAIN, backchannelUrl: "https://localhost:8443" },
  );
  expect(faults.map(({ key }) => key.replace("scpcloud-services:", "")).sort()).toEqual([
    "api.image",
    "aws:region",
    "bff.environment.a-b",
    "bff.healthCheck.intervall",
    "bff.memory",
    "bff.pul",
    "caCertificate",
    "docker:host",
    "netwrk",
    "scpcloud:backchannelUrl of Pulumi.prod.yaml",
    "secretEnvironment",
    "secretEnvironment.bff",
  ]);
  expect(message).toMatch(/^12 faults in the stack's configuration; nothing was changed\.\n/);
});

/** What a health check and a port need besides. */
const BESIDES: Readonly<Record<string, object>> = {
  healthCheck: { command: ["true"] },
  ports: { container: 1, host: 1 },
};

test.each<[place: string, rule: RegExp, values: unknown[]]>([
  ["environment", /map of environment variables/, [[], "A=b", null]],
  ["environment.A", /must be text/, [7, true, null, ["a"]]],
  ["environment.1A", /name of an environment variable/, ["x"]],
  ["environment.ä", /name of an environment variable/, ["x"]],
  ["healthCheck", /map with a command/, [[[]], ["curl"], null]],
  ["healthCheck.command", /at least one word/, [[], [" ", "curl"]]],
  ["healthCheck.interval", /seconds from 1 to 300/, [0, 301, "10s"]],
  ["healthCheck.retries", /from 1 to 100/, [0, 101, 1.5]],
  ["healthCheck.startPeriod", /seconds from 0 to 600/, [-1, 601]],
  ["healthCheck.timeout", /seconds from 1 to 300/, [0, 301, null]],
  ["image", /must be text/, [7, null, ["bff:1"]]],
  [
    "image",
    /must be an image reference/,
    ["", "BFF:1", "bff:1 ", "bff:", "/bff:1", "https://a/bff:1", "bff@sha256:01"],
  ],
  ["image", /must have a tag or a digest/, ["bff", "registry.example.com:443/team/bff"]],
  ["image", /must not have the tag latest/, ["bff:latest"]],
  ["image", /must have a digest/, ["bff:1.4.2", "localhost:5000/bff:2"]],
  ["memory", /MiB from 16 to 1048576/, [15, 1_048_577, 512.5, "512m"]],
  ["ports", /must be a list/, [8080, "8080:8080", {}]],
  ["ports[0]", /map with host and container/, ["8080:8080", null]],
  ["ports[0].address", /must be an IP address/, ["localhost", "*", "[::1]", "127.0.0.1/8"]],
  ["ports[0].container", /port number from 1 to 65535/, [0, 65_536, 80.5, "80"]],
  ["pull", /true or false/, ["yes", 0]],
  ["restart", /must be one of no,/, [false, "never", "on-failure:3"]],
  [
    "writablePaths[0]",
    /must be an absolute path/,
    ["/", "tmp", "/tmp/", "/a/../b", "/a b", "/a:rw", "/etc/scpcloud/x"],
  ],
])("a container cannot have as %s what breaks its rule (%s)", (place, rule, values) => {
  const [, setting = "", index, inner] = /^(\w+)(\[0\])?(?:\.(.+))?$/.exec(place) ?? [];
  for (const value of values) {
    const item = inner === undefined ? value : { ...BESIDES[setting], [inner]: value };
    const faults = faultsOf(withBff({ [setting]: index === undefined ? item : [item] }));
    expect(faults.map(({ key }) => key)).toEqual([`scpcloud-services:bff.${place}`]);
    expect(faults[0]?.rule).toMatch(rule);
  }
});

test.each([
  { image: `bff:latest@${DIGEST}` },
  { image: `registry.example.com:443/team/sub__team/b-f--f.x_y:1.4.2-rc.1_A@${DIGEST}` },
  // The engine has it already.
  { image: "bff:1.4.2", pull: false },
])("an image may be %j", (bff) => {
  expect(accepted({ bff }).services.bff).toMatchObject(bff);
});

test.each(["constructor", "toString", "__proto__"])(
  "an unknown key %s is refused, and not lost without a word",
  (name) => {
    const own = (value: object) =>
      JSON.parse(JSON.stringify(value).replace('"NAME"', `"${name}"`)) as Readonly<Record<string, unknown>>;
    expect(keysOfFaults(withBff(own({ NAME: 1 })))[0]).toMatch(/^bff/);
    expect(keysOfFaults(withBff({ ports: [own({ NAME: 1, container: 1, host: 1 })] }))[0]).toMatch(/^bff\.ports\[0\]/);
    if (name !== "toString") {
      expect(keysOfFaults(withBff({ environment: own({ NAME: "x" }) }))[0]).toMatch(/^bff\.environment/);
    }
  },
);

describe("a published port", () => {
  const port = (host: number, address?: string) => ({ address, container: 80, host });

  test("may not be published twice, by one container or by both", () => {
    expect(keysOfFaults(withBff({ ports: [port(8080), port(8081), port(8080)] }))).toEqual(["bff.ports[2].host"]);
    const api = { ...BOTH.api, ports: [port(8080)] };
    expect(keysOfFaults({ ...withBff({ ports: [port(8080, "0.0.0.0")] }), api })).toEqual(["bff.ports[0].host"]);
  });

  test("may be published at different addresses", () => {
    accepted(withBff({ ports: [port(8080), port(8080, "192.168.1.1"), port(8080, "::1"), port(8081)] }));
  });
});

test.each([
  ["https://localhost", 1],
  ["https://a.localhost:1", 1],
  ["https://127.1.2.3", 1],
  ["https://[::1]", 1],
  ["https://host.docker.internal:28443", 0],
  ["https://localhost.example.com", 0],
])("Keycloak at %s: %d faults, since localhost is the container itself", (backchannelUrl, count) => {
  // Another fault, so that there is one in any case.
  const keys = keysOfFaults({ ...BOTH, another: "n" }, { ...MAIN, backchannelUrl });
  expect(keys).toEqual(["another", "scpcloud:backchannelUrl of Pulumi.prod.yaml"].slice(0, 1 + count));
});

describe("a variable", () => {
  test.each(["Keycloak__BaseUrl", "KEYCLOAK__baseurl", "SSL_CERT_FILE", "Keycloak__BaseUrl__0"])(
    "may not be one that the program itself hands over: %s",
    (name) => {
      const rule = "must not be a setting that the program itself hands over";
      expect(faultsOf(withBff({ environment: { [name]: "x" } }))).toMatchObject([{ rule }]);
      const secretEnvironment = secret({ bff: { [name]: SECRET } });
      expect(faultsOf({ ...BOTH, secretEnvironment })).toMatchObject([{ rule }]);
    },
  );

  test("may be neither a list of the program's nor an item of it", () => {
    for (const name of ["Bearer__ValidIssuers", "BEARER__VALIDISSUERS__7"]) {
      expect(keysOfFaults({ bff: BOTH.bff, api: { ...BOTH.api, environment: { [name]: "x" } } })).toHaveLength(1);
    }
    accepted(withBff({ environment: { Bearer__ValidIssuers__0: "of the other service", Keycloak__BaseUrls: "x" } }));
  });

  test("may not stand twice, in another case or among the secrets", () => {
    expect(keysOfFaults(withBff({ environment: { A: "1", a: "2" } }))).toEqual(["bff.environment.a"]);
    const secretEnvironment = secret({ bff: { a: SECRET } });
    expect(keysOfFaults({ ...withBff({ environment: { A: "1" } }), secretEnvironment })).toEqual([
      "secretEnvironment.bff.a",
    ]);
  });
});

describe("secrets", () => {
  test.each([
    ["stored as such", { ...BOTH, secretEnvironment: { bff: { A: SECRET } } }, "secretEnvironment"],
    ["a container's", { bff: BOTH.bff, secretEnvironment: secret({ api: { A: SECRET } }) }, "secretEnvironment.api"],
    ["nowhere else", withBff({ environment: { A: { secure: SECRET } } }), "bff"],
  ])("must be %s", (_, config, key) => {
    expect(keysOfFaults(config)).toEqual([key]);
  });

  test("are in no fault, however wrong they are, stored as secrets or not", () => {
    const planted = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        fc.constant(SECRET),
        fc.array(tie("any"), { maxLength: 2 }),
        fc.dictionary(fc.oneof(fc.constantFrom("bff", "api", "SSL_CERT_FILE", "A"), fc.string()), tie("any"), {
          maxKeys: 3,
        }),
      ),
    })).any;
    const key = "scpcloud-services:secretEnvironment";
    fc.assert(
      fc.property(planted, fc.boolean(), fc.boolean(), (value, isJson, isSecret) => {
        const { values } = source(BOTH);
        const text = JSON.stringify(value).slice(isJson ? 0 : 1);
        const secretKeys = new Set(isSecret ? [key] : []);
        try {
          readSettings({ values: { ...values, [key]: text }, secretKeys, environment: {} }, MAIN);
        } catch (error) {
          expect(error).toBeInstanceOf(SettingsError);
          expect((error as SettingsError).message).not.toContain(SECRET);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("a private CA's certificate", () => {
  test("is the stack file's, else the one by which the deployer trusts Keycloak", async () => {
    const [own, deployers] = [(await issueAuthority()).certificate, (await issueAuthority()).certificate];
    const main = { ...MAIN, caCertificate: deployers };
    expect(accepted(BOTH, main).caCertificate).toBe(deployers);
    expect(accepted({ ...BOTH, caCertificate: own }, main).caCertificate).toBe(own);
    expect(accepted({ ...BOTH, caCertificate: `${own}\n${deployers}` }).caCertificate).toContain(deployers);
  });

  test("has to be written here where the main stack's is a secret", () => {
    expect(keysOfFaults(BOTH, { ...MAIN, caCertificate: "" })).toEqual([
      "keycloak:rootCaCertificate of Pulumi.prod.yaml",
    ]);
  });

  test("is refused with a private key or anything else beside it, which is not shown", async () => {
    const { certificate, key } = await issueAuthority();
    const line = key.split("\n")[1] ?? "";
    expect(line.length).toBeGreaterThan(20);
    const texts = [key, certificate + key, key + certificate, `# CA\n${certificate}`, certificate.slice(1), "x"];
    for (const { faults, message } of texts.flatMap((caCertificate) => [
      refusal({ ...BOTH, caCertificate }),
      refusal(BOTH, { ...MAIN, caCertificate }),
    ])) {
      expect(faults.map(({ rule }) => rule)).toEqual([expect.stringContaining("X.509")]);
      expect(message).not.toContain(line.slice(0, 16));
    }
  });
});
