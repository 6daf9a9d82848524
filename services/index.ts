import * as pulumi from "@pulumi/pulumi";

import { stackConfiguration, toRunError } from "../settings/pulumi.ts";
import { Services } from "./components/services.ts";
import { readMainStack } from "./settings/mainStack.ts";
import { readSettings } from "./settings/read.ts";

/** Stack files, this project's and the main one's → settings → containers. */
function program(): Record<string, unknown> {
  const stack = pulumi.getStack();
  const settings = readSettings(stackConfiguration(), readMainStack(stack, ".."));
  return { containers: new Services("apps", { settings, stack }).containers };
}

export default () => {
  try {
    return program();
  } catch (error) {
    throw toRunError(error);
  }
};
