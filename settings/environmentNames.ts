/** The environment variable of one of ASP.NET Core's configuration keys, its levels given one by one. */
export function environmentName(prefix: string, path: readonly string[]): string {
  return prefix + path.join("__");
}

/** The variable by which OpenSSL, and so .NET, is told a further file of CA certificates besides its usual folder. */
export const CA_FILE_VARIABLE = "SSL_CERT_FILE";
