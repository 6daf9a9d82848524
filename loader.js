// Pulumi runs the program with `node --require ./loader.js` (Pulumi.yaml). Its own way loads all of TypeScript at each run.
// Other files are run with `node loader.js FILE`, the verbs by `scpcloud`, which requires this file: with `--import` in
// NODE_OPTIONS, Node.js would load FILE in its own way.
const Module = require("node:module");
const { join, resolve } = require("node:path");

const { sdk, loadTypescriptLate, leaveOutDebugging } = require("./pulumiSdk.js");

// For every run, however it is started; the variable NODE_COMPILE_CACHE comes first.
Module.enableCompileCache?.(join(__dirname, ".local", "node-compile-cache"));

loadTypescriptLate();

// Types are only stripped: a preview must not pay for checking them, which `npm run check` does.
function strip(file, options) {
  const { transformFileSync } = require("@swc/core");
  const jsc = { parser: { syntax: "typescript" }, target: "es2022" };
  return transformFileSync(file, { swcrc: false, module: { type: "commonjs" }, jsc, ...options });
}
require.extensions[".ts"] = (module, file) => {
  let code;
  try {
    ({ code } = strip(file));
  } catch (error) {
    // Pulumi prints a SyntaxError without a stack trace. The message has the file and the line.
    throw new SyntaxError(error.message.split("\n\nCaused by:")[0]);
  }
  module._compile(code, file);
};

// Pulumi asks this package for the lines of a stack trace. To read the maps of packages for it would cost each run.
sdk("source-map-support").install({
  overrideRetrieveSourceMap: true,
  retrieveSourceMap: (file) =>
    file.endsWith(".ts") ? { url: file, map: strip(file, { sourceMaps: true }).map } : null,
});

if (require.main === module) {
  process.argv.splice(1, 2, resolve(process.argv[2]));
  // As the main module, which a few files ask for.
  Module._load(process.argv[1], null, true);
} else {
  leaveOutDebugging();
}
