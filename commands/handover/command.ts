import { join, relative } from "node:path";

import { plural } from "../changes/markdown.ts";
import { agreed, CHANGE_OPTIONS } from "../cli/confirmation.ts";
import { withKeycloak } from "../cli/connected.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofStack } from "../cli/verb.ts";
import { recordFile } from "../repository/handoverRecord.ts";
import { connectAsServices } from "../tokens/services.ts";
import { HOW_TO_MAKE_A_KEY, readRecipients } from "./recipients.ts";
import { handOver } from "./writeHandover.ts";

export default ofStack(
  {
    purpose:
      "Writes a folder for a customer: a page for its developers, without a secret, and the credential, encrypted so " +
      "that only the customer can open it (age). Compares a token of the secret with what the settings promise before, " +
      `and prints none. ${HOW_TO_MAKE_A_KEY}`,
    changes: "nothing in Keycloak; writes two files, and notes in the repository who was given which secret.",
    options: {
      customer: { value: "ID", required: true, description: "the customer's client id" },
      recipient: {
        value: "KEY",
        many: true,
        required: true,
        description: "a public key, age1..., or a file with one on each line",
      },
      directory: { value: "FOLDER", description: "where to write; by default .local/handover/STACK/ID of the project" },
      ...JSON_OPTION,
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--stack prod --customer acme --recipient key.txt", "for the keys in a file"],
      ["-s prod --customer acme --recipient age1... --directory acme", "for one key, into a folder of your choice"],
    ],
    fine: "both files are written",
  },
  async ({ stack: name, options }) => {
    const { say, end } = teller(options);
    const clientId = options.customer;
    const recipients = await readRecipients(options.recipient);
    const keys = plural(recipients.length, "key");
    const folder = join(PROJECT_DIRECTORY, ".local", "handover", name, clientId);
    const directory = options.directory ?? (relative("", folder) || ".");
    const files = await withKeycloak(
      name,
      async ({ stack, settings, admin }) => {
        const services = await connectAsServices(settings);
        try {
          const request = {
            stack: name,
            clientId,
            recipients,
            directory,
            projectDirectory: PROJECT_DIRECTORY,
            now: admin.now(),
            agrees: (warnings: readonly string[]) =>
              agreed(
                {
                  stacks: [name],
                  keycloak: settings,
                  steps: [
                    ...warnings,
                    `take a token with ${clientId}'s secret, and compare it with the settings`,
                    `write the page and the credential, encrypted for ${keys}, to ${directory}`,
                    `note it down in ${recordFile(name)}`,
                  ],
                },
                options,
              ),
          };
          return await handOver(request, settings, stack, services.keycloak, admin);
        } finally {
          await services.keycloak.close();
        }
      },
      { mayBeEmpty: true },
    );
    files?.forEach(say);
    if (files !== undefined) {
      say(`✓ ${name}: ${clientId}'s secret gets the tokens that the settings promise, and is encrypted for ${keys}`);
      say(`Send both files to the customer, and commit ${recordFile(name)}.`);
    }
    end({ stack: name, done: files !== undefined, clientId, recipients, files: files ?? [] });
    return 0;
  },
);
