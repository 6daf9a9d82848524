import { type Fault, shown } from "./faults";
import type { ProviderValues } from "./provider";
import type { UsableValues } from "./schema";
import { issuerOf } from "./settings";

/** What is wrong with the URLs and with the names that BFF and API are configured by, beyond the shape of each value. */
export function checkServices(values: UsableValues, provider: ProviderValues): Fault[] {
  return [
    ...checkHttps(values, provider),
    ...checkIssuers(values),
    ...checkNames("bff", values),
    ...checkNames("api", values),
  ];
}

function checkHttps(values: UsableValues, provider: ProviderValues): Fault[] {
  if (values.requireHttps === false) {
    return [];
  }
  const urls = {
    "keycloak:url": provider.url,
    "keycloak:adminUrl": provider.adminUrl,
    "scpcloud:publicUrl": values.publicUrl,
    "scpcloud:backchannelUrl": values.backchannelUrl,
    "scpcloud:bff.publicUrl": values.bff?.publicUrl,
    ...Object.fromEntries((values.api?.additionalIssuers ?? []).map((url, index) => [issuerKey(index), url])),
  };
  const faults = Object.entries(urls)
    .filter(([, url]) => url?.startsWith("http:"))
    .map(([key, url]) => ({
      key,
      rule: "must begin with https:",
      reason: "secrets and tokens would cross the network in the clear",
      value: shown(url),
      remedy: "write https:, or set scpcloud:requireHttps: false where the network is private",
    }));
  if (provider.tlsInsecureSkipVerify === true) {
    faults.push({
      key: "keycloak:tlsInsecureSkipVerify",
      rule: "must not be true",
      reason: "the deployer would send its secret to whoever answers",
      value: shown(true),
      remedy: "remove it; give a private CA's certificate in keycloak:rootCaCertificate (PEM)",
    });
  }
  return faults;
}

function checkIssuers({ api, publicUrl, realm }: UsableValues): Fault[] {
  const own = publicUrl != null && realm != null ? [issuerOf({ publicUrl, realm })] : [];
  const additional = api?.additionalIssuers ?? [];
  const all = [...own, ...additional];
  return additional
    .map((issuer, index) => ({ issuer, index }))
    .filter(({ issuer, index }) => issuer !== null && all.indexOf(issuer) < index + own.length)
    .map(({ issuer, index }) => ({
      key: issuerKey(index),
      rule: "must not repeat an issuer",
      reason: "the realm's own issuer and each further one are listed once",
      value: shown(issuer),
      remedy: "remove it",
    }));
}

function issuerKey(index: number): string {
  return `scpcloud:api.additionalIssuers[${index}]`;
}

/** ASP.NET Core's configuration keys are not case sensitive, so two names may collide without being equal. */
function checkNames(service: "api" | "bff", values: UsableValues): Fault[] {
  const names = Object.entries<string | null>(values[service]?.names ?? {});
  const lowerCased = names.map(([, name]) => name?.toLowerCase());
  return names
    .filter(([, name]) => name !== null && lowerCased.filter((other) => other === name.toLowerCase()).length > 1)
    .map(([key, name]) => ({
      key: `scpcloud:${service}.names.${key}`,
      rule: "must differ from the service's other names",
      reason: "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
      value: shown(name),
      remedy: "give each key a name of its own",
    }));
}
