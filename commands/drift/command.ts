import { findDrift } from "./findDrift";
import { driftText } from "./reportText";
import { connect } from "../../keycloak/http";
import { pulumiCli } from "../pulumi/pulumiCli";
import { readSettings } from "../../settings/read";
import { FOUND, runReport } from "../cli/commandLine";
import { loadStack, PROJECT_DIRECTORY } from "../cli/stack";

runReport(
  {
    name: "drift",
    description:
      "Says in words what somebody changed in Keycloak, or on the Docker engine, behind the program's back, and what\n" +
      "helps against it. Changes nothing. Prints neither tokens nor secrets. Exits with 0 where there is no drift, with\n" +
      `${FOUND} where there is, and with 1 where that could not be found out.`,
    options: { json: { type: "boolean", description: "the same as data" } },
  },
  async ({ stack: name }) => {
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    try {
      const pulumi = pulumiCli(name, PROJECT_DIRECTORY);
      const report = await findDrift(name, stack, settings, keycloak, pulumi);
      return { text: driftText(report), data: report, exitCode: report.drift ? FOUND : 0 };
    } finally {
      await keycloak.close();
    }
  },
);
