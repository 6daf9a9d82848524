import { ofStacks } from "../cli/verb.ts";
import { checkText, summaryText } from "./check.ts";
import { examine } from "./examine.ts";

export default ofStacks(
  {
    purpose:
      "Says what has to be right before preview, up, verify and drift can work: state, settings, Keycloak, the " +
      "deployer's login and rights, the realm. Tells everything that is wrong, and what to do. Prints neither tokens nor " +
      "secrets.",
    changes: "nothing",
    options: {
      lock: { description: "take the stack's lock for a moment, where the backend does not tell otherwise who has it" },
    },
    examples: [
      ["--stack prod", "the first thing to run on a Keycloak of yours"],
      ["--realm-stack prod --json", "of all stacks of a realm, for a program"],
    ],
    fine: "nothing is wrong",
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
