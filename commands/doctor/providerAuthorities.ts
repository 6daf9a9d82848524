import { globSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";

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
 * The certificates (PEM) that a Go program trusts on Linux: those of the first file that is there, and of all folders.
 * Node.js's own list of the system's (tls.getCACertificates) takes SSL_CERT_DIR for one folder, where Go takes several.
 */
export function providerAuthorities({ SSL_CERT_DIR: folders, SSL_CERT_FILE: file }: NodeJS.ProcessEnv): string[] {
  const bundle = textsOf(file ? [file] : FILES).slice(0, 1);
  const inFolders = (folders ? folders.split(delimiter) : FOLDERS).flatMap((folder) =>
    textsOf(globSync("*", { cwd: folder }).map((name) => join(folder, name))),
  );
  return [...new Set([...bundle, ...inFolders])].filter((text) => text.includes("-----BEGIN CERTIFICATE-----"));
}

/** Of the files that are there and may be read. */
function textsOf(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    try {
      return [readFileSync(path, "utf8")];
    } catch {
      return [];
    }
  });
}
