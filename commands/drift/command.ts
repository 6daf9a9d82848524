import { connect } from "../../keycloak/http";
import { readSettings } from "../../settings/read";
import { EXIT_CODES } from "../cli/errors";
import { PROJECT_DIRECTORY } from "../cli/projectDirectory";
import { loadStack } from "../cli/stack";
import { ofStacks } from "../cli/verb";
import { pulumiCli } from "../pulumi/pulumiCli";
import { findDrift } from "./findDrift";
import { driftText } from "./reportText";

export default ofStacks(
  {
    purpose:
      "Says in words what somebody changed in Keycloak behind the program's back, and what " +
      "helps against it. Prints neither tokens nor secrets.",
    changes: "nothing",
    options: {},
    examples: [
      ["--stack prod", "of one stack"],
      ["--realm-stack prod", "of all stacks of a realm, as the nightly workflow asks"],
    ],
    fine: "there is no drift",
    found: "there is drift",
  },
  async ({ stack: name }) => {
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    try {
      const pulumi = pulumiCli(name, PROJECT_DIRECTORY);
      const report = await findDrift(name, stack, settings, keycloak, pulumi);
      return { text: driftText(report), data: report, exitCode: report.drift ? EXIT_CODES.found : 0 };
    } finally {
      await keycloak.close();
    }
  },
);
