import * as v from "valibot";

import { type Decoded, recordOf } from "./decode";
import { type Fault, shown } from "./faults";
import type { ProviderValues } from "./provider";
import { SCHEMA } from "./schema";
import { issuerOf } from "./settings";

/** What is wrong with the URLs and with the names that BFF and API are configured by, beyond the shape of each value. */
export function checkServices(decoded: Decoded, provider: ProviderValues): Fault[] {
  return [
    ...checkHttps(decoded, provider),
    ...checkIssuers(decoded),
    ...checkNames("bff", decoded),
    ...checkNames("api", decoded),
  ];
}

function checkHttps(decoded: Decoded, provider: ProviderValues): Fault[] {
  if (decoded["requireHttps"] === false) {
    return [];
  }
  const urls: [key: string, url: unknown][] = [
    ["keycloak:url", provider.url],
    ["keycloak:adminUrl", provider.adminUrl],
    ["scpcloud:publicUrl", decoded["publicUrl"]],
    ["scpcloud:backchannelUrl", decoded["backchannelUrl"]],
    ["scpcloud:bff.publicUrl", recordOf(decoded["bff"])["publicUrl"]],
    ...additionalIssuers(decoded).map((url, index): [string, unknown] => [issuerKey(index), url]),
  ];
  const faults = urls.flatMap(([key, url]) =>
    typeof url === "string" && url.startsWith("http:")
      ? [
          {
            key,
            rule: "must begin with https:",
            reason: "secrets and tokens would cross the network in the clear",
            value: shown(url),
            remedy: "write https:, or set scpcloud:requireHttps: false where the network is private",
          },
        ]
      : [],
  );
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

function checkIssuers(decoded: Decoded): Fault[] {
  const { publicUrl, realm } = decoded;
  const own = typeof publicUrl === "string" && typeof realm === "string" ? [issuerOf({ publicUrl, realm })] : [];
  const additional = additionalIssuers(decoded);
  const all = [...own, ...additional];
  return additional
    .map((issuer, index) => ({ issuer, index }))
    .filter(({ issuer, index }) => typeof issuer === "string" && all.indexOf(issuer) < index + own.length)
    .map(({ issuer, index }) => ({
      key: issuerKey(index),
      rule: "must not repeat an issuer",
      reason: "the realm's own issuer and each further one are listed once",
      value: shown(issuer),
      remedy: "remove it",
    }));
}

/** As they are written, so that each keeps its index; not all need be text. */
function additionalIssuers(decoded: Decoded): readonly unknown[] {
  const issuers = recordOf(decoded["api"])["additionalIssuers"];
  return Array.isArray(issuers) ? issuers : [];
}

function issuerKey(index: number): string {
  return `scpcloud:api.additionalIssuers[${index}]`;
}

/** ASP.NET Core's configuration keys are not case sensitive, so two names may collide without being equal. */
function checkNames(service: "api" | "bff", decoded: Decoded): Fault[] {
  const parsed = v.safeParse(SCHEMA[service].entries.names, recordOf(decoded[service])["names"]);
  const names = parsed.success ? Object.entries<string>(parsed.output) : [];
  return names
    .filter(([key, name]) => names.some(([other, twin]) => other !== key && twin.toLowerCase() === name.toLowerCase()))
    .map(([key, name]) => ({
      key: `scpcloud:${service}.names.${key}`,
      rule: "must differ from the service's other names",
      reason: "one value would overwrite the other; ASP.NET Core does not tell upper from lower case",
      value: shown(name),
      remedy: "give each key a name of its own",
    }));
}
