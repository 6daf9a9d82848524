import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { intersects } from "semver";

import packageJson from "../../package.json" with { type: "json" };
const { dependencies, devDependencies, engines, scripts } = packageJson;

const REPOSITORY = resolve(import.meta.dirname, "..", "..");
const DOCUMENTS = [
  "README.md",
  ...readdirSync(join(REPOSITORY, "docs")).map((name) => `docs/${name}`),
  ".github/workflows/README.md",
  "development/keycloak/README.md",
  "development/toolchain/README.md",
  "policy-pack/README.md",
];

const read = (file: string) => readFileSync(join(REPOSITORY, file), "utf8");

/** As GitHub makes an anchor of a title. */
const anchorOf = (title: string) =>
  title
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(" ", "-");
const anchorsOf = (document: string) =>
  [...read(document).matchAll(/^#+ (.*)$/gm)].map(([, title = ""]) => anchorOf(title));

describe.each(DOCUMENTS)("%s", (document) => {
  it("links to files and titles that exist", () => {
    const broken = [...read(document).matchAll(/\]\(([^)]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = "", anchor] = target.split("#");
        const file = path === "" ? document : join(dirname(document), path);
        return !existsSync(join(REPOSITORY, file)) || (anchor !== undefined && !anchorsOf(file).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  it("names only npm scripts that exist", () => {
    const named = [...read(document).matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = ""]) => name);
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("names only files of the repository that exist", () => {
    const named = [...read(document).matchAll(/`([\w.-]+(?:\/[\w.-]+)+\/?)`/g)].map(([, path = ""]) => path);
    const folders = readdirSync(REPOSITORY);
    const own = named.filter((path) => folders.includes(path.split("/")[0] ?? "") && !path.startsWith(".local/"));
    expect(own.filter((path) => !existsSync(join(REPOSITORY, path)))).toEqual([]);
  });
});

test("the documents name no image of a Node.js that package.json refuses", () => {
  const named = DOCUMENTS.flatMap((document) => [...read(document).matchAll(/\bnode:(\d[\d.]*)/g)]).map(
    ([, version = ""]) => version,
  );
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((version) => !intersects(version, engines.node))).toEqual([]);
});

test("README.md is read without scrolling sideways, and in a few minutes", () => {
  const lines = read("README.md").trimEnd().split("\n");
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
  expect(lines.length).toBeLessThanOrEqual(115);
});

test("README.md names every command of package.json, or else docs/architecture.md", () => {
  const readme = read("README.md") + read("docs/architecture.md");
  // What `check` consists of, and what editors call.
  const helpers = ["format", "test", ...Object.keys(scripts).filter((name) => name.startsWith("check:"))];
  const unnamed = Object.keys(scripts).filter((name) => !readme.includes(`npm run ${name}`) && !helpers.includes(name));
  expect(unnamed.filter((name) => !readme.includes(`run --silent ${name}`))).toEqual([]);
});

test("docs/decisions.md says why each package is there", () => {
  const packages = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !name.startsWith("@types/"));
  expect(packages.filter((name) => !read("docs/decisions.md").includes(`\`${name}\``))).toEqual([]);
});

test("what users run imports no package that is only there for development", () => {
  const files = [
    "components",
    "commands",
    "contract",
    "faults",
    "keycloak",
    "lookups",
    "services",
    "settings",
    "values",
  ]
    .flatMap((folder) =>
      readdirSync(join(REPOSITORY, folder), { recursive: true }).map((name) => join(folder, String(name))),
    )
    // A rehearsal starts servers, as development does.
    .filter((file) => file.endsWith(".ts") && !/rehearse|node_modules/.test(file));
  const imported = files.flatMap((file) => [...read(file).matchAll(/ from "((?:@[^/"]+\/)?[^./":][^/":]*)["/]/g)]);
  const packages = new Set(imported.map(([, name = ""]) => name));
  expect([...packages].filter((name) => !Object.hasOwn(dependencies, name))).toEqual([]);
  expect(packages).toContain("commander");
});
