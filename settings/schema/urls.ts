import * as v from "valibot";

import { inOrder, must, text } from "./checks.ts";

// Editors know the form by the pattern. The URL standard says the rest.
const PLAIN = String.raw`https?:\/\/[^\s/?#@]+(\/[^\s/?#]+)*`;

/** A URL that somebody compares letter by letter, or appends to: spelt as the URL standard spells it. */
export function plainUrl(reason: string, remedy: string, pattern = new RegExp(`^${PLAIN}$`)) {
  const message = must(
    "be an absolute http(s) URL without query, credentials and trailing slash, in lower-case host letters",
    reason,
    remedy,
  );
  return inOrder(v.pipe(text, v.regex(pattern, message), v.check(isNormal, message)));
}

function isNormal(value: string): boolean {
  if (!URL.canParse(value)) {
    return value === "";
  }
  const { protocol, host, pathname } = new URL(value);
  return `${protocol}//${host}${pathname === "/" ? "" : pathname}` === value;
}

const ISSUER = [
  "the issuer is compared letter by letter",
  'write it as Keycloak\'s hostname option has it, such as "https://keycloak.example.com"',
] as const;

export const issuer = plainUrl(...ISSUER);

export const ofServer = v.regex<string, string>(
  /^(?!.*\/realms(\/|$))/,
  must(
    "be Keycloak's base URL, without /realms/…",
    "the realm is a setting of its own and is appended to it",
    "cut the URL off before /realms",
  ),
);

export const serverUrl = inOrder(v.pipe(issuer, ofServer));

/** Empty: the stack's public URL is taken. */
export const serverUrlOrEmpty = inOrder(v.pipe(plainUrl(...ISSUER, new RegExp(`^(${PLAIN})?$`)), ofServer));
