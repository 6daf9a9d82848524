import { BlockList, isIP } from "node:net";

import type { Decoded } from "../decode";
import type { Fault } from "../faults";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, as the provider chooses it: for this machine none, for an address of https by HTTPS_PROXY alone.
 * Node.js itself would choose otherwise, so that it is told.
 */
export function proxyFor(address: string, environment: Environment): string | undefined {
  const url = new URL(address);
  const setting = (name: string) => environment[name] || environment[name.toLowerCase()] || "";
  const proxy = setting(variableFor(url));
  if (
    proxy === "" ||
    isLoopback(hostOf(url)) ||
    setting("NO_PROXY")
      .split(",")
      .some((entry) => isExempt(url, entry))
  ) {
    return undefined;
  }
  return proxy.includes("://") ? proxy.replace(/^\w+:/, (scheme) => scheme.toLowerCase()) : `http://${proxy}`;
}

const variableFor = ({ protocol }: URL) => (protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");

/** Without the brackets of IPv6. */
const hostOf = ({ hostname }: URL) => hostname.replace(/^\[|\]$/g, "");

const isLoopback = (host: string) => host === "localhost" || isInNetwork(host, "127.0.0.0/8") || host === "::1";

/** A host, a domain with all that is below it, a network such as 10.0.0.0/8, or `*`; a port may follow a name. */
function isExempt(url: URL, written: string): boolean {
  const host = hostOf(url);
  const entry = written.trim().toLowerCase();
  if (entry === "" || entry === "*" || isIP(entry) !== 0 || entry.includes("/")) {
    return entry === "*" || entry === host || isInNetwork(host, entry);
  }
  const [, name = "", port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? [];
  const domain = name.replace(/^\*?\./, "");
  return (
    domain !== "" &&
    ((host === domain && domain === name) || host.endsWith(`.${domain}`)) &&
    (port === undefined || port === (url.port || (url.protocol === "https:" ? "443" : "80")))
  );
}

function isInNetwork(host: string, network: string): boolean {
  const [base = "", bits = ""] = network.split("/");
  const family = isIP(base);
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits) || Number(bits) > (family === 4 ? 32 : 128)) {
    return false;
  }
  const list = new BlockList();
  list.addSubnet(base, Number(bits), `ipv${family as 4 | 6}`);
  return list.check(host, `ipv${family as 4 | 6}`);
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
  const refused = [url, adminUrl].flatMap((address) => {
    const proxy = typeof address === "string" && URL.canParse(address) ? proxyFor(address, environment) : undefined;
    return proxy === undefined || isFollowed(proxy) ? [] : [variableFor(new URL(address as string))];
  });
  for (const variable of new Set(refused)) {
    yield {
      key: variable,
      rule: "must be an HTTP proxy, as http://HOST:PORT or https://HOST:PORT, and Node.js at least 22.21 or 24.5",
      reason: `Node.js, here ${process.versions.node}, would send the deployer's secret around any other proxy`,
      remedy: `set ${variable} to an HTTP proxy, or exempt Keycloak's host by NO_PROXY`,
    };
  }
}
