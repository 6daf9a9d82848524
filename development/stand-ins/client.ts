import { Agent, type Dispatcher, fetch } from "undici";

/** An answer that came in time, whatever it says; `body` is the parsed JSON, if it was any. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly body: unknown;
}

export interface RequestOptions {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
  /** Makes it a POST. */
  readonly form?: Readonly<Record<string, string>>;
}

/** More than callers at the same time are expected, few enough not to flood a server. */
const CONNECTIONS = 32;

/** Keeps connections open, per server. */
export function newAgent(): Agent {
  return new Agent({ connections: CONNECTIONS });
}

/**
 * @throws on no answer in time; a redirection is none, for it would carry credentials to who knows where
 */
export async function request(agent: Dispatcher, url: string, options: RequestOptions): Promise<Answer> {
  const { signal, headers = {}, form } = options;
  const response = await fetch(url, {
    dispatcher: agent,
    redirect: "error",
    signal,
    headers: { accept: "application/json", ...headers },
    ...(form === undefined ? {} : { method: "POST", body: new URLSearchParams(form) }),
  });
  const text = await response.text();
  return { status: response.status, text, body: parse(text) };
}

/** The reason of a failed request in a word. Not its message: that may quote a header, hence a token. */
export function reasonOf(error: unknown): string {
  const { cause = error } = (error ?? {}) as { readonly cause?: unknown };
  const { code, name } = (cause ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  return [code, name].find((word) => typeof word === "string") ?? "unknown";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
