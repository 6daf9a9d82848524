import { posix } from "node:path";

import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

/**
 * From the bottom to the top: what all others use, what Pulumi runs, what several commands need, one folder a command,
 * what this project is developed with. The lookups ask Keycloak as the commands do where the provider has no lookup. The
 * rehearsal stands behind the development: it starts servers.
 */
const FOLDERS = [
  "values",
  "faults",
  "settings",
  "contract",
  "keycloak",
  "components",
  "services/settings",
  "services/engine",
  "services/components",
  "services",
  "lookups",
  "policy-pack/rules",
  "policy-pack",
  "processes",
  "commands/pulumi",
  "commands/cli",
  "commands/repository",
  "commands/tokens",
  "commands/changes",
  "commands/locks",
  "commands/recovery",
  "commands/verify",
  "commands/review",
  "commands/adopt",
  "commands/recover",
  "commands/drift",
  "commands/doctor",
  "commands/handover",
  "commands/rotate",
  "commands/customers",
  "commands/move",
  "commands/rollout",
  "development/toolchain",
  "development/keycloak",
  "development/stand-ins",
  "development",
  "commands/rehearse",
  "commands",
  "tests",
];

function importsNothingOf(folder, others) {
  return {
    files: [`${folder}/*.ts`],
    rules: refusing(
      others.map((other) => {
        const path = posix.relative(folder, other);
        // Its own folders may stand before this one.
        const nested = FOLDERS.filter((one) => one.startsWith(`${other}/`) && !others.includes(one));
        const except = nested.map((one) => `(?!${posix.relative(other, one)}/)`).join("");
        return `^${path.replaceAll(".", "\\.")}/${path.endsWith("..") ? "[^/.]+$" : except}`;
      }),
    ),
  };
}

function refusing(regexes) {
  const message = "Imports run one way: see the order of the folders in eslint.config.mjs.";
  return { "no-restricted-imports": ["error", { patterns: regexes.map((regex) => ({ regex, message })) }] };
}

export default tseslint.config(
  { ignores: ["**/node_modules/", ".local/", "**/*.js", "**/*.cjs", "**/*.mjs"] },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { "@pulumi": pulumi },
    rules: {
      // An Output in a template literal compiles and yields a warning text as the value: only these rules see it.
      "@pulumi/no-output-in-template-literal": "error",
      "@pulumi/no-output-instance-in-template-literal": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
  // Each folder may import those that stand before it in this list, and none behind it; so no two import each other.
  ...FOLDERS.map((folder, index) => importsNothingOf(folder, FOLDERS.slice(index + 1))),
  // The folders in settings/ import no other files of settings/.
  ...Object.entries({
    schema: "",
    rules: "schema/\\w+|settings|source",
    provider: "schema/\\w+|settings|source",
    stackFile: "read|rules/\\w+|schema/\\w+|settings|source",
  }).map(([folder, allowed]) => ({
    files: [`settings/${folder}/*.ts`],
    rules: refusing([`^\\.\\./(?!\\.\\./(faults|values)/|(${allowed})(\\.ts)?$)`]),
  })),
  {
    files: ["index.ts", "outputs.ts"],
    rules: refusing(["commands", "development", "processes", "services", "tests"].map((name) => `^\\./${name}/`)),
  },
);
