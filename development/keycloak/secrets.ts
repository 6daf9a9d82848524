import { randomInt, randomUUID } from "node:crypto";
import { chmodSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

// Keycloak form-decodes both halves of HTTP Basic credentials (RFC 6749, section 2.3.1): with letters and digits only,
// encoded and raw credentials are the same.
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** A random secret of letters and digits; 40 of them hold 238 bits. */
export function randomSecret(length = 40): string {
  return Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join("");
}

/** The secret in the file, which is created with a random one (mode 600, in a directory of mode 700) if it is absent. */
export function secretFile(path: string): string {
  const existing = readSecret(path);
  if (existing !== undefined) return existing;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}`;
  writeFileSync(temporary, randomSecret(), { mode: 0o600, flag: "wx" });
  try {
    // A link appears at once, complete, and never replaces the file of a process that was faster.
    linkSync(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
  return readFileSync(path, "utf8").trim();
}

function readSecret(path: string): string | undefined {
  try {
    const secret = readFileSync(path, "utf8").trim();
    if (secret === "") throw new Error(`${path} is empty: delete it, or write the secret into it.`);
    chmodSync(path, 0o600);
    return secret;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
