// @peculiar/x509 needs its metadata polyfill first.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A private key (PKCS #8) and its certificate, both as PEM text. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly certificate: string;
}

const LIFETIME_MILLISECONDS = 730 * 86_400_000;
/** Certificates are good from an hour ago, for clocks of virtual machines that lag behind. */
const LAG_MILLISECONDS = 3_600_000;
const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING_ALGORITHM = { name: "ECDSA", hash: "SHA-256" };

/** A new certification authority that may sign server certificates, but no further authorities. */
export function issueAuthority(): Promise<KeyAndCertificate> {
  return issue("CN=ScpCloud embedded Keycloak CA", [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
  ]);
}

/** A new certificate for the names under which the stack's programs reach the server: from the host, and from a container. */
export function issueServer(authority: KeyAndCertificate): Promise<KeyAndCertificate> {
  const extensions = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([
      { type: "dns", value: "localhost" },
      { type: "dns", value: "host.docker.internal" },
      { type: "ip", value: "127.0.0.1" },
      { type: "ip", value: "::1" },
    ]),
  ];
  return issue("CN=localhost", extensions, authority);
}

/** Signed by the authority, or else by itself. */
async function issue(
  subject: string,
  extensions: readonly x509.Extension[],
  authority?: KeyAndCertificate,
): Promise<KeyAndCertificate> {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
  const issuer = authority && new x509.X509Certificate(authority.certificate);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: issuer?.subject ?? subject,
    publicKey,
    signingKey: authority === undefined ? privateKey : await signingKey(authority),
    signingAlgorithm: SIGNING_ALGORITHM,
    notBefore: new Date(now - LAG_MILLISECONDS),
    notAfter: new Date(now + LIFETIME_MILLISECONDS),
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer?.publicKey ?? publicKey),
    ],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", privateKey), "PRIVATE KEY");
  return { key: `${key}\n`, certificate: `${certificate.toString("pem")}\n` };
}

function signingKey({ key }: KeyAndCertificate): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(key), KEY_ALGORITHM, false, ["sign"]);
}
