import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

import * as v from "valibot";

import { didYouMean, type Fault } from "../../settings/faults";
import { RULES } from "../../settings/rules";
import { parseImage } from "./imageReference";

export type Rule = Pick<Fault, "reason" | "remedy" | "rule">;

/** A check's message. It holds all three parts, which read.ts takes apart again. */
const says = ({ rule, reason, remedy }: Rule) => [rule, reason, remedy].join("\n");

/** The rule that a check's message holds. */
export function ruleOf(message: string): Rule {
  const [rule = "", reason = "", remedy = ""] = message.split("\n");
  return { rule, reason, remedy };
}

/** Names that no plain object keeps as a key of its own: the library would drop them without a word. */
const LOST_NAMES = ["__proto__", "constructor", "prototype"];
const NO_LOST_NAME: Rule = {
  rule: `must not have the key ${LOST_NAMES.join(" or ")}`,
  reason: "JavaScript uses these names for something of its own",
  remedy: "rename it",
};

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mapThat = (rule: Rule) =>
  v.pipe(
    v.custom<Record<string, unknown>>(isMap, says(rule)),
    v.check((map) => !LOST_NAMES.some((name) => Object.hasOwn(map, name)), says(NO_LOST_NAME)),
  );

/** A map with these keys and no other one. */
function mapOf<const T extends v.ObjectEntries>(entries: T, rule: Rule) {
  const known = Object.keys(entries);
  // Without a prototype, or the library would take "toString" for a key that it knows.
  const own = Object.assign(Object.create(null) as object, entries);
  return v.pipe(
    mapThat(rule),
    v.strictObject(own, ({ expected, received }) =>
      says(expected === "never" ? unknownKey(received.replaceAll('"', ""), known) : rule),
    ),
  );
}

/** The rule of a key that nothing would read. */
export function unknownKey(name: string, known: readonly string[]): Rule {
  return {
    rule: "must be a known setting",
    reason: "a misspelt setting would silently do nothing",
    remedy: didYouMean(name, known),
  };
}

const text = v.string(says(RULES.text));
const boolean = v.boolean(says(RULES.boolean));
const listOf = <T extends v.GenericSchema>(item: T) => v.array(item, says(RULES.list));
const matching = (pattern: RegExp, rule: Rule) => v.pipe(text, v.regex(pattern, says(rule)));

/** A whole number within bounds, both included. */
function whole(least: number, most: number, what: string, rest: Pick<Rule, "reason" | "remedy">) {
  const message = says({ rule: `must be ${what} from ${least} to ${most}`, ...rest });
  return v.pipe(v.number(message), v.integer(message), v.minValue(least, message), v.maxValue(most, message));
}
const seconds = (least: number, most: number, reason: string, remedy: string) =>
  whole(least, most, "a whole number of seconds", { reason, remedy });

const image = v.pipe(
  text,
  v.check(
    (value) => parseImage(value) !== undefined,
    says({
      rule: "must be an image reference: name:tag, name@sha256:… or both",
      reason: "the engine finds the image by it",
      remedy: 'write it as for docker pull, such as "registry.example.com/web-production-bff:1.4.2@sha256:…"',
    }),
  ),
  v.check(
    (value) => parseImage(value)?.tag !== undefined || parseImage(value)?.digest !== undefined,
    says({
      rule: "must have a tag or a digest",
      reason: "without one the engine takes the tag latest, whatever that is on the day",
      remedy: 'append the version, as in "web-production-bff:1.4.2"',
    }),
  ),
  v.check(
    (value) => parseImage(value)?.tag !== "latest" || parseImage(value)?.digest !== undefined,
    says({
      rule: "must not have the tag latest",
      reason: "nobody could tell from the stack file which version runs",
      remedy: "write the version's own tag, or its digest",
    }),
  ),
);

const portNumber = whole(1, 65_535, "a port number", {
  reason: "TCP has no other ones",
  remedy: "write the number without quotes",
});

const port = mapOf(
  {
    address: v.optional(
      v.pipe(
        text,
        v.check(
          (value) => isIP(value) !== 0,
          says({
            rule: "must be an IP address of the engine's machine",
            reason: "the port is published on it",
            remedy: 'write "127.0.0.1" for this machine only, or "0.0.0.0" for every network it is in',
          }),
        ),
      ),
      "127.0.0.1",
    ),
    container: portNumber,
    host: portNumber,
  },
  {
    rule: "must be a map with host and container",
    reason: "it publishes a port of the container on the engine's machine",
    remedy: "write { host: 8080, container: 8080 }",
  },
);

const healthCheck = mapOf(
  {
    command: v.pipe(
      listOf(text),
      v.check(
        ([first = ""]) => first.trim() !== "",
        says({
          rule: "must have at least one word, and no empty first one",
          reason: "the engine runs it in the container, without a shell",
          remedy: 'write one word per line, such as ["curl", "--fail", "http://localhost:8080/health"]',
        }),
      ),
    ),
    interval: v.optional(
      seconds(1, 300, "the engine repeats the check that often", "write 10 for every ten seconds"),
      10,
    ),
    retries: v.optional(
      whole(1, 100, "a whole number", {
        reason: "the container is unhealthy after so many failed checks in a row",
        remedy: "write 3",
      }),
      3,
    ),
    startPeriod: v.optional(
      seconds(
        0,
        600,
        "checks that fail within it, after the start, do not count",
        "write how long the service takes to start",
      ),
      0,
    ),
    timeout: v.optional(seconds(1, 300, "a check that takes longer has failed", "write 5"), 5),
  },
  {
    rule: "must be a map with a command",
    reason: "the engine runs the command in the container to know whether it is healthy",
    remedy: 'write { command: ["curl", "--fail", "http://localhost:8080/health"] }, or leave the check out',
  },
);

const ENVIRONMENT: Rule = {
  rule: "must be a map of environment variables",
  reason: "the container gets them besides those that follow from the main stack's file",
  remedy: "write one name with its value per line",
};
const environment = v.pipe(
  mapThat(ENVIRONMENT),
  v.record(
    matching(/^[A-Za-z_]\w*$/, {
      rule: "must be the name of an environment variable: letters, digits and underscores, no digit first",
      reason: "neither a shell nor ASP.NET Core could read it otherwise",
      remedy: "write the levels of a section joined by two underscores, such as ProductionApi__BaseUrl",
    }),
    text,
  ),
);

/** One of the containers. Its root is read-only, it has no capabilities and a limit of memory. */
const service = mapOf(
  {
    environment: v.optional(environment, {}),
    healthCheck: v.optional(healthCheck),
    image,
    memory: v.optional(
      whole(16, 1_048_576, "a whole number of MiB", {
        reason: "the engine ends a container that takes more",
        remedy: "write 512 for half a GiB",
      }),
      512,
    ),
    ports: v.optional(listOf(port), []),
    pull: v.optional(boolean, true),
    restart: v.optional(
      v.picklist(
        ["no", "on-failure", "always", "unless-stopped"],
        says({
          rule: "must be one of no, on-failure, always, unless-stopped",
          reason: "the engine knows no other restart policy",
          remedy: 'write "unless-stopped", and put "no" in quotes, which YAML takes for false',
        }),
      ),
      "unless-stopped",
    ),
    writablePaths: v.optional(
      listOf(
        matching(/^(?!\/etc\/scpcloud(\/|$))(\/(?!\.{1,2}(\/|$))[^/\s,:]+)+$/, {
          rule: "must be an absolute path in the container, neither the root folder nor /etc/scpcloud",
          reason: "a folder in memory is put there, and /etc/scpcloud is where a private CA's certificate is",
          remedy: 'write a folder that the service writes to, such as "/tmp"',
        }),
      ),
      ["/tmp"],
    ),
  },
  {
    rule: "must be a map with an image",
    reason: "it declares a container",
    remedy: "indent the container's settings below its key",
  },
);

export const CERTIFICATE: Rule = {
  rule: "must be one or more X.509 certificates as PEM, and nothing else",
  reason: "the containers trust whoever has a certificate of this authority",
  remedy: "write the CA's certificate, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----; never a key",
};

/** The keys of the namespace `scpcloud-services`. */
export const SCHEMA = {
  api: v.optional(service),
  bff: v.optional(service),
  caCertificate: v.optional(v.pipe(text, v.check(isCertificates, says(CERTIFICATE)))),
  network: v.optional(
    matching(/^[A-Za-z0-9][\w.-]*$/, {
      rule: "must be a name of letters, digits, dots, underscores and hyphens",
      reason: "the engine gives the containers' network this name",
      remedy: "write a name such as scpcloud-prod, or leave the key out",
    }),
  ),
  // Beside the services, since Pulumi tells only of a whole key whether it is secret.
  secretEnvironment: v.optional(
    mapOf({ api: v.optional(environment, {}), bff: v.optional(environment, {}) }, ENVIRONMENT),
    {},
  ),
} as const;

/** The namespace's values once the schema has passed them. */
export type Values = { readonly [Key in keyof typeof SCHEMA]: v.InferOutput<(typeof SCHEMA)[Key]> };

/** Certificates and nothing else, so that no private key gets into the containers. */
export function isCertificates(value: string): boolean {
  const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
  const blocks = value.match(block) ?? [];
  try {
    return (
      blocks.length > 0 && value.replace(block, "").trim() === "" && blocks.every((pem) => new X509Certificate(pem))
    );
  } catch {
    return false;
  }
}
