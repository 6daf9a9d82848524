import { join } from "node:path";

import { handOver } from "./writeHandover";
import { HOW_TO_MAKE_A_KEY, readRecipients } from "./recipients";
import { recordFile } from "../repository/handoverRecord";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { readSettings } from "../../settings/read";
import { connectAsServices } from "../tokens/services";
import { runCommand, UsageError } from "../cli/commandLine";
import { confirmed } from "../cli/confirmation";
import { loadStack, PROJECT_DIRECTORY } from "../cli/stack";

runCommand(
  {
    name: "handover",
    description:
      "Writes a folder for a customer: a page for its developers, without a secret, and the credential, encrypted so that\n" +
      "only the customer can open it (age). Compares a token of the secret with what the settings promise before, prints\n" +
      "none, and notes down who was given one.\n" +
      HOW_TO_MAKE_A_KEY,
    options: {
      customer: { type: "string", value: "ID", description: "the customer's client id" },
      recipient: {
        type: "string",
        multiple: true,
        value: "KEY",
        description: "a public key, age1..., or a file with one a line; may be said several times",
      },
      directory: {
        type: "string",
        value: "FOLDER",
        description: "where to write; by default .local/handover/STACK/ID",
      },
      yes: { type: "boolean", description: "do not ask where the secret looks as if nobody had made it" },
    },
  },
  async ({ stack: name, options }) => {
    const clientId = options.customer;
    const recipients = await readRecipients(options.recipient ?? []);
    if (clientId === undefined) {
      throw new UsageError("Say whose credential: --customer ID");
    }
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    const services = await connectAsServices(settings);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      const directory = options.directory ?? join(".local", "handover", name, clientId);
      const request = {
        stack: name,
        clientId,
        recipients,
        directory,
        projectDirectory: PROJECT_DIRECTORY,
        now: admin.now(),
        confirm: (question: string) => {
          console.log(question);
          return confirmed(options.yes);
        },
      };
      const files = await handOver(request, settings, stack, services.keycloak, admin);
      if (files === undefined) {
        return 1;
      }
      console.log(
        [
          ...files,
          `✓ ${name}: ${clientId}'s secret gets the tokens that the settings promise, and is encrypted for ${recipients.length === 1 ? "1 key" : `${recipients.length} keys`}`,
          `Send both files to the customer, and commit ${recordFile(name)}.`,
        ].join("\n"),
      );
      return 0;
    } finally {
      await Promise.all([keycloak.close(), services.keycloak.close()]);
    }
  },
);
