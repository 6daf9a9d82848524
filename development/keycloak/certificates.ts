import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { PRIVATE, replaceFile } from "../../processes/files.ts";
import { issueAuthority, issueServer } from "./issuing.ts";

const RENEWAL_MILLISECONDS = 30 * 86_400_000;

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
 * The server's certificate and that of its certification authority below `directory`, issued anew as needed. Nobody has
 * the authority's private key. Only this project's own commands trust the authority, never the machine.
 */
export async function ensureCertificates(directory: string): Promise<Certificates> {
  const caCertificateFile = join(directory, "ca", "ca.crt");
  const certificateFile = join(directory, "keys", "server.crt");
  const keyFile = join(directory, "keys", "server.key");
  if (!areUsable(caCertificateFile, certificateFile, keyFile)) {
    const authority = await issueAuthority();
    const server = await issueServer(authority);
    replaceFile(keyFile, server.key, PRIVATE);
    replaceFile(certificateFile, server.certificate, PRIVATE);
    replaceFile(caCertificateFile, authority.certificate, PRIVATE);
  }
  const caCertificate = readFileSync(caCertificateFile, "utf8");
  return { caCertificateFile, caCertificate, certificateFile, keyFile };
}

/** False also for what an interrupted run left behind: a missing file, or files that do not belong together. */
function areUsable(caCertificateFile: string, certificateFile: string, keyFile: string): boolean {
  try {
    const certificate = new X509Certificate(readFileSync(certificateFile));
    const authority = new X509Certificate(readFileSync(caCertificateFile));
    return (
      certificate.checkPrivateKey(createPrivateKey(readFileSync(keyFile))) &&
      certificate.verify(authority.publicKey) &&
      Math.min(...[certificate, authority].map(({ validTo }) => Date.parse(validTo))) - Date.now() >
        RENEWAL_MILLISECONDS
    );
  } catch {
    return false;
  }
}
