import { readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

import type { Connection } from "../../settings/settings";

/** Where Go programs look on Linux (crypto/x509, root_linux.go). */
const FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/tls/cacert.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
const FOLDERS = ["/etc/ssl/certs", "/etc/pki/tls/certs"];

/**
 * The certificates (PEM) that the Keycloak provider trusts: the settings' own alone, else those that a Go program finds.
 * Undefined where that is a store of the system's, as on macOS and Windows.
 */
export function providerAuthorities(
  { caCertificate }: Pick<Connection, "caCertificate">,
  environment: NodeJS.ProcessEnv = process.env,
  platform = process.platform,
): string[] | undefined {
  if (caCertificate !== undefined) {
    return [caCertificate];
  }
  if (platform !== "linux") {
    return undefined;
  }
  const { SSL_CERT_DIR: folders, SSL_CERT_FILE: file } = environment;
  // The first file that is there, and all folders.
  const [bundle] = (file ? [file] : FILES).flatMap(readIfThere);
  const fromFolders = (folders ? folders.split(delimiter) : FOLDERS).flatMap((folder) =>
    namesIn(folder).flatMap((name) => readIfThere(join(folder, name))),
  );
  return [...new Set([...(bundle === undefined ? [] : [bundle]), ...fromFolders])].filter((text) =>
    text.includes("-----BEGIN CERTIFICATE-----"),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readIfThere(path: string): string[] {
  try {
    return [readFileSync(path, "utf8")];
  } catch {
    return [];
  }
}
