import { withKeycloak } from "../cli/connected.ts";
import { EXIT_CODES } from "../cli/errors.ts";
import { ofStacks } from "../cli/verb.ts";
import { connectAsServices } from "../tokens/services.ts";
import { verifyStack } from "../tokens/verification.ts";
import { verificationText } from "./verificationText.ts";

export default ofStacks(
  {
    purpose:
      "Takes a real token for every customer of a stack and compares all its claims with what the settings promise. " +
      "Prints neither tokens nor secrets.",
    changes: "nothing",
    options: { all: { description: "show every claim of every customer, however many there are" } },
    examples: [
      ["--stack prod", "the tokens of one stack"],
      ["--realm-stack prod --json", "of all stacks of a realm, for a program"],
    ],
    fine: "all tokens are what the settings promise",
    found: "a token differs",
  },
  ({ stack: name, options }) =>
    withKeycloak(
      name,
      async ({ stack, settings, admin }) => {
        const services = await connectAsServices(settings);
        try {
          const report = await verifyStack(settings, stack.outputs, { keycloak: services.keycloak, admin });
          const { text, differences } = verificationText(report, name, options.all);
          const note = services.note === undefined ? [] : [`  ${services.note}`];
          return {
            text: [text, ...note].join("\n"),
            data: { stack: name, issuer: report.issuer, customers: report.customers, differences },
            exitCode: differences.length === 0 ? 0 : EXIT_CODES.found,
          };
        } finally {
          await services.keycloak.close();
        }
      },
      { mayBeEmpty: true },
    ),
);
