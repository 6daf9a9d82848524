import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { apiSettings, bffSettings, type SettingsTree, toEnvironment } from "../../components/serviceConfiguration";
import { readSettings } from "../../settings/read";
import { SERVICE_NAMES } from "../../settings/serviceNames";
import { runCommand, UsageError } from "../cli/commandLine";
import { loadConfiguration } from "../cli/stack";

runCommand(
  {
    name: "service-configuration",
    description:
      "Writes what WebProductionBff and ProductionApi need, where they do not run in this stack's containers: for each an\n" +
      ".env file (for docker run --env-file: values as they are, without quotes) and appsettings JSON. It says what the\n" +
      "stack file says, like the stack's outputs after the next `up`. Nothing in it is secret.",
    options: {
      directory: {
        type: "string",
        value: "FOLDER",
        description: "where to write; by default .local/service-configuration/STACK",
      },
    },
  },
  async ({ stack, options }) => {
    const source = await loadConfiguration(stack);
    const settings = readSettings(source, { login: false });
    if (settings.realmStack !== undefined) {
      throw new UsageError(
        `The stack ${stack} has customers only. What BFF and API need is that of its realm stack: ` +
          `npm run service-configuration -- --stack ${settings.realmStack}`,
      );
    }
    const directory = options.directory ?? join(".local", "service-configuration", stack);
    await mkdir(directory, { recursive: true });
    for (const [service, tree] of [
      ["bff", bffSettings(settings)],
      ["api", apiSettings(settings)],
    ] as const) {
      const base = join(directory, SERVICE_NAMES[service]);
      await write(`${base}.env`, environmentFile(toEnvironment(tree, settings[service].environmentPrefix)));
      await write(`${base}.appsettings.json`, appsettingsFile(tree));
    }
    return 0;
  },
);

function environmentFile(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}

function appsettingsFile(tree: SettingsTree): string {
  return `${JSON.stringify(tree, undefined, 2)}\n`;
}

async function write(path: string, text: string): Promise<void> {
  await writeFile(path, text);
  console.log(path);
}
