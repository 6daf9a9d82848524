import { type Fault, shown } from "../../faults/faults.ts";
import { recordOf } from "../../values/shapes.ts";
import { must, partsOf } from "../schema/checks.ts";
import { issuerOf } from "../settings.ts";
import type { Decoded } from "../source.ts";

const HTTPS = must(
  "begin with https:",
  "secrets and tokens would cross the network in the clear",
  "write https:, or set scpcloud:requireHttps: false where the network is private",
);
const VERIFIED = must(
  "not be true",
  "the deployer would send its secret to whoever answers",
  "remove it; give a private CA's certificate in keycloak:rootCaCertificate (PEM)",
);
const ONCE = must("not repeat an issuer", "the realm's own issuer and each further one are listed once", "remove it");

/** What is wrong with the URLs beyond the shape of each. */
export function* checkUrls(stack: Decoded, provider: Decoded): Generator<Fault> {
  const { publicUrl, realm } = stack;
  const further = recordOf(stack["api"])["additionalIssuers"];
  const issuers = Object.entries(Array.isArray(further) ? (further as unknown[]) : []).map(
    ([index, issuer]): [string, unknown] => [`scpcloud:api.additionalIssuers[${index}]`, issuer],
  );
  const urls = Object.entries({
    "keycloak:url": provider["url"],
    "keycloak:adminUrl": provider["adminUrl"],
    "scpcloud:publicUrl": publicUrl,
    "scpcloud:backchannelUrl": stack["backchannelUrl"],
    "scpcloud:bff.publicUrl": recordOf(stack["bff"])["publicUrl"],
    ...Object.fromEntries(issuers),
  });
  if (stack["requireHttps"] !== false) {
    for (const [key, url] of urls.filter(([, url]) => typeof url === "string" && url.startsWith("http:"))) {
      yield { key, ...partsOf(HTTPS), value: shown(url) };
    }
    if (provider["tlsInsecureSkipVerify"] === true) {
      yield { key: "keycloak:tlsInsecureSkipVerify", ...partsOf(VERIFIED), value: shown(true) };
    }
  }
  const seen = new Set<unknown>(
    typeof publicUrl === "string" && typeof realm === "string" ? [issuerOf({ publicUrl, realm })] : [],
  );
  for (const [key, issuer] of issuers) {
    if (typeof issuer === "string" && seen.has(issuer)) {
      yield { key, ...partsOf(ONCE), value: shown(issuer) };
    }
    seen.add(issuer);
  }
}
