import type { Credentials } from "./basic";
import type { RequestToken, TokenAnswer } from "./tokenEndpoint";

/** A token is not used up to its last second, which would be over on its way to the API. */
const MARGIN_SECONDS = 30;

/** Each customer's token, requested once and kept while it is good; calls at the same time share one request. */
export class TokenCache {
  private readonly answers = new Map<string, Promise<TokenAnswer>>();

  constructor(private readonly requestToken: RequestToken) {}

  get(credentials: Credentials): Promise<TokenAnswer> {
    return this.answers.get(keyOf(credentials)) ?? this.request(credentials);
  }

  drop(credentials: Credentials): void {
    this.answers.delete(keyOf(credentials));
  }

  private request(credentials: Credentials): Promise<TokenAnswer> {
    const answer = this.requestToken(credentials).then((result) => {
      if (result.outcome === "granted") {
        setTimeout(() => this.drop(credentials), (result.lifetimeSeconds - MARGIN_SECONDS) * 1000).unref();
      } else {
        this.drop(credentials);
      }
      return result;
    });
    this.answers.set(keyOf(credentials), answer);
    return answer;
  }
}

/** Depends on the secret too: a wrong one must never ride on a token that the right one has fetched. */
function keyOf({ clientId, clientSecret }: Credentials): string {
  return JSON.stringify([clientId, clientSecret]);
}
