import { runCommand } from "../cli/commandLine";
import { recoverStack } from "../recovery/recoverStack";

runCommand(
  {
    name: "recover",
    description:
      "Brings a stack to its target after an `up` that was killed: mends a state that was left half written, removes\n" +
      "the dead run's lock, adopts clients and client scopes that exist in Keycloak but not in the stack's state, reads secrets\n" +
      "that the state lacks, and runs `up`. Client ids and secrets stay as they are;\n" +
      "nothing of Keycloak's is deleted. Containers that the state does not know are removed and made anew.",
    options: {
      ended: {
        type: "string",
        multiple: true,
        value: "HOLDER",
        description: "a run that holds the lock and has certainly ended, in the words in which this command names it",
      },
    },
  },
  async ({ stack, options }) => {
    await recoverStack(stack, (line) => console.log(line), options.ended);
    return 0;
  },
);
