import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { PROVED_VERSIONS } from "../development/keycloak/keycloakVersions.ts";

/**
 * Runs tests/end-to-end/further/versions.test.ts on every proved version, or on those that are named, and writes their lines
 * into docs/keycloak-versions.md. About two minutes for each, and its download the first time.
 */
const REPOSITORY = resolve(import.meta.dirname, "..");
const DOCUMENT = join(REPOSITORY, "docs", "keycloak-versions.md");
const [BEGIN, END] = ["<!-- written by npm run test:versions -->", "<!-- end -->"];

interface Results {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly ancestorTitles: readonly string[]; readonly status: string }[];
  }[];
}

const named = process.argv.slice(2);
const versions = named.length > 0 ? named : PROVED_VERSIONS.map(({ version }) => version);
const directory = mkdtempSync(join(tmpdir(), "scpcloud-versions-results-"));
try {
  const file = join(directory, "results.json");
  const args = [
    "--selectProjects",
    "further",
    "--runInBand",
    "--json",
    `--outputFile=${file}`,
    "tests/end-to-end/further/versions.test.ts",
  ];
  const { status } = spawnSync(join(REPOSITORY, "node_modules", ".bin", "jest"), args, {
    cwd: REPOSITORY,
    env: { ...process.env, SCPCLOUD_TEST_VERSIONS: versions.join() },
    stdio: ["ignore", "ignore", "inherit"],
  });
  writeTable(JSON.parse(readFileSync(file, "utf8")) as Results);
  process.exitCode = status ?? 1;
} finally {
  rmSync(directory, { recursive: true, force: true });
}

function writeTable({ testResults }: Results): void {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const [before = "", rest = ""] = readFileSync(DOCUMENT, "utf8").split(BEGIN);
  const [written = "", after = "\n"] = rest.split(END);
  const rows = PROVED_VERSIONS.map(({ version, remark = "" }) => {
    const known = written.split("\n").find((line) => line.startsWith(`| ${version} `));
    if (known !== undefined && !versions.includes(version)) {
      return known;
    }
    const ofVersion = tests.filter(({ ancestorTitles }) => ancestorTitles.includes(`Keycloak ${version}`));
    const passed = ofVersion.filter(({ status }) => status === "passed").length;
    const works =
      ofVersion.length > 0 && passed === ofVersion.length ? "all" : `${passed} of ${ofVersion.length} tests`;
    return `| ${version} | ${works} | ${remark} |`;
  });
  const table = ["| Keycloak | works | remark |", "| --- | --- | --- |", ...rows].join("\n");
  writeFileSync(DOCUMENT, `${before}${BEGIN}\n\n${table}\n\n${END}${after}`);
  spawnSync(join(REPOSITORY, "node_modules", ".bin", "prettier"), ["--write", DOCUMENT]);
}
