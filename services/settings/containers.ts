import { isIP } from "node:net";

import * as v from "valibot";

import {
  boolean,
  form,
  holds,
  inOrder,
  listOf,
  mapOf,
  mapOfAny,
  matching,
  must,
  text,
  whole,
} from "../../settings/schema/checks.ts";

const bounded = (least: number, most: number, what: string, reason: string, remedy: string) =>
  whole(least, most, `be ${what} from ${least} to ${most}`, reason, remedy);
const boundedOr = (fallback: number, ...bounds: Parameters<typeof bounded>) => v.optional(bounded(...bounds), fallback);
const SECONDS = "a whole number of seconds";

const HOST = String.raw`([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d+)?\/)`;
const COMPONENT = String.raw`[a-z0-9]+((\.|_{1,2}|-+)[a-z0-9]+)*`;

/** Of distribution/reference, "Grammar". */
const image = inOrder(
  v.pipe(
    text,
    form(
      new RegExp(String.raw`^${HOST}?${COMPONENT}(\/${COMPONENT})*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$`),
      "be an image reference: name:tag, name@sha256:… or both",
      "the engine finds the image by it",
      'write it as for docker pull, such as "registry.example.com/web-production-bff:1.4.2@sha256:…"',
    ),
    form(
      /:[\w.-]+$/,
      "have a tag or a digest",
      "without one the engine takes the tag latest, whatever that is on the day",
      'append the version, as in "web-production-bff:1.4.2"',
    ),
    form(
      /(?<!:latest)$/,
      "not have the tag latest",
      "nobody could tell from the stack file which version runs",
      "write the version's own tag, or its digest",
    ),
  ),
);

const portNumber = bounded(1, 65_535, "a port number", "TCP has no other ones", "write the number without quotes");

const port = mapOf(
  {
    address: v.optional(
      v.pipe(
        text,
        holds(
          (value) => isIP(value) !== 0,
          "be an IP address of the engine's machine",
          "the port is published on it",
          'write "127.0.0.1" for this machine only, or "0.0.0.0" for every network it is in',
        ),
      ),
      "127.0.0.1",
    ),
    container: portNumber,
    host: portNumber,
  },
  must(
    "be a map with host and container",
    "it publishes a port of the container on the engine's machine",
    "write { host: 8080, container: 8080 }",
  ),
);

const healthCheck = mapOf(
  {
    command: v.pipe(
      listOf(text),
      holds(
        ([first = ""]) => first.trim() !== "",
        "have at least one word, and no empty first one",
        "the engine runs it in the container, without a shell",
        'write one word per line, such as ["curl", "--fail", "http://localhost:8080/health"]',
      ),
    ),
    interval: boundedOr(
      10,
      1,
      300,
      SECONDS,
      "the engine repeats the check that often",
      "write 10 for every ten seconds",
    ),
    retries: boundedOr(3, 1, 100, "a whole number", "after so many failed checks in a row it is unhealthy", "write 3"),
    startPeriod: boundedOr(
      0,
      0,
      600,
      SECONDS,
      "checks that fail within it, after the start, do not count",
      "write how long the service takes to start",
    ),
    timeout: boundedOr(5, 1, 300, SECONDS, "a check that takes longer has failed", "write 5"),
  },
  must(
    "be a map with a command",
    "the engine runs the command in the container to know whether it is healthy",
    'write { command: ["curl", "--fail", "http://localhost:8080/health"] }, or leave the check out',
  ),
);

/** What a map of environment variables must be. */
export const ENVIRONMENT = must(
  "be a map of environment variables",
  "the container gets them besides those that follow from the main stack's file",
  "write one name with its value per line",
);
/** Environment variables by name. */
export const environment = mapOfAny(
  matching(
    /^[A-Za-z_]\w*$/,
    "be the name of an environment variable: letters, digits and underscores, no digit first",
    "neither a shell nor ASP.NET Core could read it otherwise",
    "write the levels of a section joined by two underscores, such as ProductionApi__BaseUrl",
  ),
  text,
  ENVIRONMENT,
);

/** One of the containers. Its root is read-only, it has no capabilities and a limit of memory. */
export const service = mapOf(
  {
    environment: v.optional(environment, {}),
    healthCheck: v.optional(healthCheck),
    image,
    memory: boundedOr(
      512,
      16,
      1_048_576,
      "a whole number of MiB",
      "the engine ends a container that takes more",
      "write 512 for half a GiB",
    ),
    ports: v.optional(listOf(port), []),
    pull: v.optional(boolean, true),
    restart: v.optional(
      v.picklist(
        ["no", "on-failure", "always", "unless-stopped"],
        must(
          "be one of no, on-failure, always, unless-stopped",
          "the engine knows no other restart policy",
          'write "unless-stopped", and put "no" in quotes, which YAML takes for false',
        ),
      ),
      "unless-stopped",
    ),
    writablePaths: v.optional(
      listOf(
        matching(
          /^(?!\/etc\/scpcloud(\/|$))(\/(?!\.{1,2}(\/|$))[^/\s,:]+)+$/,
          "be an absolute path in the container, neither the root folder nor /etc/scpcloud",
          "a folder in memory is put there, and /etc/scpcloud is where a private CA's certificate is",
          'write a folder that the service writes to, such as "/tmp"',
        ),
      ),
      ["/tmp"],
    ),
  },
  must("be a map with an image", "it declares a container", "indent the container's settings below its key"),
);
