import pulumi from "@pulumi/eslint-plugin";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["**/node_modules/", ".local/", "**/*.js", "*.mjs"] },
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
  {
    // Data walks one way: what Pulumi runs knows nothing of the machine it is developed on, nor of the commands.
    files: ["index.ts", "outputs.ts", "components/**", "contract/**", "lookups/**", "settings/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            {
              regex: "/(benchmark|commands|development|embedded-keycloak|keycloak|processes|recovery|tests|toolchain)/",
              message: "The program must not depend on its commands or on the development environment.",
            },
          ],
        },
      ],
    },
  },
);
