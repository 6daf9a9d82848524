import type { Fault } from "./faults";

/** What the containers may be given; in seconds, but for memory, which is in MiB. */
export const APP_LIMITS = {
  healthTimeout: { least: 1, most: 900 },
  interval: { least: 1, most: 300 },
  memory: { least: 16, most: 1_048_576 },
  retries: { least: 1, most: 100 },
  startPeriod: { least: 0, most: 600 },
  timeout: { least: 1, most: 300 },
} as const;

const limits = (name: keyof typeof APP_LIMITS) => `from ${APP_LIMITS[name].least} to ${APP_LIMITS[name].most}`;

/** What a single value of the containers' settings must be (appSchema.ts). */
export const APP_RULES = {
  address: {
    rule: "must be an IP address of the engine's machine",
    reason: "the port is published on it",
    remedy: 'write "127.0.0.1" for this machine only, or "0.0.0.0" for every network it is in',
  },
  alias: {
    rule: "must be a host name of letters, digits, dots and hyphens",
    reason: "the other containers of the network find this one by it",
    remedy: 'write a name such as "production-api"',
  },
  aliases: {
    rule: "must have at least one name",
    reason: "the other containers of the network find this one by it",
    remedy: "write one name per line, or leave the key out",
  },
  app: {
    rule: "must be a map with an image",
    reason: "it declares a container",
    remedy: "indent the container's settings below its key",
  },
  appsMap: {
    rule: "must be a map of containers",
    reason: "it declares WebProductionBff and ProductionApi",
    remedy: "write bff and api below it, or leave the key out for no containers",
  },
  capability: {
    rule: "must be one Linux capability in capital letters, without CAP_",
    reason: "every capability is dropped but the ones listed",
    remedy: 'write a name such as "NET_BIND_SERVICE"',
  },
  certificate: {
    rule: "must be one or more X.509 certificates as PEM, and nothing else",
    reason: "the containers trust whoever has a certificate of this authority",
    remedy: "write the CA's certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; never a key",
  },
  command: {
    rule: "must have at least one word, and no empty first one",
    reason: "the engine runs it in the container, without a shell",
    remedy:
      'write one word per line, such as ["curl", "--fail", "http://localhost:8080/health"], or leave the check out',
  },
  environmentMap: {
    rule: "must be a map of environment variables",
    reason: "the container gets them besides those that follow from the stack file",
    remedy: "write one name with its value per line",
  },
  environmentName: {
    rule: "must be the name of an environment variable: letters, digits and underscores, no digit first",
    reason: "neither a shell nor ASP.NET Core could read it otherwise",
    remedy: "write the levels of a section joined by two underscores, such as ProductionApi__BaseUrl",
  },
  healthCheck: {
    rule: "must be a map with a command",
    reason: "the engine runs the command in the container to know whether it is healthy",
    remedy: 'write { command: ["curl", "--fail", "http://localhost:8080/health"] }, or leave the check out',
  },
  healthTimeout: {
    rule: `must be a whole number of seconds ${limits("healthTimeout")}`,
    reason: "up waits that long for the container to get healthy",
    remedy: "write 60 for a minute",
  },
  image: {
    rule: "must be an image reference: name:tag, name@sha256:… or both",
    reason: "the engine finds the image by it",
    remedy: 'write it as for docker pull, such as "registry.example.com/web-production-bff:1.4.2"',
  },
  imageLatest: {
    rule: "must not have the tag latest",
    reason: "nobody could tell from the stack file which version runs",
    remedy: "write the version's own tag, or its digest",
  },
  imageTag: {
    rule: "must have a tag or a digest",
    reason: "without one the engine takes the tag latest, whatever that is on the day",
    remedy: 'append the version, as in "web-production-bff:1.4.2"',
  },
  interval: {
    rule: `must be a whole number of seconds ${limits("interval")}`,
    reason: "the engine repeats the check that often",
    remedy: "write 10 for every ten seconds",
  },
  memory: {
    rule: `must be a whole number of MiB ${limits("memory")}`,
    reason: "the engine ends a container that takes more",
    remedy: "write 512 for half a GiB",
  },
  network: {
    rule: "must be a name of letters, digits, dots, underscores and hyphens",
    reason: "the engine gives the containers' network this name",
    remedy: "write a name such as scpcloud-prod, or leave the key out",
  },
  path: {
    rule: "must be an absolute path in the container, neither the root folder nor /etc/scpcloud",
    reason: "a folder in memory is put there, and /etc/scpcloud is where a private CA's certificate is",
    remedy: 'write a folder that the service writes to, such as "/tmp"',
  },
  port: {
    rule: "must be a map with host and container",
    reason: "it publishes a port of the container on the engine's machine",
    remedy: "write { host: 8080, container: 8080 }",
  },
  portNumber: {
    rule: "must be a port number from 1 to 65535",
    reason: "TCP has no other ones",
    remedy: "write the number without quotes",
  },
  restart: {
    rule: "must be one of no, on-failure, always, unless-stopped",
    reason: "the engine knows no other restart policy",
    remedy: 'write "unless-stopped", and put "no" in quotes, which YAML takes for false',
  },
  retries: {
    rule: `must be a whole number ${limits("retries")}`,
    reason: "the container is unhealthy after so many failed checks in a row",
    remedy: "write 3",
  },
  startPeriod: {
    rule: `must be a whole number of seconds ${limits("startPeriod")}`,
    reason: "checks that fail within it, after the start, do not count",
    remedy: "write how long the service takes to start",
  },
  timeout: {
    rule: `must be a whole number of seconds ${limits("timeout")}`,
    reason: "a check that takes longer has failed",
    remedy: "write 5",
  },
} as const satisfies Record<string, Pick<Fault, "reason" | "remedy" | "rule">>;
