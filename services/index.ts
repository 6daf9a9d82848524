import * as pulumi from "@pulumi/pulumi";

import { stackConfiguration, toRunError } from "../settings/pulumi";
import { Services } from "./components/services";
import { readMainStack } from "./settings/mainStack";
import { readSettings } from "./settings/read";

/** Stack files, this project's and the main one's → settings → containers. */
function program(): Record<string, unknown> {
  const stack = pulumi.getStack();
  const settings = readSettings(stackConfiguration(), readMainStack(stack, ".."));
  return { containers: new Services("apps", { settings, stack }).containers };
}

export = () => {
  try {
    return program();
  } catch (error) {
    throw toRunError(error);
  }
};
