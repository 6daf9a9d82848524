import { customersWithOldSecret, listCustomers, withInterrupted } from "./customerList";
import { customersTable, oldSecretLines } from "./customersTable";
import { readRecord } from "../repository/handoverRecord";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { readSettings } from "../../settings/read";
import { clientIdsInState } from "../pulumi/exportedState";
import { pulumiCli } from "../pulumi/pulumiCli";
import { FOUND, runReport, UsageError } from "../cli/commandLine";
import { refuseEmptyRealm } from "../cli/emptyRealm";
import { loadStack, PROJECT_DIRECTORY } from "../cli/stack";

runReport(
  {
    name: "customers",
    description:
      "Lists the customers of a stack: organization, state, age of the secret, and until when a previous secret works.\n" +
      "Needs no more than rights to view, and prints no secret.",
    options: {
      json: { type: "boolean", description: "the same as data" },
      "older-than": {
        type: "string",
        value: "DAYS",
        description: `exit with ${FOUND} where a secret in use is older than so many days, such as 365d, or of unknown age`,
      },
    },
  },
  async ({ stack: name, options }) => {
    const days = readDays(options["older-than"]);
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      await refuseEmptyRealm(name, stack.outputs, settings, admin);
      const record = await readRecord(PROJECT_DIRECTORY, name);
      const listed = await listCustomers(settings, stack.outputs, admin, record, admin.now());
      const customers = await withInterrupted(listed, () => clientIdsInState(pulumiCli(name, PROJECT_DIRECTORY)));
      const old = customersWithOldSecret(customers, days);
      return {
        text: [customersTable(customers), ...oldSecretLines(old, days, name)].join("\n"),
        data: { stack: name, customers, oldSecrets: old.map(({ clientId }) => clientId) },
        exitCode: old.length > 0 ? FOUND : 0,
      };
    } finally {
      await keycloak.close();
    }
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
