import type { ProviderArgs } from "@pulumi/docker";
import * as v from "valibot";

import { type Fault, shown } from "../../faults/faults.ts";
import { unknownKey } from "../../settings/schema/checks.ts";
import { type ConfigurationSource, decodeAs, keysOf } from "../../settings/source.ts";
import type { EngineSettings } from "./settings.ts";

/**
 * What the Docker provider can be told in the namespace `docker`. With a variable, which says the same, it is refused:
 * the program, which asks the engine for the containers' health, would have to follow it but does not. A version of the
 * provider that can be told more does not compile.
 */
const PROVIDER_KEYS: Readonly<Record<keyof ProviderArgs, string | undefined>> = {
  caMaterial: "DOCKER_CA_MATERIAL",
  certMaterial: "DOCKER_CERT_MATERIAL",
  certPath: "DOCKER_CERT_PATH",
  context: "DOCKER_CONTEXT",
  disableDockerDaemonCheck: undefined,
  host: undefined,
  keyMaterial: "DOCKER_KEY_MATERIAL",
  registryAuth: undefined,
  sshOpts: undefined,
};

const OPTIONS = v.array(v.string());

/**
 * The engine that the Docker provider uses, by its own settings, variables and defaults; and what is wrong with the
 * namespace `docker`.
 */
export function decodeEngine(source: ConfigurationSource): { engine: EngineSettings; faults: Fault[] } {
  const { values, environment } = source;
  const host = values["docker:host"] || environment["DOCKER_HOST"] || "unix:///var/run/docker.sock";
  const written = values["docker:sshOpts"];
  const { success, output } =
    written === undefined
      ? { success: true, output: (environment["DOCKER_SSH_OPTS"] ?? "").split(/\s+/).filter((option) => option !== "") }
      : v.safeParse(OPTIONS, decodeAs(OPTIONS, written));
  const faults = [
    ...keysOf(source, "docker")
      .filter((key) => !Object.hasOwn(PROVIDER_KEYS, key))
      .map((key) => unknownKey(`docker:${key}`, key, Object.keys(PROVIDER_KEYS))),
    ...unsupported(source),
    ...plainPasswords(source),
  ];
  if (!isEngine(host)) {
    faults.push({
      key: values["docker:host"] ? "docker:host" : "DOCKER_HOST",
      rule: "must be unix:///path or ssh://user@host",
      reason: "whoever reaches an engine that listens on TCP is root there; ssh needs no port of its own",
      value: shown(host),
      remedy: 'write "unix:///var/run/docker.sock" for this machine, or "ssh://deploy@docker.example.com"',
    });
  }
  if (!success) {
    faults.push({
      key: "docker:sshOpts",
      rule: "must be a list of texts",
      reason: "each is an argument of ssh",
      value: shown(written),
      remedy: 'write one argument per line, such as "-o" and "StrictHostKeyChecking=yes"',
    });
  }
  return { engine: { host, sshOptions: success ? output : [] }, faults };
}

function* unsupported({ values, environment }: ConfigurationSource): Generator<Fault> {
  for (const [key, variable] of Object.entries(PROVIDER_KEYS)) {
    const isWritten = Boolean(values[`docker:${key}`]);
    if (variable !== undefined && (isWritten || environment[variable])) {
      yield {
        key: isWritten ? `docker:${key}` : variable,
        rule: "must not be set",
        reason: "the program waits for healthy containers at docker:host, and the provider would go elsewhere",
        remedy: "remove it; write docker:host as unix:///path or ssh://user@host",
      };
    }
  }
}

/** No query, password or path, which ssh could not be told; and no host that begins like one of its options. */
function isEngine(host: string): boolean {
  const isSsh = /^ssh:\/\/([\w.-]+@)?[A-Za-z0-9][A-Za-z0-9.-]*(:[1-9]\d*)?$/.test(host) && URL.canParse(host);
  return isSsh || /^unix:\/\/\/\S+$/.test(host);
}

function* plainPasswords({ values, secretKeys }: ConfigurationSource): Generator<Fault> {
  const key = "docker:registryAuth";
  if (/password/i.test(values[key] ?? "") && !secretKeys.has(key)) {
    yield {
      key,
      rule: "must be stored as a secret",
      reason: "it holds a password, and the stack file goes into git",
      remedy: `run: pulumi config set --secret --path '${key}[0].password', and renew the password: it has been readable`,
    };
  }
}
