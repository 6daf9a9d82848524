import { runReport } from "./cli/commandLine";
import { checkText, summaryText } from "./doctor/check";
import { examine } from "./doctor/examine";

runReport(
  {
    name: "doctor",
    description:
      "Says what has to be right before preview, up, verify and drift can work: state, settings, Keycloak, the deployer's\n" +
      "login and rights, the realm. Tells everything that is wrong, and what to do. Changes nothing. Prints neither tokens\n" +
      "nor secrets. Exits with 1 where up could not work.",
    options: { json: { type: "boolean", description: "the same as data" } },
  },
  async ({ stack }) => {
    const checks = await examine(stack);
    return {
      text: [...checks.map(checkText), summaryText(stack, checks)].join("\n"),
      data: { stack, checks },
      exitCode: checks.some(({ prevents }) => prevents.includes("up")) ? 1 : 0,
    };
  },
);
