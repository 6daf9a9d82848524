import { createHmac, randomBytes } from "node:crypto";

import type { Credentials } from "./basic";
import type { RequestToken, TokenAnswer } from "./tokenEndpoint";

interface Entry {
  readonly token: string;
  /** In milliseconds since the epoch. */
  readonly until: number;
}

/** As the token endpoint answered, now or some time ago. */
export type CachedAnswer = TokenAnswer & { readonly cached: boolean };

export interface TokenCacheOptions {
  readonly requestToken: RequestToken;
  readonly now: () => number;
  /** The number of customers; the oldest entry goes first. */
  readonly size: number;
}

const MARGIN_SECONDS = 30;

/** Keeps each customer's token while it is good, and sees to one request at a time per customer. */
export class TokenCache {
  private readonly entries = new Map<string, Entry>();
  private readonly pending = new Map<string, Promise<TokenAnswer>>();
  /** Makes the keys of the cache worthless outside of this process. */
  private readonly hashKey = randomBytes(32);

  constructor(private readonly options: TokenCacheOptions) {}

  async get(credentials: Credentials): Promise<CachedAnswer> {
    const key = this.keyOf(credentials);
    const entry = this.entries.get(key);
    const remaining = (entry?.until ?? 0) - this.options.now();
    if (entry !== undefined && remaining > 0) {
      return { outcome: "granted", token: entry.token, lifetimeSeconds: remaining / 1000, cached: true };
    }
    const answer = this.pending.get(key) ?? this.request(key, credentials);
    return { ...(await answer), cached: false };
  }

  /** Forgets a token that is of no use, unless another one has taken its place. */
  drop(credentials: Credentials, token: string): void {
    const key = this.keyOf(credentials);
    if (this.entries.get(key)?.token === token) {
      this.entries.delete(key);
    }
  }

  private request(key: string, credentials: Credentials): Promise<TokenAnswer> {
    const start = this.options.now();
    const answer = this.options
      .requestToken(credentials)
      .then((result) => {
        if (result.outcome === "granted") {
          this.keep(key, { token: result.token, until: start + usableSeconds(result.lifetimeSeconds) * 1000 });
        }
        return result;
      })
      .finally(() => this.pending.delete(key));
    this.pending.set(key, answer);
    return answer;
  }

  private keep(key: string, entry: Entry): void {
    this.entries.delete(key);
    this.entries.set(key, entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.options.size && oldest !== undefined) {
      this.entries.delete(oldest);
    }
  }

  /** Depends on the secret too: a wrong one must never ride on a token that the right one has fetched. */
  private keyOf({ clientId, clientSecret }: Credentials): string {
    return createHmac("sha256", this.hashKey)
      .update(JSON.stringify([clientId, clientSecret]))
      .digest("base64");
  }
}

/** A token is not used up to its last second, which would be over on its way to the API. */
function usableSeconds(lifetimeSeconds: number): number {
  return lifetimeSeconds < 2 * MARGIN_SECONDS ? lifetimeSeconds / 2 : lifetimeSeconds - MARGIN_SECONDS;
}
