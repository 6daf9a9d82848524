import { readSettings } from "../../settings/read.ts";
import { stackFileName } from "../../settings/stackFile/files.ts";
import { agreed, CHANGE_OPTIONS } from "../cli/confirmation.ts";
import { loadConfiguration } from "../cli/stack.ts";
import { teller } from "../cli/teller.ts";
import { JSON_OPTION, ofStack } from "../cli/verb.ts";
import { pulumiErrorOf } from "../pulumi/pulumiCli.ts";
import { recoverStack } from "../recovery/recoverStack.ts";

export default ofStack(
  {
    purpose:
      "Brings a stack to its target after an up that was killed. Client ids and secrets stay as they are; nothing of " +
      "Keycloak's is deleted. Run it only where no other up is at work on the stack.",
    changes: "the stack's state and lock, and by an up what the stack file declares.",
    options: {
      ended: {
        value: "HOLDER",
        many: true,
        description: "a run that holds the lock and has certainly ended, in the words in which this verb names it",
      },
      ...JSON_OPTION,
      ...CHANGE_OPTIONS,
    },
    examples: [
      ["--stack prod --preview", "says what it would do"],
      ["--stack prod", "asks, and recovers"],
    ],
    fine: "the stack is at its target",
  },
  async ({ stack, options }) => {
    const { say, end } = teller(options);
    // Pulumi tells no configuration where the state cannot be read, which is mended first.
    const source = await loadConfiguration(stack).catch((error: unknown) => void pulumiErrorOf(error));
    const where = source === undefined ? {} : { keycloak: readSettings(source) };
    const steps = [
      ...(source === undefined ? [`work on the Keycloak that ${stackFileName(stack)} names`] : []),
      "end the plugins of killed runs, put a broken state file aside, remove the lock of a run that is dead",
      "adopt what Keycloak has and the state lacks, and read secrets that the state lacks",
      "run up",
    ];
    const isDone = await agreed({ stacks: [stack], ...where, steps }, options);
    const recovery = isDone ? await recoverStack(stack, say, options.ended) : { adopted: [], pendingOperations: 0 };
    end({ stack, done: isDone, ...recovery });
    return 0;
  },
);
