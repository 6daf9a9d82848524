import { BlockList, isIP } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, as the provider, a Go program, chooses it (golang.org/x/net/http/httpproxy): never for this
 * machine, an address of https by HTTPS_PROXY alone, and NO_PROXY with networks and ports. undici's EnvHttpProxyAgent
 * differs in each of these.
 */
export function proxyFor(address: string, environment: Environment): string | undefined {
  const url = new URL(address);
  const setting = (name: string) => environment[name] || environment[name.toLowerCase()];
  const proxy = setting(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
  if (proxy === undefined || isLoopback(hostOf(url)) || isExempt(url, setting("NO_PROXY") ?? "")) {
    return undefined;
  }
  return /^(https?|socks5h?):\/\//.test(proxy) ? proxy : `http://${proxy}`;
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
