// Pulumi runs the program with `node --require ./loader.js` (Pulumi.yaml). Its own way loads all of TypeScript at each run.
const Module = require("node:module");
const { join } = require("node:path");

// For every run, however it is started; the variable NODE_COMPILE_CACHE comes first.
Module.enableCompileCache?.(join(__dirname, ".local", "node-compile-cache"));

// Half of what Pulumi's SDK loads at once, it needs only to send a function's code to a cloud: this loads it when needed.
const LATER = ["typescript", "@npmcli/arborist"];
const load = Module._load;
Module._load = function (request, parent, ...rest) {
  const loadNow = () => load.call(this, request, parent, ...rest);
  return LATER.includes(request) && /@pulumi.pulumi\W/.test(parent?.filename) ? later(loadNow) : loadNow();
};

function later(loadNow) {
  let loaded;
  return new Proxy({}, { get: (_, key) => (key === "__esModule" ? true : (loaded ??= loadNow())[key]) });
}

// Types are only stripped: a preview must not pay for checking them, which `npm run check` does.
const swc = { swcrc: false, module: { type: "commonjs" }, jsc: { parser: { syntax: "typescript" }, target: "es2022" } };
require.extensions[".ts"] = (module, file) => {
  const { transformFileSync } = require("@swc/core");
  module._compile(transformFileSync(file, swc).code, file);
};
