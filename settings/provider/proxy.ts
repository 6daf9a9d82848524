import { isIP } from "node:net";

import { type Fault, shown } from "../../faults/faults.ts";
import type { Decoded } from "../source.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, as the provider chooses it: none for this machine, and that of HTTPS_PROXY alone for https.
 * Node.js itself would choose otherwise, and so is told.
 */
export function proxyFor(address: string, environment: Environment): string | undefined {
  const url = new URL(address);
  const proxy = proxyOf(url, environment);
  if (proxy === "" || exemptions(environment).some((entry) => exempts(entry, hostOf(url)))) {
    return undefined;
  }
  return proxy.includes("://") ? proxy.replace(/^\w+:/, (scheme) => scheme.toLowerCase()) : `http://${proxy}`;
}

/** Before any exemption; empty where there is none. */
function proxyOf(url: URL, environment: Environment): string {
  const isLoopback = /^(localhost|127(\.\d+){3}|::1)$/.test(hostOf(url));
  return isLoopback ? "" : setting(environment, variableFor(url));
}

const setting = (environment: Environment, name: string) => environment[name] || environment[name.toLowerCase()] || "";

const variableFor = ({ protocol }: URL) => (protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");

/** Without the brackets of IPv6. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

const exemptions = (environment: Environment) =>
  setting(environment, "NO_PROXY")
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");

/** By a host, a domain with all that is below it, or `*`. */
const exempts = (entry: string, host: string) =>
  entry === "*" || entry === host || host.endsWith(`.${entry.replace(/^\*?\./, "")}`);

/** An entry for a network, or for one port of the host: the provider follows Go's rules for these, and nobody else does. */
function isGos(entry: string, host: string): boolean {
  const withoutPort = isIP(entry) === 0 ? entry.replace(/:\d+$/, "").replace(/^\[|\]$/g, "") : entry;
  return entry.includes("/") ? isIP(host) !== 0 : withoutPort !== entry && exempts(withoutPort, host);
}

/** Node.js goes around a proxy of any other kind without a word, and an older Node.js around every proxy. */
export function isFollowed(proxy: string, nodeVersion: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  const knowsProxies = major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
  return knowsProxies && /^https?:\/\/[^\s/?#]+\/?$/.test(proxy) && URL.canParse(proxy) && isDecodable(proxy);
}

/** Node.js decodes the proxy's user name and password. */
function isDecodable(text: string): boolean {
  try {
    return decodeURIComponent(text) !== "";
  } catch {
    return false;
  }
}

/** What is wrong with the proxies on the way to some addresses. A proxy's URL may hold a password, and is not shown. */
export function* checkProxies({ url, adminUrl }: Decoded, environment: Environment): Generator<Fault> {
  const addresses = [url, adminUrl].filter((one) => typeof one === "string" && URL.canParse(one)) as string[];
  for (const address of addresses.filter((one) => proxyOf(new URL(one), environment) !== "")) {
    const [host, variable] = [hostOf(new URL(address)), variableFor(new URL(address))];
    const entry = exemptions(environment).find((one) => isGos(one, host));
    const proxy = proxyFor(address, environment);
    if (entry !== undefined) {
      yield {
        key: "NO_PROXY",
        rule: "must exempt Keycloak's host by its name, its domain or *, not by a network or with a port",
        reason: "the Keycloak provider reads such an entry by rules of its own, which the commands do not follow",
        value: shown(entry),
        remedy: `write ${host} in its place, or remove it`,
      };
    } else if (proxy !== undefined && !isFollowed(proxy)) {
      yield {
        key: variable,
        rule: "must be an HTTP proxy, as http://HOST:PORT or https://HOST:PORT, and Node.js at least 22.21 or 24.5",
        reason: `Node.js, here ${process.versions.node}, would send the deployer's secret around any other proxy`,
        remedy: `set ${variable} to an HTTP proxy, or exempt Keycloak's host by NO_PROXY`,
      };
    }
  }
}
