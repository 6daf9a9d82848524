import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const REPOSITORY = resolve(__dirname, "..", "..");

/** What an expression is after the program was loaded as Pulumi loads it. */
function afterLoading(expression: string): unknown {
  const script = `
    const program = require("./");
    const isLoaded = (path) => Object.keys(require.cache).some((file) => file.includes(path));
    console.log(JSON.stringify(${expression}));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--require", "./loader.js", "--eval", script], {
    cwd: REPOSITORY,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

test("Pulumi loads the program without what neither of them needs", () => {
  const expression = `[typeof program, ...["typescript", "@npmcli/arborist", "@pulumi/docker"].map((name) =>
    isLoaded("node_modules/" + name + "/"))]`;
  expect(afterLoading(expression)).toEqual(["function", false, false, false]);
});

test("what is not loaded at once is there when it is needed", () => {
  const expression = `[require("@pulumi/pulumi/typescript-shim").version, isLoaded("node_modules/typescript/")]`;
  expect(afterLoading(expression)).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+$/), true]);
});
