// Types are checked by `npm run check`; here they are only stripped (isolatedModules in tsconfig.json).
const common = {
  clearMocks: true,
  testEnvironment: "<rootDir>/tests/environment.cjs",
  transform: { "\\.[jt]s$": "<rootDir>/tests/transform.cjs" },
  // These are published as ES modules only, which jest cannot require.
  transformIgnorePatterns: ["/node_modules/(?!(commander|jose|age-encryption|@noble|@scure)/)"],
};

const endToEnd = {
  ...common,
  // Both projects have one server together, which starts once.
  globalSetup: "<rootDir>/tests/end-to-end/setup.ts",
  globalTeardown: "<rootDir>/tests/end-to-end/teardown.ts",
  setupFilesAfterEnv: ["<rootDir>/tests/end-to-end/timeout.ts"],
};

module.exports = {
  // A loaded machine takes many seconds for what is quick elsewhere; this ends only what hangs.
  testTimeout: 300_000,
  projects: [
    { ...common, displayName: "unit", testMatch: ["<rootDir>/tests/unit/**/*.test.ts"] },
    { ...common, displayName: "golden", testMatch: ["<rootDir>/tests/golden/**/*.test.ts"] },
    { ...endToEnd, displayName: "end-to-end", testMatch: ["<rootDir>/tests/end-to-end/*.test.ts"] },
    // Of `make test-all` only.
    { ...endToEnd, displayName: "further", testMatch: ["<rootDir>/tests/end-to-end/further/*.test.ts"] },
  ],
};
