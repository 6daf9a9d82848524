import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";

import { PRIVATE, replaceFile } from "../processes/files.ts";
import { type DevelopmentServer, versionSuffix } from "./keycloak/development.ts";
import type { Toolchain } from "./toolchain/describe.ts";
import { pathWith } from "./toolchain/layout.ts";

const LOCAL_DIRECTORY = resolve(import.meta.dirname, "..", ".local");

/** The dev stack's state, a `file://` backend; each version of the server has its own. The directory's mode keeps it to its user. */
export function stateDirectory(): string {
  return join(LOCAL_DIRECTORY, `state${versionSuffix()}`);
}

/** A value for the environment; `file`'s content is read when it is used, so that no secret is printed. */
export type Variable = { readonly value: string } | { readonly file: string };

/**
 * What a shell needs, besides the folders in front of PATH, so that plain `pulumi` works on the dev stack. The deployer's
 * secret and the CA come by environment variables, because Pulumi.dev.yaml is the same for everybody.
 */
export function developmentEnvironment(
  toolchain: Toolchain,
  server: Pick<DevelopmentServer, "caCertificateFile" | "deployerSecretFile">,
  base: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, Variable>> {
  const values = {
    ...toolchain.environment,
    PULUMI_BACKEND_URL: `file://${stateDirectory()}`,
    // Pulumi.dev.yaml holds the salt of the empty passphrase: a generated one would have to be shared by whoever
    // commits that file. The state is protected by its directory's mode; a real stack has a secrets provider.
    PULUMI_CONFIG_PASSPHRASE: "",
    // For the Keycloak provider, which is a Go program; the usual folders stay.
    SSL_CERT_DIR: withEntry(base["SSL_CERT_DIR"] ?? "/etc/ssl/certs", dirname(server.caCertificateFile)),
    // For this project's own commands.
    NODE_EXTRA_CA_CERTS: extraCertificates(server.caCertificateFile, base["NODE_EXTRA_CA_CERTS"]),
  };
  return {
    ...Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }])),
    KEYCLOAK_CLIENT_SECRET: { file: server.deployerSecretFile },
  };
}

/** The environment of a child process: the variables' values, files read. */
export function processEnvironment(
  variables: Readonly<Record<string, Variable>>,
  pathEntries: readonly string[],
  base: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const values = Object.entries(variables).map(([name, variable]) => [
    name,
    "file" in variable ? readFileSync(variable.file, "utf8").trim() : variable.value,
  ]);
  return {
    ...base,
    ...(Object.fromEntries(values) as NodeJS.ProcessEnv),
    PATH: pathWith(pathEntries, base),
  };
}

/** The same as lines for a POSIX shell. */
export function shellExports(variables: Readonly<Record<string, Variable>>, pathEntries: readonly string[]): string {
  const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const lines = Object.entries(variables).map(([name, variable]) =>
    "file" in variable ? `export ${name}="$(cat ${quote(variable.file)})"` : `export ${name}=${quote(variable.value)}`,
  );
  const path = pathEntries.map((entry) => quote(entry + delimiter)).join("");
  return [...(path === "" ? [] : [`export PATH=${path}"$PATH"`]), ...lines].join("\n");
}

function withEntry(list: string, entry: string): string {
  return list.split(delimiter).includes(entry) ? list : [list, entry].join(delimiter);
}

/** Node.js reads one file only: the certificates of the one that the shell names already are put before our CA. */
function extraCertificates(caCertificateFile: string, existing: string | undefined): string {
  const certificate = readFileSync(caCertificateFile, "utf8");
  const others = existing !== undefined && existsSync(existing) ? readFileSync(existing, "utf8").trimEnd() + "\n" : "";
  if (existing !== undefined && others.includes(certificate.trimEnd())) {
    return existing;
  }
  const file = join(LOCAL_DIRECTORY, "keycloak", "node-extra-ca-certs.pem");
  replaceFile(file, others + certificate, PRIVATE);
  return file;
}
