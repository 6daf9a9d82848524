import { type App, APPS, checkEnvironment } from "./appEnvironment";
import { isCertificates } from "./certificates";
import { type Fault, shown } from "./faults";
import { parseImage } from "./imageReference";
import type { ProviderValues } from "./provider";
import { RULES } from "./rules";
import type { UsableValues } from "./schema";

type Apps = Partial<NonNullable<UsableValues["apps"]>>;

/** What is wrong with the containers beyond the shape of each value. */
export function* checkApps(values: UsableValues, provider: ProviderValues): Generator<Fault> {
  const apps: Apps = values.apps ?? {};
  const declared = APPS.filter((app) => apps[app] !== undefined);
  if (declared.length === 0) {
    yield {
      key: "scpcloud:apps",
      rule: "must have bff, api or both",
      reason: "without a container the rest of it means nothing",
      remedy: "add one, such as: bff: { image: … }, or leave scpcloud:apps out",
    };
  }
  // The provider's CA serves the containers, too, where they are given none of their own.
  const certificate = provider.rootCaCertificate;
  if (apps.caCertificate === undefined && certificate !== undefined && !isCertificates(certificate)) {
    yield { key: "keycloak:rootCaCertificate", ...RULES.certificate };
  }
  yield* checkReachable(values);
  yield* checkDigests(declared, apps);
  yield* checkPorts(declared, apps);
  yield* checkAliases(declared, apps);
  for (const app of declared) {
    yield* checkEnvironment(app, values);
  }
}

/** In a container, localhost is the container itself. */
function* checkReachable({ backchannelUrl, publicUrl }: UsableValues): Generator<Fault> {
  const [key, url] = backchannelUrl ? ["backchannelUrl", backchannelUrl] : ["publicUrl", publicUrl];
  const { hostname } = url != null && URL.canParse(url) ? new URL(url) : { hostname: "" };
  if (/^((.*\.)?localhost\.?|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)) {
    yield {
      key: `scpcloud:${key}`,
      rule: "must not lead to localhost where scpcloud:apps has containers",
      reason: "in a container, localhost is the container itself",
      value: shown(url),
      remedy: "set scpcloud:backchannelUrl to a URL with host.docker.internal, which is the engine's machine",
    };
  }
}

function* checkDigests(declared: readonly App[], apps: Apps): Generator<Fault> {
  for (const app of apps.requireDigest === false ? [] : declared) {
    const image = apps[app]?.image;
    const reference = image == null ? undefined : parseImage(image);
    if (reference?.digest === undefined && ![undefined, "latest"].includes(reference?.tag)) {
      yield {
        key: `scpcloud:apps.${app}.image`,
        rule: "must have a digest",
        reason: "a tag can be moved to another image after the review",
        value: shown(image),
        remedy:
          "append @sha256:… as docker push printed it, or set requireDigest: false below scpcloud:apps where that may be",
      };
    }
  }
}

function checkPorts(declared: readonly App[], apps: Apps): Fault[] {
  const ports = declared.flatMap((app) =>
    (apps[app]?.ports ?? []).map((port, index) => ({ key: `scpcloud:apps.${app}.ports[${index}].host`, ...port })),
  );
  const overlaps = (one: unknown, other: unknown) =>
    one === other || [one, other].some((it) => /^(0\.0\.0\.0|::)$/.test(String(it)));
  return ports
    .filter(
      ({ host, address }, index) =>
        host != null && ports.slice(0, index).some((other) => other.host === host && overlaps(other.address, address)),
    )
    .map(({ key, host }) => ({
      key,
      rule: "must not repeat a published port",
      reason: "the engine gives a port to one container only",
      value: shown(host),
      remedy: "write another port",
    }));
}

function checkAliases(declared: readonly App[], apps: Apps): Fault[] {
  const aliases = declared.flatMap((app) =>
    (apps[app]?.aliases ?? []).map((alias, index) => ({
      key: `scpcloud:apps.${app}.aliases[${index}]`,
      alias: alias?.toLowerCase(),
    })),
  );
  return aliases
    .filter(({ alias }, index) => alias !== undefined && aliases.slice(0, index).some((other) => other.alias === alias))
    .map(({ key, alias }) => ({
      key,
      rule: "must not repeat a name of the network",
      reason: "calls would go now to one container, now to the other",
      value: shown(alias),
      remedy: "write another name",
    }));
}
