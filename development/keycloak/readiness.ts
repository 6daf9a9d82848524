import { get } from "node:https";
import { setTimeout as delay } from "node:timers/promises";

const PROBE_LIMIT_MILLISECONDS = 30_000;
const POLL_MILLISECONDS = 500;

/** Where a realm is asked for, and what it must answer. */
export interface Probe {
  readonly url: string;
  readonly publicUrl: string;
  readonly realm: string;
  /** The only certification authority that is trusted, hence no other server can pass for ours. */
  readonly caCertificate: string;
}

/** Whether the realm is served, under the issuer that its tokens will name. */
export async function isReady(probe: Probe): Promise<boolean> {
  const body = await fetchText(`${probe.url}/realms/${probe.realm}/.well-known/openid-configuration`, probe);
  return body !== undefined && issuerOf(body) === `${probe.publicUrl}/realms/${probe.realm}`;
}

/** Waits until the realm is served; returns what is wrong if the server has ended or the limit has passed. */
export async function waitUntilReady(
  probe: Probe,
  limitMilliseconds: number,
  isRunning: () => Promise<boolean>,
): Promise<"ready" | "ended" | "late"> {
  const deadline = Date.now() + limitMilliseconds;
  while (Date.now() < deadline) {
    if (!(await isRunning())) return "ended";
    if (await isReady(probe)) return "ready";
    await delay(POLL_MILLISECONDS);
  }
  return "late";
}

/** The body of a successful answer. */
function fetchText(url: string, probe: Probe): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { ca: probe.caCertificate, agent: false, timeout: PROBE_LIMIT_MILLISECONDS };
    const request = get(url, options, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve(response.statusCode === 200 ? Buffer.concat(chunks).toString() : undefined));
      response.on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(undefined));
  });
}

function issuerOf(body: string): unknown {
  try {
    const discovery: unknown = JSON.parse(body);
    return typeof discovery === "object" && discovery !== null && "issuer" in discovery ? discovery.issuer : undefined;
  } catch {
    return undefined;
  }
}
