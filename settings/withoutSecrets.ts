/**
 * A text with each secret in it as "[secret]". A line of a secret of several lines counts as one, unless it is so short
 * that it tells nothing.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const parts = secrets.flatMap((secret) => [secret, ...secret.split(/\r?\n/).filter((part) => part.length > 7)]);
  return [...new Set(parts)]
    .filter((part) => part !== "")
    .sort((one, other) => other.length - one.length)
    .reduce((rest, part) => rest.replaceAll(part, "[secret]"), text);
}
