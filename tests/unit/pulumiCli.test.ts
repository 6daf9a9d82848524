import { writeFileSync } from "node:fs";

import { messageOf } from "../../commands/cli/errors.ts";
import { readOutputs } from "../../commands/cli/stack.ts";
import { diagnosticsOf } from "../../commands/pulumi/diagnostics.ts";
import { exportState } from "../../commands/pulumi/exportedState.ts";
import { UNKNOWN } from "../../commands/pulumi/preview.ts";
import {
  type PulumiCli,
  PulumiError,
  pulumiCli,
  runPulumi,
  runRefreshPreview,
} from "../../commands/pulumi/pulumiCli.ts";
import { explainProtection } from "../../commands/pulumi/protection.ts";
import { renameWarning } from "../../components/warnings.ts";
import { summary } from "./reviewRecordings.ts";
import { useTemporaryFolder } from "./temporaryFolder.ts";

const REASON = "error initializing keycloak provider: 401 Unauthorized";
const preview = (...messages: string[]) => {
  const steps = [{ op: "create", urn: "urn:pulumi:dev::scpcloud::a::b", newState: { inputs: { secret: "hidden" } } }];
  const diagnostics = messages.map((message) => ({ severity: "error", message }));
  return JSON.stringify({ steps, diagnostics, changeSummary: { create: 1 } }, undefined, 2);
};
const FAULT = 'scpcloud:integrations.acme.organizationUser\n\n  must be a user.   \n  Found: "nobody"   ';
const noUser = (name: string) => `error: ${name} is no user\n  Do: ask the administrator\n`;
const DIAGNOSTICS = `Updating (dev):
 +  keycloak:openid:Client acme-client creating (0s)
Diagnostics:
  keycloak:openid:Client (acme-client):
    error: 403 Forbidden
    error: 403 Forbidden

Resources:
    1 errored
`;

describe("a failure of the Pulumi CLI", () => {
  test.each([
    [
      "the errors of a preview as JSON, and nothing else of it",
      `${preview(`error: ${FAULT}`, "could not log in", "could not log in")}\nerror: preview failed\n`,
      [...FAULT.split(/\n+/).map((line) => line.trimEnd()), "could not log in", "preview failed"],
    ],
    ["the diagnostics of an up", DIAGNOSTICS, ["  keycloak:openid:Client (acme-client):", "    error: 403 Forbidden"]],
    [
      "all that follows the first error, since a reason may take several lines",
      "warning: a new version is available\nerror: no stack named 'dev' found\n  in file:///state\n",
      ["no stack named 'dev' found", "  in file:///state"],
    ],
    [
      "two errors whole, also where they share a line",
      noUser("anna") + noUser("berta") + noUser("anna"),
      ["anna is no user", "  Do: ask the administrator", "berta is no user", "  Do: ask the administrator"],
    ],
    ["all that it said where no error is marked", "\nno such host\n", ["no such host"]],
    [
      "no password that the backend's URL has",
      'error: unable to open "postgres://pulumi:p%40ss@db:5432/state?sslmode=require&password=other": refused',
      ['unable to open "postgres://pulumi:****@db:5432/state?sslmode=require&password=****": refused'],
    ],
    [
      "a URL that has none as it is",
      "error: https://db:5432/ says that root@host (pid 1) is not postgres://pulumi@db/state",
      ["https://db:5432/ says that root@host (pid 1) is not postgres://pulumi@db/state"],
    ],
  ])("is told by %s", (_, output, told) => {
    const { message } = new PulumiError(["up", "--json", "--target", "urn:1", "--stack", "prod"], output);
    expect(message).toBe(["pulumi up --stack prod failed:", ...told.map((line) => `  ${line}`)].join("\n"));
  });

  test.each([
    ["a preview as JSON", preview(...Array<string>(3).fill(`<{%reset%}>error: ${REASON}<{%reset%}>\n`))],
    ["lines with error:", `error: ${REASON}\n`.repeat(3)],
    [
      "diagnostics",
      `Diagnostics:\n${[1, 2, 3].map((i) => `  keycloak:Client (c-${i}):\n    error: ${REASON}\n`).join("\n")}`,
    ],
  ])("has one cause once, however many resources it is told of: %s", (_, output) => {
    expect(diagnosticsOf(output).filter((line) => line.includes(REASON))).toHaveLength(1);
  });

  test.each([
    ["PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions", 'eval "$(make env)"'],
    ["this command requires logging in; try running `pulumi login` first", "pulumi login"],
    ["passphrase must be set with PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE"],
    ["failed to decrypt: incorrect passphrase", "encryptionsalt"],
    ["could not decrypt configuration values: cipher: message authentication failed", "from git"],
    ["State version 1 is greater than schema version 0 for resource keycloak_openid_client.", "__meta"],
    ["failed to save snapshot: no space left on device", "scpcloud recover"],
    ["failed to load checkpoint: place 1: unexpected end of JSON input", "scpcloud recover"],
  ])("whose words leave the reader alone is told with what helps: %s", (words, remedy) => {
    const error = new PulumiError(["stack", "ls"], `error: ${words}`);
    expect(error.message).toContain(`${words}\n  Do: `);
    expect(error.remedy).toContain(remedy);
  });
});

const { PATH } = process.env;
useTemporaryFolder();
afterEach(() => void (process.env["PATH"] = PATH));

/** The Pulumi CLI of the stack `prod`, which is this shell script. */
function cli(script: string): PulumiCli {
  writeFileSync("pulumi", `#!/bin/sh\n${script}`, { mode: 0o700 });
  process.env["PATH"] = `${process.cwd()}:${PATH}`;
  return pulumiCli("prod", {}, process.cwd());
}

describe("a look at what the servers have", () => {
  /** @param answers one for each run; a text is the words of a failure */
  const looked = async (...answers: (string | undefined)[]) => {
    const calls: string[] = [];
    const pulumi: PulumiCli = {
      stack: "prod",
      run: (args) => {
        const words = answers[calls.push(args.slice(0, -2).join(" ")) - 1];
        return words === undefined
          ? Promise.resolve(JSON.stringify({ duration: 1 }))
          : Promise.reject(new PulumiError(args, `error: ${words}`));
      },
    };
    const told = await runRefreshPreview(pulumi).then(() => "", messageOf);
    return { calls, told };
  };
  const PLAIN = "refresh --preview-only";
  const LOGIN = "error logging in to Keycloak: 401 Unauthorized";

  test.each([
    ["does not run the program, where the deployer is that of the last up", [undefined], [PLAIN], ""],
    // Only the program knows a new one.
    ["is repeated with it, where that one is refused", [LOGIN, undefined], [PLAIN, `${PLAIN} --run-program`], ""],
    [
      "tells the failure of the program's own deployer, and is not repeated again",
      [LOGIN, "403 Forbidden", undefined],
      [PLAIN, `${PLAIN} --run-program`],
      "pulumi refresh failed:\n  403 Forbidden",
    ],
  ])("%s", async (_, answers, calls, told) => {
    expect(await looked(...answers)).toEqual({ calls, told });
  });
});

describe("what a run printed that shows secrets is in no error", () => {
  const SECRET = "9CgTsV7uJlmH8wQz";
  const HALF = `{"credentials": {"acme": {"clientSecret": "${SECRET}", "ba`;
  const RUNS: Readonly<Record<string, (pulumi: PulumiCli) => Promise<unknown>>> = {
    "stack output": readOutputs,
    "stack export": (pulumi) => exportState(pulumi, "--show-secrets"),
    config: (pulumi) => pulumi.run(["config", "--show-secrets=true", "--json"]),
    preview: (pulumi) => pulumi.run(["preview", "--json", "--show-secrets"]),
  };
  const fails = (script: string, run: (pulumi: PulumiCli) => Promise<unknown>) =>
    run(cli(script)).then(() => "no error", messageOf);

  test.each(Object.entries(RUNS))("nor where it was killed half way: pulumi %s", async (_, run) => {
    const message = await fails(`printf '%s' '${HALF}'; kill -KILL $$`, run);
    expect(message).toMatch(/^pulumi .* --stack prod failed:\n {2}SIGKILL ended the CLI; .* memory is short$/);
  });

  test.each(Object.entries(RUNS))("nor where it fails without a word that is an error: pulumi %s", async (_, run) => {
    const message = await fails(`echo 'secret: ${SECRET}'; echo 'no such host' >&2; exit 1`, run);
    expect(message).toMatch(/^pulumi .* --stack prod failed:\n {2}no such host$/);
  });

  test.each([
    ["cut off", HALF, "it is no JSON"],
    ["no JSON at all", SECRET, "it is no JSON"],
    ["another JSON", `"${SECRET}"`, "it is a text, not a map"],
    ["a list", `["${SECRET}"]`, "it is a list, not a map"],
    ["other things", `{"credentials": {"acme": "${SECRET}"}, "deployment": 7}`, /(acme|deployment) is .* not a map/],
  ])("nor where it is %s, though the CLI says that all went well", async (_, text, reason) => {
    for (const run of [readOutputs, exportState]) {
      const message = await fails(`printf '%s' '${text}'`, run);
      expect(message).toMatch(/^pulumi stack \w+ failed:\n {2}what it printed is not what the CLI prints: /);
      expect(message.replace(/^[^]*prints: /, "")).toMatch(reason);
      expect(message).not.toContain(SECRET);
    }
  });

  test("nor where such a preview is summed up from a file that is cut off", () => {
    expect(summary(HALF)).toMatch(/the preview failed[^]*is cut off/);
    expect(summary(HALF)).not.toContain(SECRET);
  });
});

test("a value that an up which was stopped has left open is as if it were not there", async () => {
  const open = { integrations: UNKNOWN, credentials: { acme: null }, apiEnvironment: { A: "b", C: UNKNOWN } };
  expect(await readOutputs(cli(`echo '${JSON.stringify(open)}'`))).toEqual({
    credentials: {},
    apiEnvironment: { A: "b" },
  });
});

test("the Pulumi CLI never gets the variable by which it would delete what is protected", async () => {
  process.env["PULUMI_OPTION_IGNORE_PROTECT"] = "true";
  try {
    expect(await cli('echo "set: $PULUMI_OPTION_IGNORE_PROTECT"').run(["up"])).toBe("set: \n");
    // As the Automation API runs it.
    const env = { PULUMI_OPTION_IGNORE_PROTECT: "true" };
    expect((await runPulumi(["up"], { cwd: ".", env })).stdout).toBe("set: \n");
  } finally {
    delete process.env["PULUMI_OPTION_IGNORE_PROTECT"];
  }
});

describe("what Pulumi would not delete or replace, as it is protected,", () => {
  const URN = "urn:pulumi:dev::scpcloud::scpcloud:keycloak:Integration$keycloak:openid/client:Client";
  const advice = (urn: string) =>
    "To unprotect the resource, either remove the `protect` flag from the resource in your Pulumi program and run " +
    `\`pulumi up\`, or use the command:\n\`pulumi state unprotect '${urn}'\``;

  test("is told once a customer, with the way for another client id, and without Pulumi's way around it", () => {
    const names = ["acme-default-scopes", "acme-organization-id", "globex-client"];
    const told = names.map((name) => {
      const urn = `${URN}::${name}`;
      return `Preview failed: resource "${urn}" cannot be deleted\nbecause it is protected. ${advice(urn)}`;
    });
    const text = explainProtection(["one", ...told, "two"].join("\n"));

    expect(text).toMatch(
      /^one\ntwo\nprotected, and not in the stack file any more: acme, globex\n[^]*successorOf: acme/,
    );
    expect(text).not.toContain("unprotect");
  });

  test("is told to be of another realm where it would be made anew", () => {
    const text = explainProtection(
      `unable to replace resource "${URN}::acme-client"\nas it is currently marked for protection. ${advice(URN)}`,
    );
    expect(text).toMatch(/^protected, and would be made anew: acme-client\. scpcloud:realm is another realm/);
    expect(text).not.toContain("unprotect");
  });
});

test("a customer who may have got another client id is warned of; an added or a removed one is not", () => {
  expect(renameWarning(["acme", "globex"], ["acme-2", "globex"])).toContain("such as acme-2 with successorOf: acme (");
  expect(renameWarning(["acme"], ["acme", "acme-2"])).toBeUndefined();
  expect(renameWarning(["acme", "globex"], ["acme"])).toBeUndefined();
  expect(renameWarning([], ["acme"])).toBeUndefined();
});
