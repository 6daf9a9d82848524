import { readRecord } from "../repository/handoverRecord";
import { loginAsDeployer } from "../../keycloak/admin";
import { connect } from "../../keycloak/http";
import { login } from "../../keycloak/login";
import { rotationFaults } from "../../keycloak/rotationSupport";
import { oddityOf } from "../../contract/credentials";
import { pulumiCli } from "../pulumi/pulumiCli";
import { underLockOf } from "../pulumi/underLock";
import { lookAtSecret, lookAtSecrets } from "./customerSecrets";
import { endOverlaps, endText, planEnd } from "./endOverlap";
import { readOverlap } from "./overlap";
import { planRotation, stepText, YOUNG_HOURS } from "./rotationPlan";
import { rotateSecrets, type RotationTools } from "./rotateSecrets";
import { SettingsError } from "../../settings/faults";
import { readSettings } from "../../settings/read";
import { runCommand, UsageError } from "../cli/commandLine";
import { confirmed } from "../cli/confirmation";
import { loadStack, PROJECT_DIRECTORY } from "../cli/stack";

runCommand(
  {
    name: "rotate",
    description:
      "Gives customers new secrets. The previous ones go on working for as long as scpcloud:secretRotation says. Says\n" +
      "before what will happen, and asks. Brings the stack's state up to date, and takes tokens with the new and the\n" +
      "previous secret. A run that was stopped is taken up by running it again. Prints no secret.",
    options: {
      customer: {
        type: "string",
        multiple: true,
        value: "ID",
        description: "a client id; may be said several times",
      },
      "no-overlap": { type: "boolean", description: "a new secret in any case; all earlier ones stop at once" },
      "end-overlap": { type: "boolean", description: "makes no new secret, but stops the previous one early" },
      again: {
        type: "boolean",
        description: `renew also a secret younger than ${YOUNG_HOURS} hours, or whose previous one still works`,
      },
      yes: { type: "boolean", description: "do not ask" },
    },
  },
  async ({ stack: name, options }) => {
    const { customer: clientIds = [], "end-overlap": end = false, "no-overlap": withoutOverlap = false } = options;
    if (clientIds.length === 0) {
      throw new UsageError("Say whose secret: --customer ID");
    }
    if (end && (withoutOverlap || options.again === true)) {
      throw new UsageError("--end-overlap makes no new secret: it goes with neither --no-overlap nor --again.");
    }
    const stack = await loadStack(name);
    const settings = readSettings(stack.source);
    const keycloak = connect(settings.connection);
    const report = (line: string) => console.log(line);
    try {
      const admin = await loginAsDeployer(keycloak, settings);
      const { integrations } = settings;
      const looking = { stack: name, integrations, outputs: stack.outputs, admin };
      const customers = await lookAtSecrets(clientIds, looking);
      const tools: RotationTools = {
        stack: name,
        settings,
        keycloak,
        admin,
        pulumi: pulumiCli(name, PROJECT_DIRECTORY),
        underLock: underLockOf(name, PROJECT_DIRECTORY),
        readOutputs: async () => (await loadStack(name)).outputs,
        lookAgain: (clientId) => lookAtSecret(clientId, looking),
        report,
      };
      if (end) {
        const ending = planEnd(customers, name);
        const record = await readRecord(PROJECT_DIRECTORY, name);
        customers.forEach((one) => report(endText(one, record)));
        if (ending.length === 0) {
          return 0;
        }
        if (!(await confirmed(options.yes))) {
          return 1;
        }
        await endOverlaps(ending, tools);
        return 0;
      }
      if (!withoutOverlap) {
        const faults = await rotationFaults(keycloak, await login(keycloak, settings), settings);
        if (faults.length > 0) {
          throw new SettingsError(faults);
        }
      }
      const now = admin.now();
      const wishes = { withoutOverlap, again: options.again === true, now };
      const steps = planRotation(customers, await readOverlap(admin, settings), wishes);
      steps.forEach((step) => report(stepText(step, now)));
      if (steps.every(({ action }) => action === "leave")) {
        return customers.some(({ present }) => oddityOf(present) !== undefined) ? 1 : 0;
      }
      if (!(await confirmed(options.yes))) {
        return 1;
      }
      await rotateSecrets(steps, tools);
      return 0;
    } finally {
      await keycloak.close();
    }
  },
);
