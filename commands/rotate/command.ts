import { oddityOf } from "../../contract/credentials";
import { login } from "../../keycloak/login";
import { rotationFaults } from "../../keycloak/rotationSupport";
import { SettingsError } from "../../settings/faults";
import { plural } from "../changes/markdown";
import { agreed, CHANGE_OPTIONS } from "../cli/confirmation";
import { withKeycloak } from "../cli/connected";
import { EXIT_CODES, UsageError } from "../cli/errors";
import { PROJECT_DIRECTORY } from "../cli/projectDirectory";
import { loadStack } from "../cli/stack";
import { ofStack } from "../cli/verb";
import { pulumiCli } from "../pulumi/pulumiCli";
import { underLockOf } from "../pulumi/underLock";
import { readRecord } from "../repository/handoverRecord";
import { lookAtSecret, lookAtSecrets } from "./customerSecrets";
import { endOverlaps, endText, planEnd } from "./endOverlap";
import { readOverlap } from "./overlap";
import { rotateSecrets, type RotationTools } from "./rotateSecrets";
import { planRotation, stepText, YOUNG_HOURS } from "./rotationPlan";

export default ofStack(
  {
    purpose:
      "Gives customers new secrets. The previous ones go on working for as long as scpcloud:secretRotation says. Says " +
      "before what will happen. Takes tokens with the new and the previous secret. A run that was stopped is taken up by " +
      "running it again. Prints no secret.",
    changes: "the secrets of these customers in Keycloak, and the stack's state.",
    options: {
      customer: { value: "ID", many: true, required: true, description: "a client id" },
      "no-overlap": { description: "a new secret in any case; all earlier ones stop at once" },
      "end-overlap": { description: "make no new secret, but stop the previous one early" },
      again: {
        description: `renew also a secret younger than ${YOUNG_HOURS} hours, or whose previous one still works`,
      },
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--stack prod --customer acme --preview", "what would happen to acme's secrets"],
      ["--stack prod --customer acme --customer globex", "asks, and renews both"],
    ],
    fine: "the secrets are renewed, or need not be",
  },
  async ({ stack: name, options }) => {
    const { customer: clientIds, "end-overlap": end = false, "no-overlap": withoutOverlap = false } = options;
    if (end && (withoutOverlap || options.again === true)) {
      throw new UsageError("--end-overlap makes no new secret: it goes with neither --no-overlap nor --again.");
    }
    const report = (line: string) => console.log(line);
    return withKeycloak(
      name,
      async ({ stack, settings, keycloak, admin }) => {
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
          const steps = [`stop the previous secret of ${plural(ending.length, "customer")}, as shown above`];
          if (!(await agreed({ stacks: [name], keycloak: settings, steps }, options))) {
            return 0;
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
          return customers.some(({ present }) => oddityOf(present) !== undefined) ? EXIT_CODES.failed : 0;
        }
        const count = steps.filter(({ action }) => action !== "leave").length;
        const change = [
          `renew the secret of ${plural(count, "customer")}, as shown above; then bring the state up to date`,
        ];
        if (!(await agreed({ stacks: [name], keycloak: settings, steps: change }, options))) {
          return 0;
        }
        await rotateSecrets(steps, tools);
        return 0;
      },
      { mayBeEmpty: true },
    );
  },
);
