// Jest runs the tests as CommonJS, since nothing can replace an export of an ES module.
const { default: tsJest } = require("ts-jest");

const tsconfig = {
  target: "ES2022",
  module: "commonjs",
  isolatedModules: true,
  esModuleInterop: true,
  allowJs: true,
  resolveJsonModule: true,
};
const META = {
  dirname: "__dirname",
  filename: "__filename",
  url: 'require("node:url").pathToFileURL(__filename).href',
};

module.exports = {
  createTransformer: () => {
    const transformer = tsJest.createTransformer({ diagnostics: false, tsconfig });
    const common = (text) => text.replace(/\bimport\.meta\.(\w+)/g, (whole, name) => META[name] ?? whole);
    return {
      process: (text, ...rest) => transformer.process(common(text), ...rest),
      getCacheKey: (text, ...rest) => transformer.getCacheKey(common(text), ...rest),
    };
  },
};
