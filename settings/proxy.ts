import { BlockList, isIP } from "node:net";

import type { Fault } from "./faults";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, as the provider, a Go program, chooses it (golang.org/x/net/http/httpproxy): never for this
 * machine, an address of https by HTTPS_PROXY alone, and NO_PROXY with networks and ports. undici's EnvHttpProxyAgent
 * differs in each of these.
 */
export function proxyFor(address: string, environment: Environment): string | undefined {
  const url = new URL(address);
  const setting = (name: string) => environment[name] || environment[name.toLowerCase()];
  const proxy = setting(variableFor(url));
  if (proxy === undefined || isLoopback(hostOf(url)) || isExempt(url, setting("NO_PROXY") ?? "")) {
    return undefined;
  }
  return proxy.includes("://") ? proxy.replace(/^\w+:/, (scheme) => scheme.toLowerCase()) : `http://${proxy}`;
}

const variableFor = ({ protocol }: URL) => (protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");

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
export function proxyFaults(ways: readonly { readonly url: string; readonly proxy?: string | undefined }[]): Fault[] {
  const variables = ways.flatMap(({ url, proxy }) =>
    proxy === undefined || isFollowed(proxy) ? [] : [variableFor(new URL(url))],
  );
  return [...new Set(variables)].map((variable) => ({
    key: variable,
    rule: "must be an HTTP proxy, as http://HOST:PORT or https://HOST:PORT, and Node.js at least 22.21 or 24.5",
    reason: `Node.js, here ${process.versions.node}, would send the deployer's secret around any other proxy`,
    remedy: `set ${variable} to an HTTP proxy, or exempt Keycloak's host by NO_PROXY`,
  }));
}

/** Without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "").toLowerCase();
}

function isLoopback(host: string): boolean {
  return host === "localhost" || matchesNetwork(host, "127.0.0.0/8") || host === "::1";
}

function isExempt(url: URL, exemptions: string): boolean {
  const host = hostOf(url);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return exemptions
    .toLowerCase()
    .split(",")
    .map((entry) => entry.trim())
    .some((entry) => {
      if (entry === "*" || matchesNetwork(host, entry)) {
        return true;
      }
      const groups =
        isIP(entry) === 0 ? /^\[?(?<name>[^[\]]*?)\]?(:(?<only>\d+))?$/.exec(entry)?.groups : { name: entry };
      const domain = (groups?.["name"] ?? "").replace(/^\*(?=\.)/, "");
      // With a leading dot, only what is below the domain.
      const isOfDomain = host === domain || host.endsWith(domain.replace(/^(?!\.)/, "."));
      return domain !== "" && isOfDomain && (groups?.["only"] ?? port) === port;
    });
}

/** Whether the host is an address of a network such as 10.0.0.0/8. */
function matchesNetwork(host: string, network: string): boolean {
  const [base = "", bits = ""] = network.split("/");
  const family = isIP(base);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(base, Number(bits), family === 4 ? "ipv4" : "ipv6");
  return list.check(host, family === 4 ? "ipv4" : "ipv6");
}
