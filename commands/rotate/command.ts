import { oddityOf } from "../../contract/credentials.ts";
import { SettingsError } from "../../faults/faults.ts";
import { rotationFaults } from "../../keycloak/rotationSupport.ts";
import { plural } from "../changes/markdown.ts";
import { agreed, CHANGE_OPTIONS } from "../cli/confirmation.ts";
import { withKeycloak } from "../cli/connected.ts";
import { EXIT_CODES, UsageError } from "../cli/errors.ts";
import { PROJECT_DIRECTORY } from "../pulumi/projectDirectory.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofStack } from "../cli/verb.ts";
import { pulumiCli } from "../pulumi/pulumiCli.ts";
import { underLockOf } from "../pulumi/underLock.ts";
import { readRecord } from "../repository/handoverRecord.ts";
import { lookAtSecrets, type RotationTools } from "./customerSecrets.ts";
import { rotateSecrets } from "./rotateSecrets.ts";
import { planRotation, readOverlap, YOUNG_HOURS } from "./rotationPlan.ts";

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
      ...JSON_OPTION,
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--stack prod --customer acme --preview", "what would happen to acme's secrets"],
      ["--stack prod --customer acme --customer globex", "asks, and renews both"],
    ],
    fine: "the secrets are renewed, or need not be",
  },
  async ({ stack: name, options }) => {
    const { again = false, customer: clientIds, "end-overlap": end = false } = options;
    const { "no-overlap": withoutOverlap = false } = options;
    if (end && (withoutOverlap || again)) {
      throw new UsageError("--end-overlap makes no new secret: it goes with neither --no-overlap nor --again.");
    }
    const { say, end: endWith } = teller(options);
    return withKeycloak(
      name,
      async ({ stack: { outputs }, settings, keycloak, admin }) => {
        const tools: RotationTools = {
          settings,
          outputs,
          keycloak,
          admin,
          pulumi: pulumiCli(name),
          underLock: underLockOf(name),
          report: say,
        };
        const customers = await lookAtSecrets(clientIds, tools);
        if (!end && !withoutOverlap) {
          const faults = await rotationFaults(admin, settings);
          if (faults.length > 0) {
            throw new SettingsError(faults);
          }
        }
        const overlap = end ? { missing: "" } : await readOverlap(admin, settings);
        const steps = planRotation(customers, overlap, {
          stack: name,
          withoutOverlap,
          again,
          now: admin.now(),
          ...(end && { end: await readRecord(PROJECT_DIRECTORY, name) }),
        });
        steps.forEach(({ text }) => say(text));
        const planned = steps.map(({ action, secrets, text }) => ({
          clientId: secrets.client.clientId,
          action,
          text,
        }));
        const count = plural(steps.filter(({ action }) => action !== "leave").length, "customer");
        const change = end
          ? `stop the previous secret of ${count}, as shown above`
          : `renew the secret of ${count}, as shown above; then bring the state up to date`;
        const isWork = steps.some(({ action }) => action !== "leave");
        const isDone = isWork && (await agreed({ stacks: [name], keycloak: settings, steps: [change] }, options));
        if (isDone) {
          await rotateSecrets(steps, tools);
        }
        endWith({ stack: name, done: isDone, customers: planned });
        const isOdd = !isWork && !end && customers.some(({ present }) => oddityOf(present) !== undefined);
        return isOdd ? EXIT_CODES.failed : 0;
      },
      { mayBeEmpty: true },
    );
  },
);
