import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { nodeArguments } from "../../processes/program";
import { run } from "../../processes/run";
import { PulumiError, pulumiCli, runPulumi } from "../../commands/pulumi/pulumiCli";

const preview = (...messages: string[]) =>
  JSON.stringify(
    {
      steps: [{ op: "create", urn: "urn:pulumi:dev::scpcloud::a::b", newState: { inputs: { secret: "hidden" } } }],
      diagnostics: messages.map((message) => ({ severity: "error", message })),
      changeSummary: { create: 1 },
    },
    undefined,
    2,
  );
const FAULTS = [
  "1 fault in the stack's configuration; nothing was changed.",
  "",
  "scpcloud:integrations.acme.organizationUser",
  "  must be a user.",
  '  Found: "nobody"   ',
].join("\n");

describe("a failure of the Pulumi CLI", () => {
  test("is told by the errors of a preview as JSON, and by nothing else of it", () => {
    const text = `${preview(`error: ${FAULTS}`, "could not log in", "could not log in")}\nerror: preview failed\n`;
    expect(new PulumiError(["preview", "--json", "--target", "urn:1", "--stack", "prod"], text).message).toBe(
      [
        "pulumi preview --stack prod failed:",
        "  1 fault in the stack's configuration; nothing was changed.",
        "  scpcloud:integrations.acme.organizationUser",
        "    must be a user.",
        '    Found: "nobody"',
        "  could not log in",
        "  preview failed",
      ].join("\n"),
    );
  });

  test("is told by the diagnostics of an up", () => {
    const text = [
      "Updating (dev):",
      " +  keycloak:openid:Client acme-client creating (0s)",
      "Diagnostics:",
      "  keycloak:openid:Client (acme-client):",
      "    error: 403 Forbidden",
      "    error: 403 Forbidden",
      "",
      "Resources:",
      "    1 errored",
    ].join("\n");
    expect(new PulumiError(["up", "--yes"], text).message).toBe(
      ["pulumi up failed:", "    keycloak:openid:Client (acme-client):", "      error: 403 Forbidden"].join("\n"),
    );
  });

  test("is told by all that follows the first error, since a reason may take several lines", () => {
    const text = "warning: a new version is available\nerror: no stack named 'dev' found\n  in file:///state\n";
    expect(new PulumiError(["stack", "export", "--show-secrets"], text).message).toBe(
      "pulumi stack export failed:\n  no stack named 'dev' found\n    in file:///state",
    );
  });

  test("has two errors whole, also where they share a line", () => {
    const fault = (name: string) => `error: ${name} is no user\n  Do: ask the administrator\n`;
    expect(new PulumiError(["up"], fault("anna") + fault("berta") + fault("anna")).message).toBe(
      [
        "pulumi up failed:",
        "  anna is no user",
        "    Do: ask the administrator",
        "  berta is no user",
        "    Do: ask the administrator",
      ].join("\n"),
    );
  });

  test("is told by all that it said where no error is marked", () => {
    expect(new PulumiError(["whoami", "--json"], "\nno such host\n").message).toBe(
      "pulumi whoami failed:\n  no such host",
    );
  });

  test("names no password that the backend's URL has", () => {
    const text =
      'error: unable to open state database "postgres://pulumi:p%40ss@db:5432/state?sslmode=require&password=other": refused';
    expect(new PulumiError(["whoami"], text).message).toBe(
      "pulumi whoami failed:\n" +
        '  unable to open state database "postgres://pulumi:****@db:5432/state?sslmode=require&password=****": refused',
    );
    const harmless = "error: https://db:5432/ says that root@host (pid 1) is not postgres://pulumi@db/state";
    expect(new PulumiError(["whoami"], harmless).message).toBe(`pulumi whoami failed:\n  ${harmless.slice(7)}`);
  });
});

test.each(["verify", "recover"])("%s says what to do where there is no Pulumi CLI on PATH", async (command) => {
  const args = nodeArguments(join(__dirname, `../../commands/${command}.ts`), "--stack", "dev");
  expect(await run(process.execPath, args, { env: { PATH: "/nowhere" } })).toEqual({
    exitCode: 1,
    stdout: "",
    stderr: expect.stringMatching(/^The Pulumi CLI is not on PATH\. .*make env.*\n$/) as unknown,
  });
});

test("the Pulumi CLI never gets the variable by which it would delete what is protected", async () => {
  const folder = mkdtempSync(join(tmpdir(), "scpcloud-cli-test-"));
  const { PATH, PULUMI_OPTION_IGNORE_PROTECT } = process.env;
  writeFileSync(join(folder, "pulumi"), '#!/bin/sh\necho "set: $PULUMI_OPTION_IGNORE_PROTECT"', { mode: 0o700 });
  Object.assign(process.env, { PATH: `${folder}:${PATH}`, PULUMI_OPTION_IGNORE_PROTECT: "true" });
  try {
    expect(await pulumiCli("prod", folder).run(["up"])).toBe("set: \n");
    // As the Automation API runs it.
    const env = { PULUMI_OPTION_IGNORE_PROTECT: "true" };
    expect((await runPulumi(["up"], { cwd: folder, env })).stdout).toBe("set: \n");
  } finally {
    Object.assign(process.env, { PATH, PULUMI_OPTION_IGNORE_PROTECT: PULUMI_OPTION_IGNORE_PROTECT ?? "" });
    rmSync(folder, { recursive: true });
  }
});
