import { runReport } from "../cli/commandLine";
import { checkText, summaryText } from "./check";
import { examine } from "./examine";

runReport(
  {
    name: "doctor",
    description:
      "Says what has to be right before preview, up, verify and drift can work: state, settings, Keycloak, the deployer's\n" +
      "login and rights, the realm. Tells everything that is wrong, and what to do. Changes nothing. Prints neither tokens\n" +
      "nor secrets. Exits with 1 where anything is wrong (✗).",
    options: {
      json: { type: "boolean", description: "the same as data" },
      lock: {
        type: "boolean",
        description: "take the stack's lock for a moment, where the backend does not tell otherwise who has it",
      },
    },
  },
  async ({ stack, options }) => {
    const checks = await examine(stack, options.lock);
    return {
      text: [...checks.map(checkText), summaryText(stack, checks)].join("\n"),
      data: { stack, checks },
      exitCode: checks.some(({ outcome }) => outcome === "wrong") ? 1 : 0,
    };
  },
);
