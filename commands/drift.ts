import { findDrift, type PreviewRunner } from "./drift/findDrift";
import { driftText } from "./drift/reportText";
import { connect } from "../keycloak/http";
import { type PulumiCli, pulumiCli, PulumiError } from "./pulumi/pulumiCli";
import { readPreview } from "./pulumi/preview";
import { readSettings } from "../settings/read";
import { FOUND, runReport } from "./cli/commandLine";
import { loadStack, PROJECT_DIRECTORY } from "./cli/stack";

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
      const report = await findDrift(
        name,
        stack,
        settings,
        keycloak,
        previewRunner(pulumiCli(name, PROJECT_DIRECTORY)),
      );
      return { text: driftText(report), data: report, exitCode: report.drift ? FOUND : 0 };
    } finally {
      await keycloak.close();
    }
  },
);

function previewRunner(pulumi: PulumiCli): PreviewRunner {
  return async ({ refresh }) => {
    const args = ["preview", "--json", `--refresh=${refresh}`, "--suppress-permalink"];
    const text = await pulumi.run(args);
    const preview = readPreview(text);
    if (preview.errors.length > 0) {
      throw new PulumiError(args, text);
    }
    return preview;
  };
}
