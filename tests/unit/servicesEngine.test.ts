import { accepted, BOTH, keysOfFaults, MAIN, refusal } from "./servicesConfiguration.ts";

type Arguments = [docker: Readonly<Record<string, unknown>>, environment?: Readonly<Record<string, string>>];

const engineOf = (...[docker, environment]: Arguments) => accepted({ ...BOTH, ...docker }, MAIN, environment).engine;
const faultyKeys = (...[docker, environment]: Arguments) => keysOfFaults({ ...BOTH, ...docker }, MAIN, environment);
/** The whole text that the user reads about the only fault. */
const textOf = (...[docker, environment]: Arguments) => {
  const { faults, message } = refusal({ ...BOTH, ...docker }, MAIN, environment);
  expect(faults).toHaveLength(1);
  return message.split("\n\n").slice(1).join("\n\n");
};

describe("the Docker engine of a stack", () => {
  test("is by default the one of this machine", () => {
    expect(engineOf({})).toEqual({ host: "unix:///var/run/docker.sock", sshOptions: [] });
    expect(engineOf({ "docker:host": "" }, { DOCKER_HOST: "" }).host).toBe("unix:///var/run/docker.sock");
  });

  test("is the one of docker:host, else the one of DOCKER_HOST", () => {
    const environment = { DOCKER_HOST: "unix:///run/user/1000/docker.sock" };
    expect(engineOf({}, environment).host).toBe("unix:///run/user/1000/docker.sock");
    expect(engineOf({ "docker:host": "ssh://docker.example.com" }, environment).host).toBe("ssh://docker.example.com");
  });

  test("is reached with the options of docker:sshOpts, else those of DOCKER_SSH_OPTS", () => {
    const environment = { DOCKER_SSH_OPTS: "  -i key  -o StrictHostKeyChecking=yes " };
    expect(engineOf({}, environment).sshOptions).toEqual(["-i", "key", "-o", "StrictHostKeyChecking=yes"]);
    expect(engineOf({ "docker:sshOpts": ["-o", "User=a b"] }, environment).sshOptions).toEqual(["-o", "User=a b"]);
    expect(engineOf({ "docker:sshOpts": [] }, environment).sshOptions).toEqual([]);
  });

  test.each([
    "unix:///var/run/docker.sock",
    "unix:///a-b/c.d_e",
    "ssh://docker.example.com",
    "ssh://deploy@docker.example.com",
    "ssh://deploy.user-1@10.0.0.1:2222",
    "ssh://HOST",
  ])("may be %s", (host) => {
    expect(engineOf({ "docker:host": host }).host).toBe(host);
  });

  test.each([
    "tcp://docker.example.com:2376",
    "https://docker.example.com",
    "npipe:////./pipe/docker_engine",
    "/var/run/docker.sock",
    "unix://",
    "unix://docker.sock",
    "unix:///var/run/docker sock",
    "ssh://",
    "ssh://-oProxyCommand=id",
    "ssh://-v",
    "ssh://deploy@-v",
    "ssh://deploy:password@docker.example.com",
    "ssh://docker.example.com/var/run/docker.sock",
    "ssh://docker.example.com?x",
    "ssh://docker.example.com:",
    "ssh://a b",
    "SSH://docker.example.com",
  ])("cannot be %s", (host) => {
    expect(textOf({ "docker:host": host })).toBe(
      [
        "docker:host",
        "  must be unix:///path or ssh://user@host,",
        "  because whoever reaches an engine that listens on TCP is root there; ssh needs no port of its own.",
        `  Found: ${JSON.stringify(host)}`,
        '  Do: write "unix:///var/run/docker.sock" for this machine, or "ssh://deploy@docker.example.com"',
      ].join("\n"),
    );
    expect(faultyKeys({}, { DOCKER_HOST: host })).toEqual(["DOCKER_HOST"]);
  });

  test.each(["0", "65536", "99999"])("cannot be at a port that does not exist: %s", (port) => {
    expect(faultyKeys({ "docker:host": `ssh://docker.example.com:${port}` })).toEqual(["docker:host"]);
  });

  test.each(["-v", "{}", '{"a": 1}', "[1]", '["-o", null]', "", "null"])(
    "is not reached with the options %j",
    (text) => {
      expect(textOf({ "docker:sshOpts": text })).toBe(
        [
          "docker:sshOpts",
          "  must be a list of texts,",
          "  because each is an argument of ssh.",
          `  Found: ${JSON.stringify(text)}`,
          '  Do: write one argument per line, such as "-o" and "StrictHostKeyChecking=yes"',
        ].join("\n"),
      );
    },
  );
});

describe("what would lead the provider to another engine", () => {
  test.each([
    ["context", "DOCKER_CONTEXT"],
    ["caMaterial", "DOCKER_CA_MATERIAL"],
    ["certMaterial", "DOCKER_CERT_MATERIAL"],
    ["certPath", "DOCKER_CERT_PATH"],
    ["keyMaterial", "DOCKER_KEY_MATERIAL"],
  ])("is refused, in docker:%s and in %s", (key, variable) => {
    const expected = (name: string) =>
      [
        name,
        "  must not be set,",
        "  because the program waits for healthy containers at docker:host, and the provider would go elsewhere.",
        "  Do: remove it; write docker:host as unix:///path or ssh://user@host",
      ].join("\n");
    expect(textOf({ [`docker:${key}`]: "some text" })).toBe(expected(`docker:${key}`));
    expect(textOf({}, { [variable]: "some text" })).toBe(expected(variable));
    engineOf({ [`docker:${key}`]: "" }, {});
    engineOf({}, { [variable]: "" });
  });
});

describe("a key of the provider", () => {
  test("must be one", () => {
    expect(textOf({ "docker:hosts": "unix:///var/run/docker.sock" })).toBe(
      [
        "docker:hosts",
        "  must be a known setting,",
        "  because a misspelt setting would silently do nothing.",
        '  Do: write "host", or remove it',
      ].join("\n"),
    );
  });

  test.each(["constructor", "__proto__"])("is not %s", (name) => {
    expect(faultyKeys({ [`docker:${name}`]: "x" })).toEqual([`docker:${name}`]);
  });

  test("may switch the provider's own check off", () => {
    engineOf({ "docker:disableDockerDaemonCheck": true });
  });

  const registry = (password: unknown) => ({
    "docker:registryAuth": [{ address: "registry.example.com", password, username: "deploy" }],
  });

  test("must be secret where it holds a registry's password", () => {
    expect(textOf(registry("hunter2-hunter2"))).toBe(
      [
        "docker:registryAuth",
        "  must be stored as a secret,",
        "  because it holds a password, and the stack file goes into git.",
        "  Do: run: pulumi config set --secret --path 'docker:registryAuth[0].password', " +
          "and renew the password: it has been readable",
      ].join("\n"),
    );
    engineOf(registry({ secure: "hunter2-hunter2" }));
    engineOf({ "docker:registryAuth": [{ address: "registry.example.com", configFile: "x" }] });
  });
});
