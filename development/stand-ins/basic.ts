/** How a customer proves who it is. */
export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The credentials in an Authorization header of the scheme Basic (RFC 7617), or undefined if it is not well-formed. */
export function parseBasic(authorization: string | undefined): Credentials | undefined {
  const text = decode(/^basic +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? "");
  const colon = text?.indexOf(":") ?? -1;
  // A client id cannot contain a colon, a secret can. Control characters are forbidden in both.
  if (text === undefined || colon < 1 || /\p{Cc}/u.test(text)) {
    return undefined;
  }
  return { clientId: text.slice(0, colon), clientSecret: text.slice(colon + 1) };
}

/** Node's decoder skips what is no base64; only what encodes to the very same text was some. */
function decode(base64: string): string | undefined {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.toString("base64") !== base64) {
    return undefined;
  }
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}
