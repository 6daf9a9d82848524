import { type App, APPS, checkEnvironment, checkSecretEnvironment } from "./appEnvironment";
import { type Decoded, recordOf } from "./decode";
import { checkEngine } from "./docker";
import { type Fault, shown } from "./faults";
import { isCertificates } from "./certificates";
import { parseImage } from "./imageReference";
import type { ProviderValues } from "./provider";
import { RULES } from "./rules";
import { SERVICE_NAMES } from "./settings";
import type { ConfigurationSource } from "./source";

/** What is wrong with the containers beyond the shape of each value. */
export function checkApps(decoded: Decoded, provider: ProviderValues, source: ConfigurationSource): Fault[] {
  const apps = recordOf(decoded["apps"]);
  const declared = APPS.filter((app) => apps[app] !== undefined);
  return [
    ...checkSecretEnvironment(decoded, declared, source),
    ...(Object.keys(apps).length === 0
      ? []
      : [
          ...checkEngine(source),
          ...checkAny(declared),
          ...checkReachable(decoded),
          ...checkDerivedCertificate(apps, provider),
          ...declared.flatMap((app) => checkDigest(app, apps)),
          ...checkPorts(declared, apps),
          ...checkAliases(declared, apps),
          ...declared.flatMap((app) => checkEnvironment(app, decoded)),
        ]),
  ];
}

function checkAny(declared: readonly App[]): Fault[] {
  return declared.length > 0
    ? []
    : [
        {
          key: "scpcloud:apps",
          rule: "must have bff, api or both",
          reason: "without a container the rest of it means nothing",
          remedy: "add one, such as: bff: { image: … }, or leave scpcloud:apps out",
        },
      ];
}

/** In a container, localhost is the container itself. */
function checkReachable({ backchannelUrl, publicUrl }: Decoded): Fault[] {
  const [key, url] = backchannelUrl ? ["backchannelUrl", backchannelUrl] : ["publicUrl", publicUrl];
  const { hostname } = typeof url === "string" && URL.canParse(url) ? new URL(url) : { hostname: "" };
  return /^((.*\.)?localhost\.?|127(\.\d+){3}|0\.0\.0\.0|\[::1?\])$/.test(hostname)
    ? [
        {
          key: `scpcloud:${String(key)}`,
          rule: "must not lead to localhost where scpcloud:apps has containers",
          reason: "in a container, localhost is the container itself",
          value: shown(url),
          remedy: "set scpcloud:backchannelUrl to a URL with host.docker.internal, which is the engine's machine",
        },
      ]
    : [];
}

/** The provider's CA serves the containers, too, where they are given none of their own. */
function checkDerivedCertificate(apps: Readonly<Record<string, unknown>>, provider: ProviderValues): Fault[] {
  const certificate = provider.rootCaCertificate;
  return apps["caCertificate"] !== undefined || certificate === undefined || isCertificates(certificate)
    ? []
    : [{ key: "keycloak:rootCaCertificate", ...RULES.certificate }];
}

function checkDigest(app: App, apps: Readonly<Record<string, unknown>>): Fault[] {
  const { image } = recordOf(apps[app]);
  const reference = typeof image === "string" ? parseImage(image) : undefined;
  return apps["requireDigest"] !== false &&
    reference?.digest === undefined &&
    ![undefined, "latest"].includes(reference?.tag)
    ? [
        {
          key: `scpcloud:apps.${app}.image`,
          rule: "must have a digest",
          reason: "a tag can be moved to another image after the review",
          value: shown(image),
          remedy:
            "append @sha256:… as docker push printed it, or set requireDigest: false below scpcloud:apps where that may be",
        },
      ]
    : [];
}

function checkPorts(declared: readonly App[], apps: Readonly<Record<string, unknown>>): Fault[] {
  const ports = declared.flatMap((app) => {
    const list = recordOf(apps[app])["ports"];
    return (Array.isArray(list) ? list : []).map((item: unknown, index) => {
      const { address = "127.0.0.1", host } = recordOf(item);
      return { key: `scpcloud:apps.${app}.ports[${index}].host`, address, host };
    });
  });
  const overlaps = (one: unknown, other: unknown) =>
    one === other || [one, other].some((it) => /^(0\.0\.0\.0|::)$/.test(String(it)));
  return ports
    .filter(
      ({ host, address }, index) =>
        typeof host === "number" &&
        ports.slice(0, index).some((other) => other.host === host && overlaps(other.address, address)),
    )
    .map(({ key, host }) => ({
      key,
      rule: "must not repeat a published port",
      reason: "the engine gives a port to one container only",
      value: shown(host),
      remedy: "write another port",
    }));
}

function checkAliases(declared: readonly App[], apps: Readonly<Record<string, unknown>>): Fault[] {
  const aliases = declared.flatMap((app) => {
    const { aliases: list = [SERVICE_NAMES[app]] } = recordOf(apps[app]);
    return (Array.isArray(list) ? list : []).map((alias: unknown, index) => ({
      key: `scpcloud:apps.${app}.aliases[${index}]`,
      alias: String(alias).toLowerCase(),
    }));
  });
  return aliases
    .filter(({ alias }, index) => aliases.slice(0, index).some((other) => other.alias === alias))
    .map(({ key, alias }) => ({
      key,
      rule: "must not repeat a name of the network",
      reason: "calls would go now to one container, now to the other",
      value: shown(alias),
      remedy: "write another name",
    }));
}
