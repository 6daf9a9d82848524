/** The services' names in the names of their containers, and on their network. */
export const SERVICE_NAMES = { bff: "web-production-bff", api: "production-api" } as const;

/** The environment variable of one of ASP.NET Core's configuration keys, its levels given one by one. */
export function environmentName(prefix: string, path: readonly string[]): string {
  return prefix + path.join("__");
}
