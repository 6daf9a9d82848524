import { accepted, BOTH, faultsOf, MAIN } from "./servicesConfiguration.ts";

type Environment = Readonly<Record<string, string>>;

const engineOf = (docker: object, environment?: Environment) =>
  accepted({ ...BOTH, ...docker }, MAIN, environment).engine;
const faults = (docker: object, environment?: Environment) =>
  faultsOf({ ...BOTH, ...docker }, MAIN, environment).map(({ key, rule }) => [key, rule]);

describe("the Docker engine of a stack", () => {
  const host = "unix:///run/user/1000/docker.sock";
  const options = { DOCKER_SSH_OPTS: "  -i key  -o StrictHostKeyChecking=yes " };
  test.each<[object, Environment, object]>([
    [{ "docker:host": "" }, { DOCKER_HOST: "" }, { host: "unix:///var/run/docker.sock" }],
    [{}, { DOCKER_HOST: host }, { host }],
    [{ "docker:host": "ssh://docker.example.com" }, { DOCKER_HOST: host }, { host: "ssh://docker.example.com" }],
    [{ "docker:host": "unix:///a-b/c.d_e" }, {}, { host: "unix:///a-b/c.d_e" }],
    [{ "docker:host": "ssh://deploy.user-1@10.0.0.1:2222" }, {}, { host: "ssh://deploy.user-1@10.0.0.1:2222" }],
    [{ "docker:host": "ssh://HOST" }, {}, { host: "ssh://HOST" }],
    [{}, options, { sshOptions: ["-i", "key", "-o", "StrictHostKeyChecking=yes"] }],
    [{ "docker:sshOpts": ["-o", "User=a b"] }, options, { sshOptions: ["-o", "User=a b"] }],
    [{ "docker:sshOpts": [] }, options, { sshOptions: [] }],
    [{ "docker:disableDockerDaemonCheck": true }, {}, {}],
    [{ "docker:context": "" }, { DOCKER_CONTEXT: "" }, {}],
  ])("is by %j and %j %j", (docker, environment, engine) => {
    expect(engineOf(docker, environment)).toMatchObject(engine);
  });

  const HOST = "must be unix:///path or ssh://user@host";
  test.each([
    ...["tcp://docker.example.com:2376", "https://docker.example.com", "npipe:////./pipe/docker_engine"],
    ...["/var/run/docker.sock", "unix://", "unix://docker.sock", "unix:///var/run/docker sock", "ssh://", "ssh://-v"],
    ...["ssh://-oProxyCommand=id", "ssh://deploy@-v", "ssh://deploy:password@docker.example.com", "ssh://a b"],
    ...["ssh://a/var/run/docker.sock", "ssh://a?x", "ssh://a:", "ssh://a:0", "ssh://a:65536", "SSH://a"],
  ])("cannot be %s", (refused) => {
    expect(faults({ "docker:host": refused })).toEqual([["docker:host", HOST]]);
    expect(faults({}, { DOCKER_HOST: refused })).toEqual([["DOCKER_HOST", HOST]]);
  });

  test.each(["-v", "{}", '{"a": 1}', "[1]", '["-o", null]', "", "null"])("has no ssh options %j", (text) => {
    expect(faults({ "docker:sshOpts": text })).toEqual([["docker:sshOpts", "must be a list of texts"]]);
  });

  test.each(["context", "caMaterial", "certMaterial", "certPath", "keyMaterial"])(
    "cannot be another one by %s, nor by its variable: the provider alone would go there",
    (key) => {
      const variable = `DOCKER_${key.replace(/[A-Z]/, (letter) => `_${letter}`).toUpperCase()}`;
      expect(faults({ [`docker:${key}`]: "some text" })).toEqual([[`docker:${key}`, "must not be set"]]);
      expect(faults({}, { [variable]: "some text" })).toEqual([[variable, "must not be set"]]);
    },
  );

  test.each(["hosts", "constructor", "__proto__"])("has no key %s", (name) => {
    expect(faults({ [`docker:${name}`]: "x" })).toEqual([[`docker:${name}`, "must be a known setting"]]);
  });

  test("has a registry's password as a secret only", () => {
    const registry = (password: unknown) => ({
      "docker:registryAuth": [{ address: "registry.example.com", password, username: "deploy" }],
    });
    const plain = faultsOf({ ...BOTH, ...registry("hunter2-hunter2") });
    expect(plain).toMatchObject([{ key: "docker:registryAuth", rule: "must be stored as a secret" }]);
    expect(JSON.stringify(plain)).not.toContain("hunter2");
    engineOf(registry({ secure: "hunter2-hunter2" }));
    engineOf({ "docker:registryAuth": [{ address: "registry.example.com", configFile: "x" }] });
  });
});
