import { createPrivateKey, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { issueAuthority, issueServer, type KeyAndCertificate } from "./issuing";

const DAY_MILLISECONDS = 86_400_000;
const RENEWAL_DAYS = 30;

/** Where a server's certificates are. */
export interface Certificates {
  /** Alone in its directory, which may therefore stand in SSL_CERT_DIR. */
  readonly caCertificateFile: string;
  /** The same as PEM text. */
  readonly caCertificate: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

/**
 * The server's certificate and its certification authority below `directory`, issued or renewed as needed. The
 * authority's private key stays (mode 600): a renewed server certificate needs no new trust. Only this project's own
 * commands trust the authority, never the machine.
 */
export async function ensureCertificates(directory: string): Promise<Certificates> {
  const authority = files(join(directory, "ca", "ca.crt"), join(directory, "keys", "ca.key"));
  const server = files(join(directory, "keys", "server.crt"), join(directory, "keys", "server.key"));
  if (!isUsable(authority)) write(authority, await issueAuthority());
  if (!isUsable(server, authority)) write(server, await issueServer(read(authority)));
  return {
    caCertificateFile: authority.certificateFile,
    caCertificate: read(authority).certificate,
    certificateFile: server.certificateFile,
    keyFile: server.keyFile,
  };
}

interface Files {
  readonly certificateFile: string;
  readonly keyFile: string;
}

function files(certificateFile: string, keyFile: string): Files {
  return { certificateFile, keyFile };
}

/** False also for what an interrupted run left behind: a missing half, or halves that do not belong together. */
function isUsable(pair: Files, authority = pair): boolean {
  if (!existsSync(pair.keyFile) || !existsSync(pair.certificateFile)) return false;
  try {
    const certificate = new X509Certificate(readFileSync(pair.certificateFile));
    const issuer = new X509Certificate(readFileSync(authority.certificateFile));
    return (
      certificate.checkPrivateKey(createPrivateKey(readFileSync(pair.keyFile))) &&
      certificate.verify(issuer.publicKey) &&
      Date.parse(certificate.validTo) - Date.now() > RENEWAL_DAYS * DAY_MILLISECONDS
    );
  } catch {
    return false;
  }
}

function read(pair: Files): KeyAndCertificate {
  return { key: readFileSync(pair.keyFile, "utf8"), certificate: readFileSync(pair.certificateFile, "utf8") };
}

function write(pair: Files, content: KeyAndCertificate): void {
  replaceFile(pair.keyFile, content.key, 0o600);
  replaceFile(pair.certificateFile, content.certificate, 0o644);
}

/** By rename, for a running server reads its files again once an hour. */
function replaceFile(path: string, content: string, mode: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = join(dirname(dirname(path)), `.${process.pid}.part`);
  writeFileSync(temporary, content, { mode });
  renameSync(temporary, path);
}
