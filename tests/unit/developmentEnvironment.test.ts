import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

import {
  developmentEnvironment,
  processEnvironment,
  shellExports,
  type Variable,
} from "../../development/environment.ts";
import { replaceFile } from "../../processes/files.ts";
import type { Toolchain } from "../../development/toolchain/describe.ts";

// What developmentEnvironment writes goes into .local, which a running development server uses.
jest.mock("../../processes/files.ts");
const written = jest.mocked(replaceFile);

const SECRET = "s3cret with $dollars, 'quotes' and `ticks`";
const NASTY = 'it\'s "a" $HOME `date` \\ !\n*';

const directory = mkdtempSync(join(tmpdir(), "scp cloud's-"));
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};
const server = {
  caCertificateFile: file("ca.crt", "OUR CA\n"),
  deployerSecretFile: file("it's-the-secret", `${SECRET}\n`),
};
const toolchain: Toolchain = {
  source: { cli: "build", keycloak: "build" },
  pathEntries: ["/opt/it's here/bin", "/opt/$HOME/bin"],
  environment: { PULUMI_HOME: NASTY },
};
const environment = (base: NodeJS.ProcessEnv = {}) => developmentEnvironment(toolchain, server, base);
const exportsOf = (base: NodeJS.ProcessEnv = {}) => shellExports(environment(base), toolchain.pathEntries);

/** Evaluates the lines as `eval "$(make env)"` does and returns the shell's environment. */
function evaluated(lines: string, base: Record<string, string> = {}): Record<string, string> {
  const env = { PATH: "/usr/bin:/bin", ...base };
  const output = execFileSync("/bin/sh", ["-euc", `${lines}\n/usr/bin/env -0`], { encoding: "utf8", env });
  const variables = output.split("\0").filter((line) => line !== "");
  return Object.fromEntries(
    variables.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
}

const valueOf = (variable: Variable | undefined) =>
  variable !== undefined && "value" in variable ? variable.value : undefined;

afterAll(() => rmSync(directory, { recursive: true }));

describe("the exports for a shell", () => {
  test("are evaluated by sh to the very values, however odd these are", () => {
    const shell = evaluated(exportsOf());
    expect(shell).toMatchObject({
      PATH: `/opt/it's here/bin:/opt/$HOME/bin:/usr/bin:/bin`,
      PULUMI_HOME: NASTY,
      KEYCLOAK_CLIENT_SECRET: SECRET,
      PULUMI_CONFIG_PASSPHRASE: "",
      SSL_CERT_DIR: `/etc/ssl/certs:${directory}`,
    });
    expect(shell["PULUMI_BACKEND_URL"]).toMatch(/^file:\/\/\/.*\/\.local\/state$/);
  });

  test("consist of exports and nothing else, each variable once, and of the secret hold its file's name only", () => {
    const lines = exportsOf();
    expect(lines).toContain("export KEYCLOAK_CLIENT_SECRET=\"$(cat '");
    expect(lines).not.toContain("s3cret");
    const rest = lines.replace(NASTY.replace("'", `'\\''`), "").split("\n");
    expect(rest.map((line) => /^export ([A-Z_]+)=/.exec(line)?.[1]).sort()).toEqual([
      "KEYCLOAK_CLIENT_SECRET",
      "NODE_EXTRA_CA_CERTS",
      "PATH",
      "PULUMI_BACKEND_URL",
      "PULUMI_CONFIG_PASSPHRASE",
      "PULUMI_HOME",
      "SSL_CERT_DIR",
    ]);
  });

  test("leave PATH alone where nothing is to be put in front", () => {
    expect(shellExports({}, [])).toBe("");
    expect(evaluated(shellExports({ A: { value: "a" } }, []))).toMatchObject({ A: "a", PATH: "/usr/bin:/bin" });
  });

  test("do not repeat themselves when a shell evaluates them again", () => {
    const once = evaluated(exportsOf());
    expect(evaluated(exportsOf(once), once)).toMatchObject({
      SSL_CERT_DIR: once["SSL_CERT_DIR"],
      NODE_EXTRA_CA_CERTS: once["NODE_EXTRA_CA_CERTS"],
      KEYCLOAK_CLIENT_SECRET: SECRET,
    });
  });
});

describe("the environment of a child process", () => {
  test("is what a shell has after the exports", () => {
    const base = { PATH: "/usr/bin:/bin", HOME: "/home/anna" };
    const child = processEnvironment(environment(base), toolchain.pathEntries, base);
    expect(evaluated(exportsOf(base), base)).toMatchObject(child);
    expect(child["KEYCLOAK_CLIENT_SECRET"]).toBe(SECRET);
  });

  test("keeps what else there is, and the user's folders at the end of PATH, without an empty entry", () => {
    const child = processEnvironment({ A: { value: "new" } }, ["/x", "/y"], { A: "old", B: "b", PATH: "/z" });
    expect(child).toEqual({ A: "new", B: "b", PATH: ["/x", "/y", "/z"].join(delimiter) });
    // It would be the current folder.
    expect(processEnvironment({}, ["/x"], {})["PATH"]).toBe("/x");
  });
});

describe("trust in the embedded Keycloak's CA", () => {
  test("keeps the folders of certificates that the user has", () => {
    expect(valueOf(environment({ SSL_CERT_DIR: "/a:/b" })["SSL_CERT_DIR"])).toBe(`/a:/b:${directory}`);
    expect(valueOf(environment({ SSL_CERT_DIR: `${directory}:/b` })["SSL_CERT_DIR"])).toBe(`${directory}:/b`);
  });

  test("is given to Node beside the certificates that the user trusts already", () => {
    const own = file("own.pem", "THE USER'S CA\n\n");
    const path = valueOf(environment({ NODE_EXTRA_CA_CERTS: own })["NODE_EXTRA_CA_CERTS"]);
    expect(written.mock.calls).toEqual([[path, "THE USER'S CA\nOUR CA\n", 0o600]]);
    expect(path).toMatch(/\/\.local\/keycloak\/node-extra-ca-certs\.pem$/);
  });

  test.each([undefined, "/nonexistent.pem"])("is given to Node alone where the user has none (%s)", (existing) => {
    environment({ NODE_EXTRA_CA_CERTS: existing });
    expect(written.mock.calls).toEqual([[expect.any(String), "OUR CA\n", 0o600]]);
  });

  test("is given again where the shell has the variable, but the file is gone or has an earlier CA", () => {
    const base = { NODE_EXTRA_CA_CERTS: valueOf(environment()["NODE_EXTRA_CA_CERTS"]) };
    written.mockClear();
    const renewed = { ...server, caCertificateFile: file("renewed.crt", "OUR RENEWED CA\n") };
    developmentEnvironment(toolchain, renewed, base);
    expect(written.mock.calls).toEqual([
      [base.NODE_EXTRA_CA_CERTS, expect.stringContaining("OUR RENEWED CA\n") as string, 0o600],
    ]);
  });
});
