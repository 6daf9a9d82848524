import { runCommand } from "./cli/commandLine";
import { checkText, summaryText } from "./doctor/check";
import { examine } from "./doctor/examine";

runCommand(
  {
    name: "doctor",
    description:
      "Says what has to be right before preview, up, verify and drift can work: state, settings, Keycloak, the deployer's\n" +
      "login and rights, the realm. Tells everything that is wrong, and what to do. Changes nothing. Prints neither tokens\n" +
      "nor secrets. Exits with 1 where up could not work.",
    options: { json: { type: "boolean", description: "the same as data" } },
  },
  async ({ stack, options }) => {
    const checks = await examine(stack);
    if (options.json === true) {
      console.log(JSON.stringify({ stack, checks }, undefined, 2));
    } else {
      console.log([...checks.map(checkText), summaryText(stack, checks)].join("\n"));
    }
    return checks.some(({ prevents }) => prevents.includes("up")) ? 1 : 0;
  },
);
