import type * as pulumi from "@pulumi/pulumi";

import { inWords } from "../../contract/types.ts";

/** What a failed operation is explained from. */
export type Refusal = Pick<pulumi.ErrorHookArgs, "errors" | "name" | "newInputs" | "type">;

/** The refusal in the user's words; nothing where the provider's own words have to do. */
export function explainRefusal({ errors, name, newInputs, type }: Refusal): string | undefined {
  const kind = inWords(type);
  const called = String(newInputs?.["name"] ?? name);
  if (errors.some((error) => /name .* is already in use|network with name .* already exists/.test(error))) {
    return (
      `The Docker engine already has a ${kind} "${called}", which this stack's state does not know: probably an earlier ` +
      "run was killed before it could save its state. It holds nothing that is worth keeping. To have it made anew, run: " +
      `${kind === "network" ? removingNetwork(called) : `docker rm --force ${called}`} && pulumi up --refresh`
    );
  }
  if (errors.some((error) => /port is already allocated|address already in use/.test(error))) {
    return (
      `Another program on the engine's machine has a port that ${kind} "${called}" is to publish. ` +
      "End it, or write another port in the stack file."
    );
  }
  return undefined;
}

/** An engine removes no network that has containers; those that the state knows are made anew, too. */
function removingNetwork(name: string): string {
  return `docker ps --all --quiet --filter network=${name} | xargs --no-run-if-empty docker rm --force && docker network rm ${name}`;
}
