// All that this project changes in Pulumi's SDK, for speed alone (docs/decisions.md). Where the SDK differs from what is
// changed here, it stays as it is. The variable SCPCLOUD_PULUMI_SDK=unchanged leaves all of it out.
const Module = require("node:module");
const { join } = require("node:path");

// For every run, however it is started; the variable NODE_COMPILE_CACHE comes first.
Module.enableCompileCache?.(join(__dirname, ".local", "node-compile-cache"));

const isWanted = process.env["SCPCLOUD_PULUMI_SDK"] !== "unchanged";

/** Loads a module as the SDK does. */
const sdk = Module.createRequire(require.resolve("@pulumi/pulumi/package.json"));

/**
 * The SDK loads TypeScript at once, but needs it only to send a function's code to a cloud. It is loaded then.
 * Upstream: https://github.com/pulumi/pulumi/issues/3671; pull request 10185 did the same for other places.
 */
function loadTypescriptLate() {
  const file = resolve("typescript");
  if (!isWanted || file === undefined || file in require.cache) return;
  const standIn = new Module(file);
  const load = () => {
    if (require.cache[file] === standIn) delete require.cache[file];
    return sdk(file);
  };
  standIn.exports = new Proxy({}, { get: (_, key) => (key === "__esModule" ? true : load()[key]) });
  require.cache[file] = standIn;
}

/** What the SDK does for those who debug it. Upstream has no issue of these. */
function leaveOutDebugging() {
  // Four messages on each resource, also without `--debug`, one call of the engine each: a fifth of the CPU time of a
  // preview of 100 customers. One of them holds the resource's outputs, secrets in clear.
  replace("@pulumi/pulumi/log", "debug", () => () => Promise.resolve());
  // A stack trace for each promise: half of the program's time.
  replace("@pulumi/pulumi/runtime/debuggable", "debuggablePromise", (debuggablePromise) => (...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...args);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });
  // A stack trace for each resource, whose place in the program the state would have.
  replace("@pulumi/pulumi/resource", "callsites", () => () => [], "Resource");
}

/** Replaces a function of a module, or of a class of it, where the SDK has such a one. */
function replace(module, name, by, className) {
  const file = resolve(module);
  const owner = isWanted && file !== undefined ? sdk(file) : undefined;
  const object = className === undefined ? owner : owner?.[className];
  if (typeof object?.[name] === "function") {
    // False, and no error, where the SDK does not let it be replaced.
    Reflect.set(object, name, by(object[name]));
  }
}

/** Undefined where the SDK has no such module. */
function resolve(name) {
  try {
    return sdk.resolve(name);
  } catch {
    return undefined;
  }
}

loadTypescriptLate();
// Only in the program that Pulumi runs: a command loads no more of the SDK than it needs.
if (/[\\/]@pulumi[\\/]pulumi[\\/]cmd[\\/]run/.test(process.argv[1] ?? "")) {
  leaveOutDebugging();
  // Node.js only blanks types out, so that lines stay as they are. To read the maps of packages would cost each run.
  sdk("source-map-support").install({ overrideRetrieveSourceMap: true, retrieveSourceMap: () => null });
}

module.exports = { leaveOutDebugging };
