// Pulumi's runner for policy packs would compile TypeScript together with all types that it imports: 2 s of CPU for every
// preview. Here the types are only stripped; `npm run check` checks them.
const { transformFileSync } = require("@swc/core");

const swc = {
  swcrc: false,
  sourceMaps: "inline",
  module: { type: "commonjs" },
  jsc: { parser: { syntax: "typescript" }, target: "es2022" },
};

require.extensions[".ts"] = (module, file) => module._compile(transformFileSync(file, swc).code, file);

require("./pack.ts");
