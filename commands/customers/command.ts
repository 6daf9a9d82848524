import { withKeycloak } from "../cli/connected.ts";
import { EXIT_CODES, UsageError } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { ofStacks } from "../cli/verb.ts";
import { clientIdsInState } from "../pulumi/exportedState.ts";
import { pulumiCli } from "../pulumi/pulumiCli.ts";
import { readRecord } from "../repository/handoverRecord.ts";
import { customersWithOldSecret, listCustomers, withInterrupted } from "./customerList.ts";
import { customersTable, oldSecretLines } from "./customersTable.ts";

export default ofStacks(
  {
    purpose:
      "Lists the customers of a stack: organization, state, age of the secret, and until when a previous secret works. " +
      "Needs no more than rights to view, and prints no secret.",
    changes: "nothing",
    options: {
      "older-than": { value: "DAYS", description: "look for secrets in use that are older, or of unknown age" },
    },
    examples: [
      ["--stack prod", "lists them"],
      ["--realm-stack prod --older-than 365d", "also names those whose secret is a year old, and then exits with 3"],
    ],
    fine: "they are listed, and no secret is older than wished",
    found: "a secret in use is older than --older-than, or of unknown age",
  },
  ({ stack: name, options }) => {
    const days = readDays(options["older-than"]);
    return withKeycloak(name, async ({ stack, settings, admin }) => {
      const record = await readRecord(PROJECT_DIRECTORY, name);
      const listed = await listCustomers(settings, stack.outputs, admin, record, admin.now());
      const customers = await withInterrupted(listed, () => clientIdsInState(pulumiCli(name)));
      const old = customersWithOldSecret(customers, days);
      return {
        text: [customersTable(customers), ...oldSecretLines(old, days, name)].join("\n"),
        data: { stack: name, customers, oldSecrets: old.map(({ clientId }) => clientId) },
        exitCode: old.length > 0 ? EXIT_CODES.found : 0,
      };
    });
  },
);

function readDays(value: string | undefined): number {
  if (value === undefined) {
    return Infinity;
  }
  const [, days] = /^(\d+)d?$/.exec(value) ?? [];
  if (days === undefined) {
    throw new UsageError("--older-than must be a number of days, such as 365d.");
  }
  return Number(days);
}
