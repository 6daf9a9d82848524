import { X509Certificate } from "node:crypto";

/** Certificates and nothing else, so that no private key gets into the containers. */
export function isCertificates(value: string): boolean {
  const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
  const blocks = value.match(block) ?? [];
  try {
    return (
      blocks.length > 0 && value.replace(block, "").trim() === "" && blocks.every((pem) => new X509Certificate(pem))
    );
  } catch {
    return false;
  }
}
